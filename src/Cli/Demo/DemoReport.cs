using System.Text.Json.Serialization;
using Stockpile.Cli.Forecasting;
using Stockpile.Cli.Local;
using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Cli.Demo;

/// <summary>What <c>demo --json</c> prints. Hours are simulated, seconds real.</summary>
public sealed record DemoReport
{
    public required ulong Seed { get; init; }
    public required string Fleet { get; init; }
    public required string Scenario { get; init; }
    public required double Speed { get; init; }
    public required double WallSeconds { get; init; }
    public required double SimulatedHours { get; init; }

    /// <summary>Why the run ended: <c>all work is done</c>, or the bound that was reached.</summary>
    public required string EndedBecause { get; init; }
    public required int Cells { get; init; }
    public required int Nodes { get; init; }
    public required int Devices { get; init; }
    public required JobsReport Jobs { get; init; }
    public required AllocationsReport Allocations { get; init; }
    public required IReadOnlyList<TierReport> Tiers { get; init; }
    public required GenerationsReport Generations { get; init; }
    public required InferenceReport Inference { get; init; }

    /// <summary>Which part of the allocated device-hours was of use, and what was lost by which cause.</summary>
    public GoodputResponse? Goodput { get; init; }
    public required FaultsReport Faults { get; init; }

    /// <summary>Jobs that wait at the close, by reason.</summary>
    public required IReadOnlyList<PendingReport> Pending { get; init; }

    /// <summary>One line for each job that was refused.</summary>
    public required IReadOnlyList<string> Refused { get; init; }
    public required IReadOnlyList<JournalReport> Journal { get; init; }
    public required string Data { get; init; }
}

/// <summary>Jobs; <see cref="Preempted"/> counts allocations whose place others took.</summary>
/// <param name="Arrived">Jobs of the scenario that came up; accepted ones are <paramref name="Submitted"/>.</param>
public sealed record JobsReport(
    long Arrived, long Submitted, long Refused, long Placed, long Completed, long Running, long Pending, long Failed,
    long Cancelled, long Requeued, long Preempted);

/// <param name="PerSecond">Per real second of the run.</param>
public sealed record AllocationsReport(long Persisted, double PerSecond);

/// <param name="Utilisation">Share of the tier's device-hours that were allocated.</param>
/// <param name="TrainingShare">Share of the tier's device-hours that training held.</param>
/// <param name="InferenceShare">Share that inference held.</param>
/// <param name="BatchShare">Share that batch held.</param>
/// <param name="GuestShare">Share that guests held; a part of inference and batch.</param>
/// <param name="TrainingWaitedHours">
/// Simulated hours, as a mean over the tier's devices, in which a training job that may use the tier waited in the
/// device's cell.
/// </param>
/// <param name="TrainingShareWhileTrainingWaits">
/// The training share of the time in which a training job that may use the tier waited; null: none ever did.
/// </param>
/// <param name="InferenceNotAsGuest">Allocations of inference at the close that are not guests.</param>
public sealed record TierReport(
    string Tier, int Devices, double Utilisation, double TrainingShare, double InferenceShare, double BatchShare,
    double GuestShare, double TrainingWaitedHours, double? TrainingShareWhileTrainingWaits, int InferenceNotAsGuest);

/// <param name="Completed">Training jobs that count for a generation and are done, by generation.</param>
/// <param name="Forecast">Null where the scenario names no long-term one.</param>
public sealed record GenerationsReport(
    int Completed, IReadOnlyDictionary<int, long> TrainingJobs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ForecastReport? Forecast);

/// <param name="DemandServed">Requests that running replicas could serve ÷ requests wanted, over the run.</param>
public sealed record InferenceReport(int Services, double DemandServed);

/// <summary>Simulated faults that the demo injected.</summary>
public sealed record FaultsReport(int NodesFailed, int NodesRecovered, int NodesSlowed);

public sealed record PendingReport(string Reason, int Jobs);
