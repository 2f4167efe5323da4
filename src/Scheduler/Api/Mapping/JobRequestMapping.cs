using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Scheduler.Api.Mapping;

/// <summary>
/// Between a job as JSON has it and as the core has it. What the core's numbers cannot hold is refused here; whether
/// the job makes sense is for the validator.
/// </summary>
public static class JobRequestMapping
{
    private const double MilliPerCore = 1000;

    /// <summary>The job, or what is wrong with it; exactly one of the two is null.</summary>
    public static (JobSpec? Spec, IReadOnlyList<Refusal>? Refusals) ToSpec(this JobRequest job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var refusals = Refusals(job).ToList();
        if (refusals.Count > 0) return (null, refusals);
        return (new JobSpec
        {
            Name = job.Name!,
            Kind = job.Kind!.Value,
            Tenant = job.Tenant ?? "default",
            Priority = job.Priority ?? Priority.Normal,
            Tiers = job.Tiers ?? [],
            Models = job.Models ?? [],
            MinMemoryMiB = (int)(job.MinMemory ?? 0),
            CpuMilli = (int)Math.Round((job.Cpu ?? 0) * MilliPerCore),
            MemoryMiB = job.Memory ?? 0,
            Labels = job.Labels ?? JobSpec.NoLabels,
            Devices = job.Devices ?? 0,
            ShareMilli = job.Share ?? 0,
            PerNode = job.PerNode ?? 0,
            MinDevices = job.MinDevices ?? 0,
            MaxDevices = job.MaxDevices ?? 0,
            TopologyRequired = Level(job.Topology?.Required) ?? TopologyLevel.None,
            TopologyPreferred = Level(job.Topology?.Preferred) ?? TopologyLevel.None,
            WorkHours = job.Work ?? 0,
            Checkpoint = job.Checkpoint ?? TimeSpan.Zero,
            Generation = job.Generation ?? 0,
            MinReplicas = job.Replicas?.Min ?? 0,
            MaxReplicas = job.Replicas?.Max ?? 0,
            Demand = job.Demand,
            Serving = job.Serving is { } serving
                ? new ServingRate(
                    serving.RequestsPerDevice!.Value, serving.DecodeShare!.Value, serving.Utilisation!.Value)
                : null,
            LatencyClass = job.LatencyClass ?? "",
            Guest = job.Guest ?? true,
            Tasks = job.Tasks ?? 0,
            Duration = job.Duration ?? TimeSpan.Zero,
            Retries = job.Retries ?? Limits.RetriesDefault,
        }, null);
    }

    /// <summary>The request that gives this job again; what is as by default is left out.</summary>
    public static JobRequest ToRequest(this JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return new JobRequest
        {
            Name = spec.Name,
            Kind = spec.Kind,
            Tenant = spec.Tenant,
            Priority = spec.Priority,
            Tiers = NullIfEmpty(spec.Tiers),
            Models = NullIfEmpty(spec.Models),
            MinMemory = NullIfZero<long>(spec.MinMemoryMiB),
            Cpu = NullIfZero(spec.CpuMilli / MilliPerCore),
            Memory = NullIfZero(spec.MemoryMiB),
            Labels = spec.Labels.Count == 0 ? null : spec.Labels,
            Devices = NullIfZero(spec.Devices),
            Share = NullIfZero(spec.ShareMilli),
            PerNode = NullIfZero(spec.PerNode),
            MinDevices = NullIfZero(spec.MinDevices),
            MaxDevices = NullIfZero(spec.MaxDevices),
            Topology = spec is { TopologyRequired: TopologyLevel.None, TopologyPreferred: TopologyLevel.None }
                ? null
                : new TopologyRequest
                {
                    Required = NameOf(spec.TopologyRequired),
                    Preferred = NameOf(spec.TopologyPreferred),
                },
            Work = NullIfZero(spec.WorkHours),
            Checkpoint = NullIfZero(spec.Checkpoint),
            Generation = NullIfZero(spec.Generation),
            Replicas = spec.MinReplicas == 0 && spec.MaxReplicas == 0
                ? null
                : new ReplicaRange { Min = spec.MinReplicas, Max = spec.MaxReplicas },
            Demand = spec.Demand,
            Serving = spec.Serving is { } serving
                ? new ServingRequest
                {
                    RequestsPerDevice = serving.RequestsPerDevice,
                    DecodeShare = serving.DecodeShare,
                    Utilisation = serving.Utilisation,
                }
                : null,
            LatencyClass = spec.LatencyClass.Length == 0 ? null : spec.LatencyClass,
            Guest = spec.Guest ? null : false,
            Tasks = NullIfZero(spec.Tasks),
            Duration = NullIfZero(spec.Duration),
            Retries = spec.Retries == Limits.RetriesDefault ? null : spec.Retries,
        };
    }

    internal static T? NullIfZero<T>(T value) where T : struct, IEquatable<T> =>
        value.Equals(default) ? null : value;

    internal static IReadOnlyList<string>? NullIfEmpty(IReadOnlyList<string> list) => list.Count == 0 ? null : list;

    private static IEnumerable<Refusal> Refusals(JobRequest job)
    {
        if (job.Name is null) yield return Missing("name", JobNames.Rule);
        if (job.Kind is null) yield return Missing("kind", "training, inference or batch");
        if (job.Cpu is { } cpu && !(cpu >= 0 && cpu <= int.MaxValue / MilliPerCore))
            yield return Range("cpu", cpu, $"0 to {(int)(int.MaxValue / MilliPerCore)} cores");
        // What is left out has a default; a zero that somebody sent is a slip, and must not be called missing.
        if (job.Cpu is > 0 and < 1 / MilliPerCore)
            yield return Range("cpu", job.Cpu.Value, "0, or 0.001 cores and more");
        if (job.Kind == JobKind.Batch && job.Duration == TimeSpan.Zero)
            yield return Range("duration", "0s", "above 0s");
        if (job.Devices == 0 && job.Share is null
            && (job.Kind == JobKind.Inference || (job.Kind == JobKind.Batch && !(job.Cpu > 0))))
            yield return Range("devices", 0, $"a whole number, 1 to {Limits.DevicesPerNodeMax}");
        if (job.Kind == JobKind.Training && job.Devices == 0)
            yield return Range("devices", 0, $"a whole number, 1 to {Limits.GangDevicesMax}");
        if (job.Kind == JobKind.Batch && job.Tasks == 0)
            yield return Range("tasks", 0, $"a whole number, 1 to {Limits.TasksPerJobMax}");
        if (job.Kind is JobKind.Batch or JobKind.Training && job.Work == 0)
            yield return Range("work", 0, "a number above 0");
        if (job.Share == 0 && job.Devices is null or 0)
            yield return Range("share", 0, $"a whole number, 1 to {Limits.MilliPerDevice - 1}");
        if (job.MinMemory is < 0 or > int.MaxValue)
            yield return Range("min-memory", job.MinMemory.Value, $"0 to {int.MaxValue} MiB");
        if (job.Memory is < 0) yield return Range("memory", job.Memory.Value, "0 MiB or more");
        if (job.Topology?.Required is { } required && Level(required) is null)
            yield return Range("topology.required", $"'{Names.Shorten(required)}'", "rack, pod");
        if (job.Topology?.Preferred is { } preferred && Level(preferred) is null)
            yield return Range("topology.preferred", $"'{Names.Shorten(preferred)}'", "rack, pod");
        if (job.Work is { } work && !double.IsFinite(work)) yield return Range("work", work, "a finite number");
        if (job.Demand is { } demand && !double.IsFinite(demand.Base + demand.Peak + demand.PeakHour
            + demand.Weekend)) yield return Range("demand", demand.Peak, "finite numbers");
        if (job.Serving is { } serving && (serving.RequestsPerDevice is null || serving.DecodeShare is null
            || serving.Utilisation is null))
            yield return Missing("serving", "all of requestsPerDevice, decodeShare and utilisation");
        if ((job.Tiers ?? []).Contains(null!)) yield return Missing("tiers", "a list of tier names without null");
        if ((job.Models ?? []).Contains(null!)) yield return Missing("models", "a list of model names without null");
        if (job.Labels?.Values.Contains(null!) == true) yield return Missing("labels", "an object of texts, not null");
    }

    /// <summary>None where nothing is said; null where what is said is no level.</summary>
    private static TopologyLevel? Level(string? name) => name switch
    {
        null => TopologyLevel.None,
        "rack" => TopologyLevel.Rack,
        "pod" => TopologyLevel.Pod,
        _ => null,
    };

    private static string? NameOf(TopologyLevel level) =>
        level == TopologyLevel.None ? null : Topology.Name(level);

    private static Refusal Missing(string field, string allowed) =>
        new(Refusal.Invalid, field, $"{field} is missing; allowed: {allowed}");

    private static Refusal Range<T>(string field, T value, string allowed) =>
        new(Refusal.Invalid, field, $"{field} is {value}; allowed: {allowed}");
}
