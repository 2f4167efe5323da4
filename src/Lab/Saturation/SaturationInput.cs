using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Scoring;

namespace Stockpile.Lab.Saturation;

/// <summary>What one seed makes of a trace: the order of arrival, the rank of every node and the mix to expect. The
/// same for every policy.</summary>
/// <param name="Ranked">The nodes, lowest rank first.</param>
/// <param name="CapacityMilli">Thousandths of all devices.</param>
public sealed record SaturationInput(
    IReadOnlyList<Arrival> Arrivals, IReadOnlyList<NodeSpec> Ranked, WorkloadMix Mix, long CapacityMilli)
{
    /// <summary>Most pods on one node, as in the published experiment.</summary>
    private const int TasksPerNodeMax = 1_001;

    public static SaturationInput Of(
        IReadOnlyList<NodeSpec> nodes, IReadOnlyList<JobSpec> pods, double tune, int seed)
    {
        var random = new Random(seed);
        var capacity = nodes.Sum(n => n.Devices * 1000L);
        var arrivals = ArrivalList.Of(pods, capacity, tune, random);
        var ranked = nodes.ToArray();
        random.Shuffle(ranked);
        return new SaturationInput(
            arrivals, ranked, WorkloadMix.Of(arrivals.Select(a => (a.Shape, a.Models, 1L))), capacity);
    }

    /// <summary>An empty fleet under a policy.</summary>
    /// <param name="policy">A name of <see cref="ScoringPolicies"/>.</param>
    /// <param name="migrationBudget">Most tasks moved, as a share of those placed so far; 0: none.</param>
    public TaskBoard Board(string policy, double migrationBudget, int seed) =>
        Board(Ranked, policy, migrationBudget, seed).Board;

    /// <summary>The same of some of the nodes, in the order of their rank; with the room of each.</summary>
    public (TaskBoard Board, IReadOnlyList<NodeRoom> Rooms) Board(
        IReadOnlyList<NodeSpec> nodes, string policy, double migrationBudget, int seed)
    {
        var rooms = nodes.Select((n, rank) =>
            new NodeRoom(rank, n.Model, n.Devices, n.CpuMilli, n.MemoryMiB) { TasksMax = TasksPerNodeMax }).ToList();
        var board = new TaskBoard(ScoringPolicies.Create(policy, new ScoringContext(Mix, seed)), rooms)
        {
            MigrationBudget = migrationBudget,
        };
        return (board, rooms);
    }

    /// <summary>The whole % of the capacity that so much arrived demand rounds to.</summary>
    public int PercentOf(long arrivedMilli) =>
        (int)Math.Round(100.0 * arrivedMilli / CapacityMilli, MidpointRounding.AwayFromZero);
}
