using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Jobs;
using Stockpile.Lab.Virtual;

namespace Stockpile.Lab.Sharding;

/// <param name="Cells">Cells that the fleet's racks are dealt to.</param>
/// <param name="StatusEvery">Time between two statuses of a cell; jobs and gangs pass from cell to cell then.</param>
/// <param name="Transfers">Whether anything passes from cell to cell.</param>
/// <param name="AsIfCells">Gangs are cut as if there were so many cells, to compare like with like; 0: as many as there
/// are.</param>
public sealed record ShardedOptions(
    int Cells, TimeSpan StatusEvery, bool Transfers = true, int AsIfCells = 0)
{
    /// <summary>Longer than in a live cluster, where it is a second: an offer and its answer take their time too.
    /// </summary>
    public static readonly TimeSpan StatusDefault = TimeSpan.FromSeconds(2);
}

/// <summary>What a run of a scenario gave.</summary>
/// <param name="Jobs">Jobs that came, those in place of what was cut included.</param>
/// <param name="LeftOut">Jobs that no cell could run were all of it free.</param>
/// <param name="Cut">Of those, gangs in whose place the same work came as smaller gangs that fit.</param>
/// <param name="BestTier">The name of the tier.</param>
/// <param name="WaitingHours">Hours in which training waited that may use the best tier, or ran on a lesser one than it
/// may use.</param>
/// <param name="BestTierPercent">Of the device time of the best tier in those hours, what training held.</param>
public sealed record ShardedResult(
    int Cells, int Jobs, int LeftOut, int Cut, int Refused, int Completed, int Unfinished, Spread Waiting,
    Spread TrainingWaiting, string BestTier, double WaitingHours, double BestTierPercent,
    long WaitingMoved, long RunningMoved, double Hours)
{
    /// <summary>The same over all hours.</summary>
    public double BestTierPercentAlways { get; init; }
}

/// <summary>A scenario on a fleet that is dealt to cells, in virtual time.</summary>
public static class ShardedRun
{
    /// <summary>A Monday.</summary>
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How often services look at their demand.</summary>
    private static readonly TimeSpan ServicesEvery = TimeSpan.FromMinutes(1);

    /// <summary>What has not ended so long after the last arrival is counted as unfinished.</summary>
    private static readonly TimeSpan LastWait = TimeSpan.FromHours(24);

    public static ShardedResult Of(
        Catalog catalog, Policy policy, IReadOnlyList<NodeSpec> nodes, IReadOnlyList<ScheduledJob> jobs,
        ShardedOptions options, CancellationToken cancel)
    {
        ShardedFleet fleet = null!;
        var meter = new ShardMeter(catalog, nodes, Start, (spec, tier) => fleet.CouldRun(spec, tier));
        fleet = new ShardedFleet(catalog, policy, nodes, options.Cells, Start, meter.Take);
        meter.Watch(fleet.Cells);
        var likeness = options.AsIfCells is 0 || options.AsIfCells == options.Cells
            ? fleet
            : new ShardedFleet(catalog, policy, nodes, options.AsIfCells, Start, _ => { });
        var possible = new List<ScheduledJob>();
        var (leftOut, cut) = (0, 0);
        foreach (var job in jobs)
        {
            if (!likeness.CouldRun(job.Spec)) leftOut++;
            var pieces = CutToFit(job.Spec, likeness);
            if (pieces.Count > 1) cut++;
            possible.AddRange(pieces.Select(spec => job with { Spec = spec }));
        }

        var (nextStatus, nextLook) = (Start, Start);
        var refused = 0;
        for (var next = 0; next < possible.Count || meter.Open > 0;)
        {
            cancel.ThrowIfCancellationRequested();
            var now = Earliest(nextStatus, fleet.NextEnd);
            if (next < possible.Count) now = Earliest(now, Start + possible[next].Arrival);
            if (now > Start + jobs[^1].Arrival + LastWait) break;
            meter.Until(now);
            var arrivals = new List<JobSpec>();
            while (next < possible.Count && Start + possible[next].Arrival <= now) arrivals.Add(possible[next++].Spec);
            var look = now >= nextLook;
            if (look) nextLook = now + ServicesEvery;
            foreach (var (_, sent) in fleet.Advance(now, arrivals, all: look))
                refused += sent.Count(s => s.Decision is Rejected);
            if (now < nextStatus) continue;
            nextStatus = now + options.StatusEvery;
            if (options.Transfers) fleet.Exchange(now);
            else fleet.TakeStatuses();
        }

        return meter.Report(options, fleet) with
        {
            Jobs = possible.Count, LeftOut = leftOut, Cut = cut, Refused = refused,
        };
    }

    /// <summary>
    /// The job itself, or where no cell could hold it the same work as two, four, … gangs that fit: without that work
    /// nobody would press on the best tier, and there would be nothing to measure. Empty when nothing of it fits.
    /// </summary>
    private static IReadOnlyList<JobSpec> CutToFit(JobSpec spec, ShardedFleet fleet)
    {
        for (var pieces = 1; spec.Devices % pieces == 0 && pieces <= Math.Max(1, spec.Devices); pieces *= 2)
        {
            var piece = pieces == 1 ? spec : spec with
            {
                Devices = spec.Devices / pieces, WorkHours = spec.WorkHours / pieces, MinDevices = 0, MaxDevices = 0,
            };
            if (fleet.CouldRun(piece)) return [.. Enumerable.Repeat(piece, pieces)];
            if (spec.Kind != JobKind.Training) break;
        }

        return [];
    }

    private static DateTimeOffset Earliest(DateTimeOffset one, DateTimeOffset? other) =>
        other < one ? other.Value : one;
}
