using Stockpile.Core.Cells;
using Stockpile.Core.Fleets;

namespace Stockpile.Core.Queueing;

/// <summary>What one tenant holds at home in a cell. Guests do not count: whoever is at home takes them back.</summary>
public sealed class TenantUse(int tiers)
{
    /// <summary>Thousandths of devices, by the rank of the tier.</summary>
    internal readonly long[] TierMilli = new long[tiers];
    internal int Allocations;

    public long CpuMilli { get; internal set; }
    public long MemoryMiB { get; internal set; }
}

/// <summary>
/// Who holds how much of a cell, kept up with every allocation and every node, and what follows from it for the order
/// of the queue: dominant resource fairness (Ghodsi et al., NSDI 2011).
/// </summary>
public sealed class TenantLedger(Catalog catalog, QueuePolicy policy)
{
    private readonly SortedDictionary<string, TenantUse> _tenants = new(StringComparer.Ordinal);
    private readonly Dictionary<int, NodeState> _counted = [];
    private readonly long[] _tierMilli = new long[catalog.Tiers.Count];
    private long _cpuMilli;
    private long _memoryMiB;

    /// <summary>Tenants that hold something at home, by name.</summary>
    public IReadOnlyDictionary<string, TenantUse> Tenants => _tenants;

    /// <summary>Thousandths of the devices of a tier on nodes that take work.</summary>
    public long CapacityMilli(Tier tier) => _tierMilli[tier.Rank];

    /// <summary>Thousandths of devices that a tenant holds at home on a tier.</summary>
    public long UseMilli(string tenant, Tier tier) =>
        _tenants.TryGetValue(tenant, out var use) ? use.TierMilli[tier.Rank] : 0;

    /// <summary>
    /// The greatest part of anything that a tenant holds - of the devices of a tier, of the CPU or of the memory of the
    /// nodes that take work - divided by its weight. Zero when fair shares are switched off.
    /// </summary>
    public double Share(string tenant)
    {
        if (!policy.FairShare || !_tenants.TryGetValue(tenant, out var use)) return 0;
        var dominant = Math.Max(Part(use.CpuMilli, _cpuMilli), Part(use.MemoryMiB, _memoryMiB));
        for (var rank = 0; rank < _tierMilli.Length; rank++)
            dominant = Math.Max(dominant, Part(use.TierMilli[rank], _tierMilli[rank]));
        return dominant / policy.Weights.GetValueOrDefault(tenant, 1);
    }

    /// <summary>Work may still hold what takes no new work: then it holds all there is.</summary>
    private static double Part(long used, long capacity) =>
        used == 0 ? 0 : capacity == 0 ? 1 : (double)used / capacity;

    /// <summary>Takes up whether a node takes work; done after every change of that.</summary>
    internal void Update(NodeState node)
    {
        if (_counted.Remove(node.Index, out var known)) Count(known, -1);
        if (!node.Ready) return;
        _counted.Add(node.Index, node);
        Count(node, +1);
    }

    private void Count(NodeState node, int sign)
    {
        _tierMilli[catalog.RankOf(node.Accelerator.Model)] += sign * (long)node.Devices * Limits.MilliPerDevice;
        _cpuMilli += sign * (long)node.Admitted.CpuMilli;
        _memoryMiB += sign * node.Admitted.MemoryMiB;
    }

    internal void Use(AllocationState allocation, int sign)
    {
        if (allocation.Guest) return;
        var tenant = allocation.Job.Spec.Tenant;
        if (!_tenants.TryGetValue(tenant, out var use))
            _tenants.Add(tenant, use = new TenantUse(_tierMilli.Length));
        use.TierMilli[catalog.RankOf(allocation.Node.Accelerator.Model)] += sign * (long)allocation.DeviceMilli;
        use.CpuMilli += sign * (long)allocation.CpuMilli;
        use.MemoryMiB += sign * allocation.MemoryMiB;
        use.Allocations += sign;
        if (use.Allocations == 0) _tenants.Remove(tenant);
    }
}
