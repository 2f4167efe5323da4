using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Routing;
using Stockpile.Core.Scoring;
using Stockpile.Lab.Saturation;

namespace Stockpile.Lab.Sharding;

/// <param name="Jobs">Jobs that come at one instant, with no newer status of any cell in between.</param>
/// <param name="Routers">Routers that the jobs come to in turn; none knows what the others send.</param>
/// <param name="FilledPercent">Device demand that arrived before, in % of the capacity.</param>
/// <param name="Alike">Every job is one task on one device; else they are the next ones of the list.</param>
public sealed record BurstOptions(int Cells, int Jobs, int Routers, double FilledPercent, bool Alike);

/// <param name="ByCell">Jobs that were sent to each cell.</param>
/// <param name="InVain">Jobs that found no room where they were sent, though another cell had room.</param>
/// <param name="NoRoom">Jobs for which no cell had room.</param>
public sealed record BurstResult(BurstOptions Options, IReadOnlyList<int> ByCell, int Placed, int InVain, int NoRoom)
{
    public int CellsUsed => ByCell.Count(jobs => jobs > 0);
    public int Most => ByCell.Max();
}

/// <summary>A burst that the routers have only old statuses for.</summary>
public static class BurstRun
{
    private static readonly TaskShape OneDevice = new(CpuMilli: 4_000, MemoryMiB: 8_192, Devices: 1, ShareMilli: 0);

    public static BurstResult Of(
        IReadOnlyList<NodeSpec> nodes, IReadOnlyList<JobSpec> pods, BurstOptions options, int seed)
    {
        var input = SaturationInput.Of(nodes, pods, tune: 2, seed);
        var boards = new ShardedBoards(input, new SaturationOptions("stockpile", 0, 0) { Cells = options.Cells }, seed);
        var next = 0;
        for (long arrived = 0; arrived < input.CapacityMilli * options.FilledPercent / 100; next++)
        {
            arrived += input.Arrivals[next].Shape.DeviceMilli;
            boards.Place(next, input.Arrivals[next]);
        }

        return Send(boards, options.Alike
            ? [.. Enumerable.Repeat(new Arrival(OneDevice, []), options.Jobs)]
            : [.. input.Arrivals.Skip(next).Take(options.Jobs)], options);
    }

    private static BurstResult Send(ShardedBoards boards, List<Arrival> jobs, BurstOptions options)
    {
        var routers = Enumerable.Range(0, options.Routers).Select(_ => new RoutingTable()).ToList();
        foreach (var router in routers)
            foreach (var cell in boards.Cells) router.Update(cell.Status());
        var byName = boards.Cells.ToDictionary(c => c.Name, StringComparer.Ordinal);
        var sent = byName.Keys.ToDictionary(name => name, _ => 0, StringComparer.Ordinal);
        var waiting = new List<(long Id, Arrival Job)>();
        for (var i = 0; i < jobs.Count; i++)
        {
            var router = routers[i % routers.Count];
            var job = boards.JobOf(jobs[i]);
            if (router.Choose(job, _ => true) is not { } name) continue;
            router.Book(name, job);
            sent[name]++;
            long id = int.MaxValue + (long)i;
            if (!byName[name].Board.Place(id, jobs[i].Shape, jobs[i].Models, mayMove: false))
                waiting.Add((id, jobs[i]));
        }

        var inVain = waiting.Count(w => boards.Cells.Any(c =>
            c.Board.Place(w.Id, w.Job.Shape, w.Job.Models, mayMove: false)));
        return new BurstResult(
            options, [.. boards.Cells.Select(c => sent[c.Name])], jobs.Count - waiting.Count, inVain,
            waiting.Count - inVain);
    }
}
