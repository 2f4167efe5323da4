using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>Device-milliseconds of one tier, in whole devices (a share counts as its thousandths).</summary>
public sealed record TierUse
{
    /// <summary>Of admitted nodes that were not lost.</summary>
    public double DeviceMs { get; set; }
    public double TrainingMs { get; set; }
    public double InferenceMs { get; set; }
    public double BatchMs { get; set; }

    /// <summary>Of inference and batch together, what guests held.</summary>
    public double GuestMs { get; set; }

    /// <summary>All and training, while training that may use the tier waits.</summary>
    public double WaitingDeviceMs { get; set; }
    public double WaitingTrainingMs { get; set; }

    internal long DeviceMilli;
    internal long[] UsedMilli { get; private init; } = new long[3];
    internal long GuestMilli;

    internal TierUse Copy() => this with { UsedMilli = [.. UsedMilli] };
}

/// <summary>Integrates what the devices did over simulated time, from round to round.</summary>
public sealed class UsageMeter
{
    private readonly SortedDictionary<string, TierUse> _tiers = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, TierUse> Tiers => _tiers;

    /// <summary>Requests the services wanted to serve, and those their replicas could: rate × time.</summary>
    public double Demand { get; internal set; }
    public double DemandServed { get; internal set; }

    internal TierUse Of(string tier)
    {
        if (!_tiers.TryGetValue(tier, out var use)) _tiers.Add(tier, use = new TierUse());
        return use;
    }

    internal void Devices(NodeState node, int sign) =>
        Of(node.Accelerator.Tier).DeviceMilli += sign * (long)node.Devices * Limits.MilliPerDevice;

    internal void Use(AllocationState allocation, int sign)
    {
        var use = Of(allocation.Node.Accelerator.Tier);
        long milli = sign * allocation.DeviceMilli;
        use.UsedMilli[(int)allocation.Job.Spec.Kind] += milli;
        if (allocation.Guest) use.GuestMilli += milli;
    }

    /// <summary>What <see cref="Advance"/> would make of it; this one stays as it is.</summary>
    internal UsageMeter Advanced(DateTimeOffset from, DateTimeOffset to, CellState state)
    {
        var copy = new UsageMeter { Demand = Demand, DemandServed = DemandServed };
        foreach (var (tier, use) in _tiers) copy._tiers.Add(tier, use.Copy());
        copy.Advance(from, to, state);
        return copy;
    }

    /// <summary>Adds the time from one round to the next, during which nothing changed.</summary>
    internal void Advance(DateTimeOffset from, DateTimeOffset to, CellState state)
    {
        var ms = (to - from).TotalMilliseconds;
        if (ms <= 0) return;
        foreach (var (tier, use) in _tiers)
        {
            var devices = use.DeviceMilli / 1000.0 * ms;
            var training = use.UsedMilli[(int)JobKind.Training] / 1000.0 * ms;
            use.DeviceMs += devices;
            use.TrainingMs += training;
            use.InferenceMs += use.UsedMilli[(int)JobKind.Inference] / 1000.0 * ms;
            use.BatchMs += use.UsedMilli[(int)JobKind.Batch] / 1000.0 * ms;
            use.GuestMs += use.GuestMilli / 1000.0 * ms;
            if (!state.Queue.TrainingWaitsFor(tier)) continue;
            use.WaitingDeviceMs += devices;
            use.WaitingTrainingMs += training;
        }

        foreach (var service in state.Services)
        {
            if (service.Replicas == 0 || service.Held) continue;
            var rate = service.Spec.Demand?.At(from) ?? service.Replicas;
            var capacity = service.Capacity
                ?? rate * service.Allocations.Values.Count(a => a.Started) / service.Replicas;
            Demand += rate * ms / 1000;
            DemandServed += Math.Min(rate, capacity) * ms / 1000;
        }
    }
}
