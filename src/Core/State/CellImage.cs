using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>A cell's whole state as plain data, for snapshots and for comparing two states.</summary>
public sealed record CellImage(
    string Cell,
    long Epoch,
    long Round,
    DateTimeOffset At,
    long NextJob,
    long NextSequence,
    IReadOnlyList<NodeImage> Nodes,
    IReadOnlyList<JobImage> Jobs,
    IReadOnlyList<AllocationImage> Allocations,
    IReadOnlyList<TierUseImage> Use,
    double Demand,
    double DemandServed,
    CellCounters Counters,
    IReadOnlyDictionary<int, long> Generations)
{
    /// <summary>See <see cref="GoodputMeter"/>.</summary>
    public double UsefulTrainingMs { get; init; }
    public double UsefulBatchMs { get; init; }
    public IReadOnlyList<LostImage> Lost { get; init; } = [];

    /// <summary>The one that is forgotten next comes first.</summary>
    public IReadOnlyList<KeyClosed> ClosedKeys { get; init; } = [];

    /// <summary>See <see cref="CellState.HasKeysAtDesks"/>.</summary>
    public bool KeysAtDesks { get; init; }

    /// <summary>See <see cref="TenantLedger"/>.</summary>
    public IReadOnlyList<TenantPastImage> Pasts { get; init; } = [];
}

/// <summary>What a tenant held on average until an instant.</summary>
/// <param name="Tiers">Thousandths of devices, by tier.</param>
public sealed record TenantPastImage(
    string Tenant, DateTimeOffset At, IReadOnlyList<(string Tier, double Milli)> Tiers, double CpuMilli,
    double MemoryMiB);

public sealed record LostImage(AllocationEnd End, double Ms);

public sealed record NodeImage(NodeAdmitted Admitted, bool Lost, bool Draining, string Reason)
{
    public DateTimeOffset? DrainBy { get; init; }

    /// <summary>Null for a steady node.</summary>
    public NodeHealth? Health { get; init; }
}

/// <param name="Ended">Null while it has not.</param>
/// <param name="FinishedTasks">As ranges: from, to, from, to, …, both ends included.</param>
public sealed record JobImage(
    long Number,
    string Key,
    JobSpec Spec,
    JobPhase? Ended,
    DateTimeOffset SubmittedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? CompletedAt,
    string Reason,
    double Done,
    int Replicas,
    int Requeues,
    int Preemptions,
    IReadOnlyList<int> FinishedTasks,
    string Origin,
    bool Held,
    string ForwardedTo)
{
    /// <summary>See <see cref="JobState.PreemptedBy"/>.</summary>
    public IReadOnlyList<long> PreemptedBy { get; init; } = [];

    public int Moves { get; init; }

    /// <summary>See <see cref="JobState.Failures"/>.</summary>
    public IReadOnlyList<TaskFailures> Failures { get; init; } = [];

    /// <summary>See <see cref="JobState.Ticket"/>.</summary>
    public TransferTicket? Ticket { get; init; }

    /// <summary>See <see cref="JobState.Transfers"/>.</summary>
    public int Transfers { get; init; }

    /// <summary>See <see cref="JobState.Work"/>.</summary>
    public WorkLedger Work { get; init; }

    /// <summary>See <see cref="JobState.WaitingSince"/>.</summary>
    public DateTimeOffset? WaitingSince { get; init; }

    /// <summary>See <see cref="JobState.PartOf"/>.</summary>
    public string PartOf { get; init; } = "";

    /// <summary>See <see cref="JobState.Parts"/>.</summary>
    public IReadOnlyList<PartImage> Parts { get; init; } = [];
}

/// <param name="Job">The part's number.</param>
/// <param name="Tasks">As ranges: from, to, from, to, …, both ends included.</param>
/// <param name="Ended">Null while that is not known.</param>
public sealed record PartImage(long Job, IReadOnlyList<int> Tasks, JobPhase? Ended, int TasksDone);

public sealed record TaskFailures(int Task, int Times);

/// <param name="DoneBefore">Share of the job's work that was done when it was placed.</param>
public sealed record AllocationImage(
    PlacedAllocation Placed,
    long Job,
    DateTimeOffset PlacedAt,
    DateTimeOffset? StartedAt,
    bool Finished,
    double DoneBefore = 0)
{
    /// <summary>See <see cref="AllocationState.DoneAtStart"/>.</summary>
    public double DoneAtStart { get; init; }
}

public sealed record TierUseImage(
    string Tier,
    double DeviceMs,
    double TrainingMs,
    double InferenceMs,
    double BatchMs,
    double GuestMs,
    double WaitingDeviceMs,
    double WaitingTrainingMs);
