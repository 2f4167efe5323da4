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
    public ServingRequest? Serving { get; init; }

    /// <summary>Of a service that says what a replica answers.</summary>
    public LoadResponse? Load { get; init; }
    public string? LatencyClass { get; init; }
    public bool? Guest { get; init; }
    public int? Tasks { get; init; }

    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Duration { get; init; }

    /// <summary>How often one task may fail; left out where it is as by default, 6.</summary>
    public int? Retries { get; init; }

    /// <summary>Left out of lists; <see cref="AllocationCount"/> is always there.</summary>
    public IReadOnlyList<AllocationResponse>? Allocations { get; init; }
    public int AllocationCount { get; init; }
    public DateTimeOffset? SubmittedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Why it is pending or failed.</summary>
    public string? Reason { get; init; }

    /// <summary>What became of the devices' time that it was given; left out before it was given any.</summary>
    public JobHoursResponse? Hours { get; init; }

    /// <summary>Share of the work that is done, 0..1. Of training it is what its nodes last said, and a checkpoint may
    /// not hold all of it yet: <see cref="JobHoursResponse.Useful"/> tells what is safe.</summary>
    public double Progress { get; init; }
    public int Requeues { get; init; }
    public int Preemptions { get; init; }

    /// <summary>The most that one of its tasks has failed; compare with retries.</summary>
    public int Failures { get; init; }
    public int TasksDone { get; init; }

    /// <summary>Parts of an array that had begun: jobs of their own, which may run in other cells. What they have done
    /// counts when they end.</summary>
    public IReadOnlyList<string>? Parts { get; init; }

    /// <summary>The array that it is a part of.</summary>
    public string? PartOf { get; init; }

    /// <summary>The idempotency key it was submitted with.</summary>
    public string? Key { get; init; }
}

/// <summary>What is asked of a service at the moment, and what it can answer.</summary>
/// <param name="Requests">Requests per second.</param>
/// <param name="Capacity">Requests per second that its running replicas answer within their latency class.</param>
public sealed record LoadResponse(double Requests, double Capacity);

/// <summary>Device-hours of simulated time.</summary>
/// <param name="Allocated">From placement to end.</param>
/// <param name="Useful">What the work that is safe takes undisturbed; none for a service.</param>
/// <param name="Lost">Work that had to be done again or was in vain.</param>
public sealed record JobHoursResponse(double Allocated, double Useful, double Lost);

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

public sealed record JobListResponse(IReadOnlyList<JobResponse> Jobs, int Total)
{
    /// <summary>The cursor of the next page; left out on the last one.</summary>
    public string? Next { get; init; }
}

/// <summary>One answer per job of a batch, in the order of the jobs.</summary>
public sealed record JobBatchResponse(IReadOnlyList<JobBatchResult> Results)
{
    /// <summary>With <c>dryRun=true</c>: what would become of each job.</summary>
    public IReadOnlyList<WhatIfResponse>? WhatIf { get; init; }
}

/// <summary>What would become of a job, were it submitted now. Nothing was submitted.</summary>
/// <param name="Job">As it would be; its id and those of its allocations are only what they would be now.</param>
/// <param name="Evictions">Jobs that would lose devices to it.</param>
/// <param name="Repeated">The key is known, and this is the job that has it.</param>
/// <param name="Why">Why it would wait, and until when; left out where it would start.</param>
public sealed record WhatIfResponse(
    JobResponse Job, IReadOnlyList<EvictionResponse> Evictions, bool Repeated, WhyResponse? Why);

/// <param name="How"><c>guest</c>: it has them on loan; <c>preempted</c>: its whole gang, or its tasks there, would
/// wait again.</param>
public sealed record EvictionResponse(string Job, string Name, string How, int Devices, string Model);

public sealed record JobBatchResult(JobResponse? Job, ErrorItem? Error, bool Repeated);

/// <summary>Why a job is where it is.</summary>
public sealed record WhyResponse(
    JobResponse Job,
    string Reason,
    IReadOnlyList<AlternativeResponse> Alternatives,
    int AheadInQueue)
{
    /// <summary>When this was so, simulated.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>When a waiting job may expect to start; left out where nothing is in sight.</summary>
    public StartResponse? Start { get; init; }

    /// <summary>What is promised to the job.</summary>
    public ReservationResponse? Reservation { get; init; }

    /// <summary>The promise to a more urgent job that keeps this one from what is free.</summary>
    public ReservationResponse? HeldBackBy { get; init; }

    /// <summary>The earliest start that was told, where it has moved, when that was seen last, and why.</summary>
    public StartMoveResponse? Moved { get; init; }

    /// <summary>The quota or rule that says no.</summary>
    public string? Rule { get; init; }

    /// <summary>What the last round that tried it found; left out where none did since it began to wait.</summary>
    public TriedResponse? Tried { get; init; }

    /// <summary>Changes to the request that would let it start now.</summary>
    public IReadOnlyList<string>? Changes { get; init; }

    /// <summary>How the best of the other cells look for it; left out where that is of no use to it.</summary>
    public IReadOnlyList<ElsewhereResponse>? Elsewhere { get; init; }

    /// <summary>Why nothing in its cell, or in the fleet, could ever run it; left out where something could.</summary>
    public string? Never { get; init; }

    /// <summary>Why it stays in its cell for now, or what it waits for to go.</summary>
    public string? Stays { get; init; }

    /// <summary>Which clocks differ by much; left out where none does.</summary>
    public string? Clock { get; init; }
}

/// <summary>What another cell's last status says about a job.</summary>
public sealed record ElsewhereResponse(string Cell, string Verdict);

/// <summary>What a round found for a job that it left waiting.</summary>
/// <param name="Outcome">no-room, over-quota, held-back or round-full.</param>
/// <param name="At">The instant of the round, simulated.</param>
public sealed record TriedResponse(string Outcome, string Reason, DateTimeOffset At);

/// <summary>A start estimate from the planned ends of running work and the jobs ahead.</summary>
/// <param name="AtLeast">More jobs are ahead than were looked at, so it may be later.</param>
/// <param name="EndFirst">What must end first, soonest first; a few of them.</param>
/// <param name="MoreEndings">How many more jobs must end.</param>
public sealed record StartResponse(
    DateTimeOffset At,
    string Model,
    string Tier,
    int Devices,
    int Nodes,
    bool AtLeast,
    IReadOnlyList<EndingResponse> EndFirst,
    int MoreEndings);

public sealed record EndingResponse(string Job, string Name, int Devices, DateTimeOffset At);

/// <summary>Devices promised to a job from an instant on.</summary>
public sealed record ReservationResponse(
    string Job,
    string Name,
    string Model,
    string Tier,
    int Devices,
    int Nodes,
    DateTimeOffset Start);

/// <summary>A start that has moved to a later one than was told before.</summary>
/// <param name="From">The earliest that was told.</param>
/// <param name="At">When it was seen last to be later.</param>
public sealed record StartMoveResponse(DateTimeOffset From, DateTimeOffset At, string Because);

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

    /// <summary>The devices of a placed job itself; they count neither as used nor as held by guests.</summary>
    public int OwnDevices { get; init; }

    /// <summary>Of the used devices those of gangs of a lower priority class.</summary>
    public int LowerPriorityDevices { get; init; }

    /// <summary>Of the unavailable devices those on draining nodes.</summary>
    public int DrainingDevices { get; init; }

    /// <summary>The earliest start on this model.</summary>
    public DateTimeOffset? Start { get; init; }
}

/// <summary>A job's events from the journal, oldest first.</summary>
public sealed record HistoryResponse(string Job, IReadOnlyList<HistoryEvent> Events)
{
    public int Total { get; init; }

    /// <summary>The cursor of the next page; left out on the last one.</summary>
    public string? Next { get; init; }
}

public sealed record HistoryEvent(
    DateTimeOffset At,
    string Cell,
    long Epoch,
    long Round,
    string Event,
    string Detail);
