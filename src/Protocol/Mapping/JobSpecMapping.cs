using System.Runtime.Serialization;
using Google.Protobuf.Collections;
using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Mapping;

/// <summary>A job's specification, from the core's record to the wire's message and back.</summary>
public static class JobSpecMapping
{
    public static JobSpecMsg ToWire(this JobSpec spec)
    {
        var msg = new JobSpecMsg
        {
            Name = spec.Name,
            Kind = (int)spec.Kind,
            Tenant = spec.Tenant,
            Priority = (int)spec.Priority,
            Tiers = { spec.Tiers },
            Models = { spec.Models },
            MinMemoryMib = spec.MinMemoryMiB,
            CpuMilli = spec.CpuMilli,
            MemoryMib = spec.MemoryMiB,
            Devices = spec.Devices,
            ShareMilli = spec.ShareMilli,
            PerNode = spec.PerNode,
            MinDevices = spec.MinDevices,
            MaxDevices = spec.MaxDevices,
            TopologyRequired = (int)spec.TopologyRequired,
            TopologyPreferred = (int)spec.TopologyPreferred,
            WorkHours = spec.WorkHours,
            CheckpointMs = spec.Checkpoint.ToWireMs(),
            Generation = spec.Generation,
            MinReplicas = spec.MinReplicas,
            MaxReplicas = spec.MaxReplicas,
            LatencyClass = spec.LatencyClass,
            Guest = spec.Guest,
            Tasks = spec.Tasks,
            DurationMs = spec.Duration.ToWireMs(),
        };
        foreach (var (name, value) in spec.Labels) msg.Labels.Add(name, value);
        if (spec.Retries != Limits.RetriesDefault) msg.Retries = spec.Retries;
        if (spec.Demand is { } demand)
            msg.Demand = ToWire(demand);
        if (spec.Serving is { } serving)
            msg.Serving = new ServingRateMsg
            {
                RequestsPerDevice = serving.RequestsPerDevice,
                DecodeShare = serving.DecodeShare,
                Utilisation = serving.Utilisation,
            };
        return msg;
    }

    private static DemandMsg ToWire(Demand demand)
    {
        var msg = new DemandMsg
        {
            Base = demand.Base,
            Peak = demand.Peak,
            PeakHour = demand.PeakHour,
            Zone = demand.Zone,
        };
        if (!demand.Weekend.Equals(1)) msg.Weekend = demand.Weekend;
        return msg;
    }

    /// <exception cref="SerializationException">It is missing, or has a value that this release does not know.
    /// </exception>
    public static JobSpec FromWire(this JobSpecMsg? msg) => msg is null
        ? throw new SerializationException("a job has no specification")
        : new JobSpec
    {
        Name = msg.Name,
        Kind = Known((JobKind)msg.Kind),
        Tenant = msg.Tenant,
        Priority = Known((Priority)msg.Priority),
        Tiers = msg.Tiers.ToArray(),
        Models = msg.Models.ToArray(),
        MinMemoryMiB = msg.MinMemoryMib,
        CpuMilli = msg.CpuMilli,
        MemoryMiB = msg.MemoryMib,
        Labels = Labels(msg.Labels),
        Devices = msg.Devices,
        ShareMilli = msg.ShareMilli,
        PerNode = msg.PerNode,
        MinDevices = msg.MinDevices,
        MaxDevices = msg.MaxDevices,
        TopologyRequired = Known((TopologyLevel)msg.TopologyRequired),
        TopologyPreferred = Known((TopologyLevel)msg.TopologyPreferred),
        WorkHours = msg.WorkHours,
        Checkpoint = WireTime.Duration(msg.CheckpointMs),
        Generation = msg.Generation,
        MinReplicas = msg.MinReplicas,
        MaxReplicas = msg.MaxReplicas,
        Demand = msg.Demand is { } demand
            ? new Demand(demand.Base, demand.Peak, demand.PeakHour, demand.HasWeekend ? demand.Weekend : 1, demand.Zone)
            : null,
        Serving = msg.Serving is { } serving
            ? new ServingRate(serving.RequestsPerDevice, serving.DecodeShare, serving.Utilisation)
            : null,
        LatencyClass = msg.LatencyClass,
        Guest = msg.Guest,
        Tasks = msg.Tasks,
        Duration = WireTime.Duration(msg.DurationMs),
        Retries = msg.HasRetries ? msg.Retries : Limits.RetriesDefault,
    };

    /// <summary>Labels compare by ordinal; the shared empty map spares most jobs a map of their own.</summary>
    internal static IReadOnlyDictionary<string, string> Labels(MapField<string, string> labels) =>
        labels.Count == 0 ? JobSpec.NoLabels : new Dictionary<string, string>(labels, StringComparer.Ordinal);

    /// <summary>Refuses a value that a newer release may know: to guess would change what the bytes say.</summary>
    internal static T Known<T>(T value) where T : struct, Enum =>
        Enum.IsDefined(value)
            ? value
            : throw new SerializationException($"{value:D} is not a {typeof(T).Name} that this release knows");
}
