using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Lab.Reserve;
using Stockpile.Lab.Virtual;

namespace Stockpile.Lab.Tests.Reserve;

/// <summary>
/// A scaled-down week in both: the pools of a forecast, and the core of a live cell in virtual time, node by node. The
/// same jobs complete, and the device-hours of each tier, and of training on it, differ by at most 2 % of the tier's.
/// Services and batch, which as guests share what gangs leave, may differ by 3 % each: where a gang takes devices
/// back, a cell clears whole nodes of guests and pools only as many devices.
/// </summary>
public sealed class AgreementTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    private const string Text = """
        years = 0.0191780821917808
        services = [
          { job { name = chat, kind = inference, priority = high, replicas { min = 8, max = 60 }, devices = 1
              demand { base = 10, peak = 60, peak-hour = 13 } } }
          { job { name = ads, kind = inference, priority = critical, guest = false, replicas { min = 20, max = 200 }
              share = 125, demand { base = 100, peak = 200, peak-hour = 8 } } }
        ]
        streams = [
          { every = 40h, count = 4
            job { name = pretrain, kind = training, priority = high, tiers = [frontier], devices = 48, per-node = 8
              work = 900, checkpoint = 30m } }
          { start = 1h, every = 3h, count = 52
            job { name = ablation, kind = training, priority = low, devices = 8, per-node = 8, work = 28 } }
          { start = 2h, every = 7h, count = 22
            job { name = tune, kind = training, devices = 16, per-node = 8, work = 60, checkpoint = 30m } }
          { start = 30m, every = 6h, count = 28
            job { name = eval, kind = batch, tasks = 24, devices = 1, duration = 4h, min-memory = 24GiB } }
        ]
        """;

    private static FleetSpec Fleet => World.Fleet(("lab", "H800", 8), ("lab", "A100", 6), ("lab", "A10", 5));

    [Fact]
    public void A_week_of_pools_agrees_with_a_week_of_the_cells_core()
    {
        var input = World.Read(Text);
        Assert.Equal(Week.TotalHours, input.Scenario.Length.TotalHours, 0.01);
        var pools = World.Run(input, Fleet);
        var (cell, completed) = Core(input.Scenario.Streams.SelectMany(s => Enumerable.Range(0, s.Count)
                .Select(i => (At: s.Start + s.Every * i, s.Spec))).OrderBy(j => j.At).ToList(),
            [.. input.Scenario.Services.Select(s => s.Spec)]);

        foreach (var name in completed.Keys.Union(pools.Counts.CompletedByName.Keys).Order())
            Assert.True(completed.GetValueOrDefault(name) == pools.Counts.CompletedByName.GetValueOrDefault(name),
                $"{name}: the core completes {completed.GetValueOrDefault(name)}, the pools "
                + $"{pools.Counts.CompletedByName.GetValueOrDefault(name)}");
        Assert.True(completed.Values.Sum() > 70, "most jobs complete");
        var apart = new List<string>();
        foreach (var tier in World.Catalog.Tiers)
        {
            if (!cell.Usage.Tiers.TryGetValue(tier.Name, out var use)) continue;
            double Pools(params Use[] uses) => uses.Sum(u => pools.Ledger.Hours(tier.Rank, u));
            var all = use.DeviceMs / 3_600_000;
            Same("stock", 0.0001, all, pools.Ledger.Stock(tier.Rank) / 3_600_000.0);
            Same("use", 0.02, (use.TrainingMs + use.InferenceMs + use.BatchMs) / 3_600_000,
                Pools(Use.Training, Use.Inference, Use.InferenceGuest, Use.Batch, Use.BatchGuest));
            Same("training", 0.02, use.TrainingMs / 3_600_000, Pools(Use.Training));
            Same("inference", 0.03, use.InferenceMs / 3_600_000, Pools(Use.Inference, Use.InferenceGuest));
            Same("batch", 0.03, use.BatchMs / 3_600_000, Pools(Use.Batch, Use.BatchGuest));

            void Same(string what, double share, double core, double forecast)
            {
                TestContext.Current.TestOutputHelper!.WriteLine(
                    $"{what} of {tier.Name}: {100 * (forecast - core) / all:0.00} % of {all:0} device-hours");
                if (Math.Abs(core - forecast) > share * all)
                    apart.Add($"{what} of {tier.Name}: {core:0.0} device-hours in the core, {forecast:0.0} in pools, "
                        + $"of {all:0.0}");
            }
        }

        Assert.True(apart.Count == 0, string.Join('\n', apart));
    }

    private static (Stockpile.Core.Cells.CellState Cell, Dictionary<string, int> Completed) Core(
        List<(TimeSpan At, JobSpec Spec)> jobs, List<JobSpec> services)
    {
        var names = new Dictionary<long, string>();
        var completed = new Dictionary<string, int>(StringComparer.Ordinal);
        VirtualCell? cell = null;
        cell = new VirtualCell(
            World.Catalog, World.Policy, [.. Fleet.Nodes.Select(n => n with { Cell = "lab" })], Start)
        {
            OnRound = round =>
            {
                foreach (var committed in round.Events)
                    if (committed is Stockpile.Core.Cells.JobSubmitted submitted)
                        names[submitted.Job] = submitted.Spec.Name;
                    else if (committed is Stockpile.Core.Cells.JobCompleted done && names[done.Job] != "eval")
                        completed[names[done.Job]] = completed.GetValueOrDefault(names[done.Job]) + 1;
            },
        };
        var next = 0;
        // A live cell looks at its demand, and at protections that end, all the time.
        var look = Start;
        cell.Advance(Start, services);
        while (true)
        {
            var at = next < jobs.Count ? Start + jobs[next].At : DateTimeOffset.MaxValue;
            var now = new[] { at, look, cell.NextEnd ?? DateTimeOffset.MaxValue, Start + Week }.Min();
            var arrivals = new List<JobSpec>();
            while (next < jobs.Count && Start + jobs[next].At <= now) arrivals.Add(jobs[next++].Spec);
            cell.Advance(now, arrivals);
            if (now >= Start + Week) return (cell.State, completed);
            if (now >= look) look += TimeSpan.FromMinutes(15);
        }
    }
}
