using System.Diagnostics;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Scoring;

namespace Stockpile.Lab.Saturation;

/// <summary>What one experiment is run with.</summary>
/// <param name="Policy">A name of <see cref="ScoringPolicies"/>.</param>
/// <param name="Tune">Device demand over capacity at the end; 0: the list as it is.</param>
/// <param name="MigrationBudget">Most tasks moved, as a share of those placed so far; 0: none.</param>
public sealed record SaturationOptions(string Policy, double Tune, double MigrationBudget)
{
    /// <summary>Cells that the nodes are dealt to; with more than one, a router is in front of them.</summary>
    public int Cells { get; init; } = 1;

    /// <summary>Arrivals between two statuses of the cells; 0: the router always knows how they are.</summary>
    public int StatusEvery { get; init; }
}

/// <summary>Takes tasks as they arrive.</summary>
internal interface IArrivals
{
    long AllocatedMilli { get; }
    long Placed { get; }
    long Migrations { get; }

    /// <summary>Tasks that another cell placed than the one they were sent to.</summary>
    long Transfers { get; }
    IEnumerable<NodeRoom> Nodes { get; }

    void Place(long id, Arrival arrival);
}

/// <summary>What one seed gave.</summary>
/// <param name="ArrivedPercent">Device demand that arrived, in % of the capacity.</param>
/// <param name="AllocatedPercent">Devices allocated, mean over the last whole % of arrivals.</param>
/// <param name="FragmentedPercent">Free devices that the typical work can not use, in % of the capacity.</param>
/// <param name="Placed">Tasks placed.</param>
/// <param name="Dropped">Tasks that found no room when they came.</param>
/// <param name="Migrations">Tasks that were moved, each a restart.</param>
/// <param name="Curve">By arrived %: the mean of allocated % over all arrivals that round to it.</param>
public sealed record SaturationResult(
    int Seed,
    double ArrivedPercent,
    double AllocatedPercent,
    double UnallocatedDevices,
    double FragmentedPercent,
    long Placed,
    long Dropped,
    long Migrations,
    double DecisionsPerSecond,
    IReadOnlyDictionary<int, double> Curve)
{
    /// <summary>Tasks that another cell placed than the one they were sent to.</summary>
    public long Transfers { get; init; }
}

/// <summary>
/// The experiment of Weng et al. (ATC'23): tasks arrive one by one and never leave; one that does not fit is dropped
/// for good and still counts as arrived. Ties between nodes go to the lowest rank, a random permutation per run.
/// </summary>
public static class SaturationRun
{
    public static SaturationResult Of(
        IReadOnlyList<NodeSpec> nodes, IReadOnlyList<JobSpec> pods, SaturationOptions options, int seed,
        Action? onDecision = null)
    {
        var input = SaturationInput.Of(nodes, pods, options.Tune, seed);
        var (arrivals, capacity) = (input.Arrivals, input.CapacityMilli);
        IArrivals board = options.Cells > 1
            ? new ShardedBoards(input, options, seed)
            : new OneBoard(input.Board(options.Policy, options.MigrationBudget, seed));

        var curve = new SortedDictionary<int, (double Sum, int Count)>();
        long arrived = 0;
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < arrivals.Count; i++)
        {
            arrived += arrivals[i].Shape.DeviceMilli;
            board.Place(i, arrivals[i]);
            var percent = input.PercentOf(arrived);
            var (sum, count) = curve.GetValueOrDefault(percent);
            curve[percent] = (sum + 100.0 * board.AllocatedMilli / capacity, count + 1);
            onDecision?.Invoke();
        }

        clock.Stop();
        var means = curve.ToDictionary(c => c.Key, c => c.Value.Sum / c.Value.Count);
        var allocated = means.Count > 0 ? means[means.Keys.Max()] : 0;
        var fragmentation = new Fragmentation(input.Mix);
        return new SaturationResult(
            seed,
            100.0 * arrived / capacity,
            allocated,
            (100 - allocated) / 100 * capacity / 1000,
            100 * board.Nodes.Sum(fragmentation.Of) / capacity,
            board.Placed,
            arrivals.Count - board.Placed,
            board.Migrations,
            arrivals.Count / clock.Elapsed.TotalSeconds,
            means)
        {
            Transfers = board.Transfers,
        };
    }

    /// <summary>The whole fleet as one cell, which needs no router.</summary>
    private sealed class OneBoard(TaskBoard board) : IArrivals
    {
        public long AllocatedMilli => board.AllocatedMilli;
        public long Placed => board.Placed;
        public long Migrations => board.Migrations;
        public long Transfers => 0;
        public IEnumerable<NodeRoom> Nodes => board.Nodes;

        public void Place(long id, Arrival arrival) => board.Place(id, arrival.Shape, arrival.Models);
    }
}
