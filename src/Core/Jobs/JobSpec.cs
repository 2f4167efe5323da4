namespace Stockpile.Core.Jobs;

public enum JobKind
{
    Training,
    Inference,
    Batch,
}

/// <summary>Priority classes, least urgent first.</summary>
public enum Priority
{
    Low,
    Normal,
    High,
    Critical,
}

/// <summary>
/// Requests per second of a service over a day: a cosine between <see cref="Base"/> and <see cref="Peak"/> that is
/// highest at <see cref="PeakHour"/>. A constant demand has base and peak equal. Saturdays and Sundays have
/// <see cref="Weekend"/> times as much. Hour and weekend are those of <see cref="Zone"/>.
/// </summary>
/// <param name="Zone">IANA name of a time zone, such as Asia/Shanghai; empty: UTC.</param>
public sealed record Demand(double Base, double Peak, double PeakHour, double Weekend = 1, string Zone = "")
{
    /// <summary>Requests per second at an instant.</summary>
    public double At(DateTimeOffset now)
    {
        var local = TimeZones.LocalTime(now, Zone);
        var phase = (local.TimeOfDay.TotalHours - PeakHour) / 24.0 * 2.0 * Math.PI;
        var day = Base + (Peak - Base) * (1 + Math.Cos(phase)) / 2;
        return local.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? day * Weekend : day;
    }
}

/// <summary>
/// What a user asks for. A job is a number of equal <em>tasks</em>: the ranks of a training gang (one device each,
/// all or nothing), the replicas of an inference service, or the independent tasks of a batch job. CPU and memory are
/// per task. Immutable; <see cref="JobValidator"/> says what is allowed.
/// </summary>
public sealed record JobSpec
{
    public required string Name { get; init; }
    public required JobKind Kind { get; init; }
    public string Tenant { get; init; } = "default";
    public Priority Priority { get; init; } = Priority.Normal;

    /// <summary>Allowed tiers in order of preference; empty: as the policy says. Not beside models.</summary>
    public IReadOnlyList<string> Tiers { get; init; } = [];

    /// <summary>Allowed models in order of preference; empty: as the policy says.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Least memory of a device in MiB; 0: any.</summary>
    public int MinMemoryMiB { get; init; }

    /// <summary>CPU per task in thousandths of a core.</summary>
    public int CpuMilli { get; init; }

    /// <summary>Host memory per task in MiB.</summary>
    public long MemoryMiB { get; init; }

    /// <summary>Labels a node must have.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = NoLabels;

    /// <summary>Training: size of the gang. Else: whole devices per task; 0 with a share or CPU only.</summary>
    public int Devices { get; init; }

    /// <summary>Inference and batch: thousandths of one device per task, 1..999; 0: whole devices.</summary>
    public int ShareMilli { get; init; }

    /// <summary>Training: exactly so many devices on every node of the gang; 0: any split.</summary>
    public int PerNode { get; init; }

    /// <summary>Training: the smallest gang that is still worth starting; 0: exactly <see cref="Devices"/>.</summary>
    public int MinDevices { get; init; }

    /// <summary>Training: the largest gang the job can use; 0: exactly <see cref="Devices"/>.</summary>
    public int MaxDevices { get; init; }

    /// <summary>Training: the whole gang lies in one such part of the cell, or waits.</summary>
    public TopologyLevel TopologyRequired { get; init; }

    /// <summary>Training: the gang takes as few such parts of the cell as it can.</summary>
    public TopologyLevel TopologyPreferred { get; init; }

    /// <summary>Training (and batch, per task): device-hours on one H800; 0 for batch with a duration.</summary>
    public double WorkHours { get; init; }

    /// <summary>Training: interval between checkpoints; zero: progress is lost with the gang.</summary>
    public TimeSpan Checkpoint { get; init; }

    /// <summary>Training: the model generation it counts for; 0: none.</summary>
    public int Generation { get; init; }

    /// <summary>Inference: fewest and most replicas.</summary>
    public int MinReplicas { get; init; }
    public int MaxReplicas { get; init; }

    /// <summary>Inference: requests per second over time; null: always <see cref="MinReplicas"/>.</summary>
    public Demand? Demand { get; init; }

    /// <summary>Inference: what a replica answers; null: the most replicas answer the demand's peak, whatever they run
    /// on.</summary>
    public ServingRate? Serving { get; init; }

    /// <summary>Inference: free-form latency class; recorded, and given back in answers.</summary>
    public string LatencyClass { get; init; } = "";

    /// <summary>Inference and batch: whether it may be a guest on better tiers.</summary>
    public bool Guest { get; init; } = true;

    /// <summary>Batch: number of independent tasks.</summary>
    public int Tasks { get; init; }

    /// <summary>Batch: run time of one task on any device; zero when <see cref="WorkHours"/> is given.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Training and batch: how often one task may fail and start anew; a gang is one task. What is taken from
    /// it, and what its node or host lost, is no failure.</summary>
    public int Retries { get; init; } = Limits.RetriesDefault;

    public static readonly IReadOnlyDictionary<string, string> NoLabels =
        new Dictionary<string, string>(0, StringComparer.Ordinal);

    /// <summary>Training: the smallest gang that may be started.</summary>
    public int LeastDevices => MinDevices > 0 ? MinDevices : Devices;

    /// <summary>Tasks the job wants now: the gang's ranks, the tasks, or the most replicas.</summary>
    public int TaskCount => Kind switch
    {
        JobKind.Training => Devices,
        JobKind.Inference => MaxReplicas,
        _ => Tasks,
    };

    /// <summary>
    /// Replicas a service wants at an instant before it is known what they run on, kept within min..max. What is known
    /// of its <see cref="Serving"/> is taken for the reference device; without it, <see cref="MaxReplicas"/> are sized
    /// for the demand's peak, so the number is max × demand ÷ peak. Without a demand it is the minimum.
    /// </summary>
    public int ReplicasAt(DateTimeOffset now)
    {
        if (Demand is not { Peak: > 0 } demand) return MinReplicas;
        var each = Serving is { } serving ? serving.OnReference(DevicesPerTask) : demand.Peak / MaxReplicas;
        return WithinRange(demand.At(now) / each);
    }

    /// <summary>
    /// Replicas of a service that has just come. Those of a time zone are not derived but written by the round that
    /// scales the service: another machine may read the journal by another edition of the zones.
    /// </summary>
    internal int FirstReplicas(DateTimeOffset now) => Demand is { Zone.Length: > 0 } ? MinReplicas : ReplicasAt(now);

    /// <summary>When a service that wants no replica wants one again, to ten minutes; null: not within a week.
    /// </summary>
    public DateTimeOffset? NextReplicaAt(DateTimeOffset now)
    {
        var step = TimeSpan.FromMinutes(10);
        for (var at = now + step; at <= now.AddDays(7); at += step)
            if (ReplicasAt(at) > 0) return at;
        return null;
    }

    /// <summary>So many replicas, rounded up, within min..max.</summary>
    internal int WithinRange(double replicas) =>
        (int)Math.Clamp(Math.Ceiling(replicas - 1e-9), MinReplicas, MaxReplicas);

    /// <summary>Inference and batch: devices of a task; a share counts as its thousandths.</summary>
    internal double DevicesPerTask => ShareMilli > 0 ? ShareMilli / (double)Limits.MilliPerDevice : Devices;
}
