using Stockpile.Core.Jobs;
using Stockpile.Formats.Fleets;

namespace Stockpile.Formats.Reserve;

/// <summary>Years of a company: what becomes of its stock, and what is wanted of it.</summary>
/// <param name="Start">The first instant; where the demo starts unless the file says otherwise.</param>
/// <param name="Length">How long it is looked ahead.</param>
public sealed record ReserveScenario(
    string Name,
    DateTimeOffset Start,
    TimeSpan Length,
    Supply Supply,
    GenerationPlan Generations,
    IReadOnlyList<ServicePlan> Services,
    IReadOnlyList<StreamPlan> Streams,
    IReadOnlyDictionary<string, Assumption> Assumptions);

/// <summary>A figure that nobody knows exactly: every run draws it from the triangle low–value–high.</summary>
/// <param name="Source">Where the bounds come from.</param>
public sealed record Assumption(string Name, double Low, double Value, double High, string Source);

/// <summary>The assumptions a scenario may make, and what they are where it makes none.</summary>
public static class AssumptionNames
{
    public const string GenerationGrowth = "generation-growth";
    public const string GenerationWork = "generation-work";
    public const string GangEfficiency = "gang-efficiency";
    public const string ResearchWork = "research-work";
    public const string Wear = "wear";
    public const string RepairShare = "repair-share";
    public const string RepairTime = "repair-time";
    public const string Demand = "demand";
    public const string DemandGrowth = "demand-growth";
    public const string ServingThroughput = "serving-throughput";
    public const string DeliveryDelay = "delivery-delay";

    /// <summary>All of them with their neutral values: factors of 1, except for the two that the file must give where
    /// it has no assumption (growth of generations, share repaired) and the delay, which is 0 days.</summary>
    public static readonly IReadOnlyDictionary<string, double> Neutral =
        new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [GenerationGrowth] = 1, [GenerationWork] = 1, [GangEfficiency] = 1, [ResearchWork] = 1, [Wear] = 1,
            [RepairShare] = 1, [RepairTime] = 1, [Demand] = 1, [DemandGrowth] = 1, [ServingThroughput] = 1,
            [DeliveryDelay] = 0,
        };
}

/// <summary>A model generation: jobs in stages, each stage when the one before is done.</summary>
/// <param name="Most">Generations are not planned beyond this many.</param>
/// <param name="Pause">Time between the end of one and the start of the next.</param>
/// <param name="Deadline">From its start; zero: none. A late generation is finished all the same.</param>
public sealed record GenerationPlan(
    int Most, TimeSpan Pause, TimeSpan Deadline, IReadOnlyList<GenerationJob> Jobs)
{
    public static readonly GenerationPlan None = new(0, TimeSpan.Zero, TimeSpan.Zero, []);
}

/// <summary>Equal jobs of a generation.</summary>
/// <param name="Stage">1 first; those of a stage start together.</param>
/// <param name="Spec">Its work is that of the first generation.</param>
public sealed record GenerationJob(int Stage, int Count, JobSpec Spec);

/// <summary>A service over years.</summary>
/// <param name="Spec">Its demand is that of the first year. Without <see cref="JobSpec.Serving"/> replicas follow the
/// demand whatever they run on, as for rented devices.</param>
/// <param name="Growth">Factor by which the demand grows in a year.</param>
/// <param name="Outside">Whether outside tenants pay for it; reported by itself.</param>
public sealed record ServicePlan(JobSpec Spec, double Growth, bool Outside);

/// <summary>Training or batch that goes on beside the generations: job i arrives at start + i × every + a part of
/// jitter.</summary>
/// <param name="Count">How many; 0: to the end.</param>
public sealed record StreamPlan(JobSpec Spec, TimeSpan Start, TimeSpan Every, TimeSpan Jitter, int Count);
