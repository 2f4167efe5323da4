using System.Text.Json.Serialization;
using Stockpile.Core.Jobs;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Scheduler.Api.Contracts;

/// <summary>A job and where it is. Fields of the request that were left out are left out here too.</summary>
public sealed record JobResponse
{
    public required string Id { get; init; }

    /// <summary>pending, placed, running, completed, cancelled or failed.</summary>
    public required string State { get; init; }
    public required string Cell { get; init; }
    public required string Name { get; init; }
    public required string Kind { get; init; }
    public required string Tenant { get; init; }
    public required string Priority { get; init; }
    public IReadOnlyList<string>? Tiers { get; init; }
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>MiB, as are all memory fields of answers.</summary>
    public int? MinMemory { get; init; }
    public double? Cpu { get; init; }
    public long? Memory { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public int? Devices { get; init; }
    public int? Share { get; init; }
    public int? PerNode { get; init; }
    public int? MinDevices { get; init; }
    public int? MaxDevices { get; init; }
    public TopologyRequest? Topology { get; init; }
    public double? Work { get; init; }

    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Checkpoint { get; init; }
    public int? Generation { get; init; }

    /// <summary>The asked range and, in <c>now</c>, what the demand wants at the moment.</summary>
    public ReplicasResponse? Replicas { get; init; }

    [JsonConverter(typeof(DemandConverter))]
    public Demand? Demand { get; init; }
    public string? LatencyClass { get; init; }
    public bool? Guest { get; init; }
    public int? Tasks { get; init; }

    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Duration { get; init; }

    /// <summary>Left out of lists; <see cref="AllocationCount"/> is always there.</summary>
    public IReadOnlyList<AllocationResponse>? Allocations { get; init; }
    public int AllocationCount { get; init; }
    public DateTimeOffset? SubmittedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Why it is pending or failed.</summary>
    public string? Reason { get; init; }

    /// <summary>Share of the work that is safe, 0..1.</summary>
    public double Progress { get; init; }
    public int Requeues { get; init; }
    public int Preemptions { get; init; }
    public int TasksDone { get; init; }

    /// <summary>The idempotency key it was submitted with.</summary>
    public string? Key { get; init; }
}

public sealed record ReplicasResponse(int Min, int Max, int Now);

/// <summary>Devices of one node bound to one job.</summary>
public sealed record AllocationResponse
{
    public required string Id { get; init; }
    public required string Job { get; init; }
    public required string Node { get; init; }
    public required string Model { get; init; }
    public required string Tier { get; init; }

    /// <summary>Device numbers on the node.</summary>
    public required IReadOnlyList<int> Devices { get; init; }

    /// <summary>Thousandths of the one device; left out for whole devices.</summary>
    public int? Share { get; init; }
    public bool Guest { get; init; }
    public required string State { get; init; }
    public int Task { get; init; }
}

public sealed record JobListResponse(IReadOnlyList<JobResponse> Jobs, int Total);

/// <summary>One answer per job of a batch, in the order of the jobs.</summary>
public sealed record JobBatchResponse(IReadOnlyList<JobBatchResult> Results);

public sealed record JobBatchResult(JobResponse? Job, ErrorItem? Error, bool Repeated);

/// <summary>Why a job is where it is.</summary>
public sealed record WhyResponse(
    JobResponse Job,
    string Reason,
    IReadOnlyList<AlternativeResponse> Alternatives,
    int AheadInQueue);

/// <summary>One model the job may use: what there is of it, and what rules its nodes out.</summary>
public sealed record AlternativeResponse
{
    public required string Model { get; init; }
    public required string Tier { get; init; }
    public bool Guest { get; init; }
    public int Nodes { get; init; }
    public int Devices { get; init; }
    public int FreeDevices { get; init; }
    public int GuestHeldDevices { get; init; }
    public int UsedDevices { get; init; }
    public int UnavailableDevices { get; init; }

    /// <summary>Nodes ruled out, by the first dimension that is short.</summary>
    public int NodesShortOfDevices { get; init; }
    public int NodesShortOfCpu { get; init; }
    public int NodesShortOfMemory { get; init; }
    public int NodesWithoutLabels { get; init; }
    public int FitsNow { get; init; }
    public required string Verdict { get; init; }
}

/// <summary>A job's events from the journal, oldest first.</summary>
public sealed record HistoryResponse(string Job, IReadOnlyList<HistoryEvent> Events);

public sealed record HistoryEvent(
    DateTimeOffset At,
    string Cell,
    long Epoch,
    long Round,
    string Event,
    string Detail);
