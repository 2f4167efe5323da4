using System.Diagnostics;
using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.State;
using Stockpile.Formats.Jobs;

namespace Stockpile.Lab.Virtual;

/// <summary>A distribution in seconds.</summary>
public sealed record Spread(double MeanSeconds, double P50Seconds, double P99Seconds, double MaxSeconds)
{
    /// <summary>Of values in seconds, in any order; nearest rank. All zero for none.</summary>
    public static Spread Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0) return new Spread(0, 0, 0, 0);
        var sorted = values.Order().ToList();
        return new Spread(
            sorted.Average(), NearestRank.Of(sorted, 0.5), NearestRank.Of(sorted, 0.99), sorted[^1]);
    }
}

/// <summary>What one seed gave.</summary>
/// <param name="Jobs">Jobs that arrived.</param>
/// <param name="Refused">Jobs that no node could ever hold.</param>
/// <param name="Waiting">Time from the arrival to the first start, of jobs that started.</param>
/// <param name="Completion">Time from the arrival to the end, of jobs that completed.</param>
/// <param name="Utilisation">Device time used over device time there, by model, from the first to the last arrival;
/// 0..1.</param>
/// <param name="DecisionsPerSecond">Jobs arrived per second of real time, everything included.</param>
public sealed record TraceResult(
    int Seed,
    long Jobs,
    long Refused,
    long Placed,
    long Completed,
    long Migrations,
    Spread Waiting,
    Spread Completion,
    IReadOnlyDictionary<string, double> Utilisation,
    double MakespanHours,
    double DecisionsPerSecond);

/// <summary>One policy over all its seeds.</summary>
public sealed record TraceReport(string Policy, IReadOnlyList<TraceResult> Seeds, TraceResult Mean);

/// <summary>
/// A trace with its own times: jobs arrive when they did, wait in the queue of a virtual cell, run as long as they ran,
/// and leave. The nodes stand in an order that the seed decides, since ties go to the first one.
/// </summary>
public static class TraceRun
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Every kind is at home on every tier, and models compete by score: the trace knows no tiers.</summary>
    public static Policy PolicyOf(string scoring, Catalog catalog, double moves)
    {
        var anywhere = new KindPolicy([.. catalog.Tiers.Select(t => t.Name)], []);
        return new Policy("trace", anywhere, anywhere, anywhere)
        {
            Placement = new PlacementPolicy { Scoring = scoring, ModelsCompete = true, MigrationBudget = moves },
        };
    }

    public static TraceResult Of(
        Catalog catalog, Policy policy, IReadOnlyList<NodeSpec> nodes, IReadOnlyList<ScheduledJob> jobs, int seed)
    {
        var ranked = nodes.ToArray();
        new Random(seed).Shuffle(ranked);
        var meter = new TraceMeter(nodes, Start + jobs[0].Arrival, Start + jobs[^1].Arrival);
        var cell = new VirtualCell(catalog, policy, ranked, Start) { OnRound = meter.Take };
        meter.Cell = cell.State;
        var clock = Stopwatch.StartNew();
        long refused = 0;
        for (var next = 0; next < jobs.Count || cell.NextEnd is not null;)
        {
            var arrival = next < jobs.Count ? Start + jobs[next].Arrival : DateTimeOffset.MaxValue;
            var now = cell.NextEnd is { } end && end < arrival ? end : arrival;
            var batch = new List<Core.Jobs.JobSpec>();
            while (next < jobs.Count && Start + jobs[next].Arrival <= now) batch.Add(jobs[next++].Spec);
            meter.Until(now);
            refused += cell.Advance(now, batch).Count(d => d is Rejected);
        }

        clock.Stop();
        return new TraceResult(
            seed, jobs.Count, refused, meter.Waits.Count, meter.Completions.Count, cell.State.Counters.Migrations,
            Spread.Of(meter.Waits), Spread.Of(meter.Completions), meter.Utilisation(),
            (cell.State.At - Start - jobs[0].Arrival).TotalHours, jobs.Count / clock.Elapsed.TotalSeconds);
    }

    public static TraceReport Report(string policy, IReadOnlyList<TraceResult> seeds) => new(policy, seeds, new(
        Seed: 0,
        Mean(seeds, s => s.Jobs), Mean(seeds, s => s.Refused), Mean(seeds, s => s.Placed),
        Mean(seeds, s => s.Completed), Mean(seeds, s => s.Migrations),
        MeanOf(seeds, s => s.Waiting), MeanOf(seeds, s => s.Completion),
        seeds[0].Utilisation.Keys.ToDictionary(m => m, m => seeds.Average(s => s.Utilisation[m])),
        seeds.Average(s => s.MakespanHours), seeds.Average(s => s.DecisionsPerSecond)));

    private static long Mean(IReadOnlyList<TraceResult> seeds, Func<TraceResult, long> of) =>
        (long)Math.Round(seeds.Average(s => (double)of(s)));

    private static Spread MeanOf(IReadOnlyList<TraceResult> seeds, Func<TraceResult, Spread> of) => new(
        seeds.Average(s => of(s).MeanSeconds), seeds.Average(s => of(s).P50Seconds),
        seeds.Average(s => of(s).P99Seconds), seeds.Average(s => of(s).MaxSeconds));
}

/// <summary>Waits, completion times and use by model, from the rounds of a cell.</summary>
internal sealed class TraceMeter
{
    private readonly Dictionary<string, (long Devices, double UsedMs, long UsedMilli)> _models =
        new(StringComparer.Ordinal);
    private readonly Dictionary<long, (string Model, long Milli)> _held = [];
    private readonly Dictionary<long, DateTimeOffset> _submitted = [];
    private readonly HashSet<long> _started = [];
    private readonly DateTimeOffset _from;
    private readonly DateTimeOffset _to;
    private DateTimeOffset _at;

    public TraceMeter(IReadOnlyList<NodeSpec> nodes, DateTimeOffset from, DateTimeOffset to)
    {
        foreach (var group in nodes.GroupBy(n => n.Model, StringComparer.Ordinal))
            _models.Add(group.Key, (group.Sum(n => (long)n.Devices), 0, 0));
        (_from, _to, _at) = (from, to, from);
    }

    public CellState Cell { get; set; } = null!;
    public List<double> Waits { get; } = [];
    public List<double> Completions { get; } = [];

    /// <summary>Counts the use up to an instant, before anything changes there.</summary>
    public void Until(DateTimeOffset now)
    {
        var end = now < _to ? now : _to;
        if (end <= _at) return;
        var ms = (end - _at).TotalMilliseconds;
        foreach (var (model, use) in _models)
            _models[model] = use with { UsedMs = use.UsedMs + use.UsedMilli / 1000.0 * ms };
        _at = end;
    }

    public IReadOnlyDictionary<string, double> Utilisation()
    {
        var ms = (_to - _from).TotalMilliseconds;
        return _models.OrderBy(m => m.Key, StringComparer.Ordinal)
            .ToDictionary(m => m.Key, m => ms > 0 ? m.Value.UsedMs / (m.Value.Devices * ms) : 0);
    }

    public void Take(Round round)
    {
        foreach (var committed in round.Events)
            switch (committed)
            {
                case JobSubmitted e:
                    _submitted.Add(e.Job, round.At);
                    break;
                case JobPlaced e:
                    if (_started.Add(e.Job)) Waits.Add((round.At - _submitted[e.Job]).TotalSeconds);
                    foreach (var allocation in e.Allocations) Hold(allocation);
                    break;
                case AllocationsEnded e:
                    foreach (var sequence in e.Sequences)
                        if (_held.Remove(sequence, out var held)) Use(held.Model, -held.Milli);
                    break;
                case JobCompleted e:
                    Completions.Add((round.At - _submitted[e.Job]).TotalSeconds);
                    _submitted.Remove(e.Job);
                    _started.Remove(e.Job);
                    break;
            }
    }

    private void Hold(PlacedAllocation allocation)
    {
        var model = Cell.FindNode(allocation.Node)!.Accelerator.Model;
        long milli = allocation.ShareMilli > 0
            ? allocation.ShareMilli
            : System.Numerics.BitOperations.PopCount(allocation.DeviceMask) * 1000L;
        _held.Add(allocation.Sequence, (model, milli));
        Use(model, milli);
    }

    private void Use(string model, long milli)
    {
        var use = _models[model];
        _models[model] = use with { UsedMilli = use.UsedMilli + milli };
    }
}
