namespace Stockpile.Scheduler.Api.Contracts;

/// <summary>One machine and what is free on it.</summary>
public sealed record NodeResponse
{
    public required string Id { get; init; }
    public required string Cell { get; init; }
    public required string Host { get; init; }
    public required string Model { get; init; }
    public required string Tier { get; init; }

    /// <summary>ready, draining, resting, lost or refused.</summary>
    public required string State { get; init; }
    public string? Reason { get; init; }

    /// <summary>When a draining node has to be empty; left out without a deadline.</summary>
    public DateTimeOffset? DrainBy { get; init; }
    public int Devices { get; init; }
    public int FreeDevices { get; init; }

    /// <summary>Free thousandths of each device.</summary>
    public required IReadOnlyList<int> FreeMilli { get; init; }
    public double Cpu { get; init; }
    public double CpuFree { get; init; }
    public long Memory { get; init; }
    public long MemoryFree { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public long Incarnation { get; init; }
    public IReadOnlyList<AllocationResponse>? Allocations { get; init; }
}

public sealed record NodeListResponse(IReadOnlyList<NodeResponse> Nodes, int Total);

/// <summary>Capacity and use of the whole fleet at one instant of simulated time.</summary>
public sealed record FleetResponse
{
    /// <summary>The newest instant any cell answered for; left out when there is no cell.</summary>
    public DateTimeOffset? At { get; init; }
    public int Cells { get; init; }
    public int Nodes { get; init; }
    public int NodesLost { get; init; }
    public int NodesDraining { get; init; }
    public int Devices { get; init; }

    /// <summary>Share of the devices in use, 0..1.</summary>
    public double Utilisation { get; init; }

    /// <summary>Most capable first.</summary>
    public required IReadOnlyList<UseResponse> Tiers { get; init; }
    public required IReadOnlyList<UseResponse> Models { get; init; }
    public required PendingResponse Pending { get; init; }
    public int RunningJobs { get; init; }
    public required CountersResponse Jobs { get; init; }
    public required InferenceResponse Inference { get; init; }

    /// <summary>Completed trainings by model generation.</summary>
    public required IReadOnlyDictionary<string, long> Generations { get; init; }

    /// <summary>Which part of the allocated time was of use; left out of a cell of an older version.</summary>
    public GoodputResponse? Goodput { get; init; }
}

/// <summary>
/// Device-hours of simulated time over the cells' life. Useful is what the work that is safe takes undisturbed; lost
/// is work that has to be done again or was in vain, by what ended it (<c>node-lost</c>, <c>preempted</c>, …). What is
/// neither is under way, or was spent waiting, starting and on slow nodes.
/// </summary>
/// <param name="Training">Useful ÷ allocated hours of training, 0..1; left out when none were allocated.</param>
/// <param name="Batch">The same of batch tasks, which have no checkpoints.</param>
public sealed record GoodputResponse(
    double? Training,
    double? Batch,
    double AllocatedTraining,
    double UsefulTraining,
    double AllocatedBatch,
    double UsefulBatch,
    double Lost,
    IReadOnlyDictionary<string, double> LostByCause);

/// <summary>Use of one tier or one model, in devices; a shared device counts by its share.</summary>
public sealed record UseResponse
{
    public required string Tier { get; init; }

    /// <summary>Left out of a tier's row.</summary>
    public string? Model { get; init; }
    public int Nodes { get; init; }
    public int Devices { get; init; }
    public double Training { get; init; }
    public double Inference { get; init; }
    public double Batch { get; init; }
    public double Guest { get; init; }
    public double Free { get; init; }
    public double Unavailable { get; init; }

    /// <summary>Share of the devices in use, 0..1.</summary>
    public double Utilisation { get; init; }

    /// <summary>Wholly free devices on ready nodes.</summary>
    public int FreeDevices { get; init; }

    /// <summary>Device-hours since the cells began; on a tier's row alone.</summary>
    public UseHoursResponse? Hours { get; init; }
}

/// <summary>Device-hours of simulated time; the waiting ones while training that may use the tier waited.</summary>
public sealed record UseHoursResponse(
    double Devices,
    double Training,
    double Inference,
    double Batch,
    double Guest,
    double WaitingDevices,
    double WaitingTraining);

public sealed record PendingResponse(int Training, int Inference, int Batch);

/// <summary>Counts since the cell began.</summary>
public sealed record CountersResponse(
    long Submitted,
    long Placed,
    long Completed,
    long Cancelled,
    long Failed,
    long Requeued,
    long Preempted,
    long AllocationsPersisted)
{
    /// <summary>Gangs and tasks that went on elsewhere without waiting.</summary>
    public long Migrations { get; init; }
}

/// <summary>Services, and what they did over the cells' whole life.</summary>
/// <param name="Requests">Requests that were to be served: rate × simulated time.</param>
/// <param name="DemandServed">Share of them that running replicas could serve, 0..1; 1 when there were none.</param>
public sealed record InferenceResponse(int Services, double Requests, double DemandServed);

/// <summary>One cell.</summary>
public sealed record CellResponse
{
    public required string Cell { get; init; }
    public long Epoch { get; init; }
    public long Round { get; init; }
    public DateTimeOffset? At { get; init; }
    public int Nodes { get; init; }
    public int NodesLost { get; init; }
    public int NodesDraining { get; init; }
    public int Devices { get; init; }
    public double Free { get; init; }
    public double Utilisation { get; init; }
    public required PendingResponse Pending { get; init; }
    public int ActiveJobs { get; init; }
    public int RunningJobs { get; init; }
    public required CountersResponse Jobs { get; init; }
    public required InferenceResponse Inference { get; init; }
    public required IReadOnlyList<UseResponse> Models { get; init; }
    public required IReadOnlyDictionary<string, long> Generations { get; init; }
    public GoodputResponse? Goodput { get; init; }
}

public sealed record CellListResponse(IReadOnlyList<CellResponse> Cells);

/// <param name="Down">Cells that do not serve, and why, a line for each; null: all do.</param>
public sealed record HealthResponse(string Status, int? Cells, IReadOnlyList<string>? Down = null);
