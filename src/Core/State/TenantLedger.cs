using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>What one tenant holds at home in a cell, and has held. Guests do not count: whoever is at home takes them
/// back.</summary>
public sealed class TenantUse(int tiers)
{
    /// <summary>Thousandths of devices, by the rank of the tier.</summary>
    internal readonly long[] TierMilli = new long[tiers];
    internal int Allocations;

    public bool HoldsAnything => Allocations > 0;

    public long CpuMilli { get; internal set; }
    public long MemoryMiB { get; internal set; }

    /// <summary>What it held on average, at <see cref="At"/>; see <see cref="TenantLedger"/>.</summary>
    internal readonly double[] TierPast = new double[tiers];
    internal double CpuPast;
    internal double MemoryPast;
    internal DateTimeOffset At;
}

/// <summary>
/// Who holds how much of a cell and has held how much, kept up with every allocation and every node, and what follows
/// from it for the order of the queue: dominant resource fairness (Ghodsi et al., NSDI 2011), with a memory. What a
/// tenant has held is an average in which an hour counts half as much as one that is a half-life younger, as usage
/// decays in Slurm's PriorityDecayHalfLife and Kueue's usageHalfLifeTime. Without it a tenant whose gang has just ended
/// would be the one that has nothing, however much it has used.
/// </summary>
public sealed class TenantLedger(Catalog catalog, QueuePolicy policy)
{
    /// <summary>
    /// How much of the share is what is held now. Enough to deal out a burst in turns, and little, because a decision
    /// often falls where somebody's work has just ended: half and half gave a tenant of weight 3 of 4 62 % of the hours
    /// where gangs of different sizes share two nodes, and this gives it 74 %.
    /// </summary>
    private const double HeldCounts = 1.0 / 16;

    /// <summary>Tenants that hold nothing any more are looked through for forgotten ones beyond so many.</summary>
    private const int TenantsToKeep = 1_024;

    private readonly SortedDictionary<string, TenantUse> _tenants = new(StringComparer.Ordinal);
    private readonly Dictionary<int, NodeState> _counted = [];
    private readonly long[] _tierMilli = new long[catalog.Tiers.Count];
    private long _cpuMilli;
    private long _memoryMiB;

    /// <summary>Time of the cell.</summary>
    internal DateTimeOffset At { get; set; }

    /// <summary>Counts up whenever a tenant takes what is beyond its own, which owners may take back.</summary>
    internal long Loans { get; private set; }

    /// <summary>Tenants that hold something at home, or have held something lately, by name.</summary>
    public IReadOnlyDictionary<string, TenantUse> Tenants => _tenants;

    /// <summary>Thousandths of the devices of a tier on nodes that take work.</summary>
    public long CapacityMilli(Tier tier) => _tierMilli[tier.Rank];

    /// <summary>Thousandths of devices that a tenant holds at home on a tier.</summary>
    public long UseMilli(string tenant, Tier tier) =>
        _tenants.TryGetValue(tenant, out var use) ? use.TierMilli[tier.Rank] : 0;

    /// <summary>
    /// The greatest part of anything that a tenant holds - of the devices of a tier, of the CPU or of the memory of the
    /// nodes that take work - divided by its weight; with a half-life, of what it has held, and a little of what it
    /// holds. Zero when fair shares are switched off.
    /// </summary>
    public double Share(string tenant)
    {
        if (!policy.FairShare || !_tenants.TryGetValue(tenant, out var use)) return 0;
        var kept = Kept(use);
        var dominant = Math.Max(
            Part(Mean(use.CpuMilli, use.CpuPast), _cpuMilli), Part(Mean(use.MemoryMiB, use.MemoryPast), _memoryMiB));
        for (var rank = 0; rank < _tierMilli.Length; rank++)
            dominant = Math.Max(dominant, Part(Mean(use.TierMilli[rank], use.TierPast[rank]), _tierMilli[rank]));
        return dominant / policy.Weights.GetValueOrDefault(tenant, 1);

        double Mean(long now, double past) =>
            policy.HalfLife <= TimeSpan.Zero ? now : now * HeldCounts + Past(now, past, kept) * (1 - HeldCounts);
    }

    /// <summary>Whether the next step of a job would be a loan on all tiers where it is at home.</summary>
    internal bool Borrows(JobSpec spec, IReadOnlyList<Alternative> home)
    {
        if (!policy.Quotas.Any || home.Count == 0) return false;
        var least = JobSpecs.LeastMilli(spec);
        foreach (var alternative in home)
            if (policy.Quotas.Find(spec.Tenant, alternative.Tier.Name) is not { } quota
                || UseMilli(spec.Tenant, alternative.Tier) + least
                    <= CapacityMilli(alternative.Tier) * quota.NominalPercent / 100) return false;
        return true;
    }

    /// <summary>Work may still hold what takes no new work: then it holds all there is.</summary>
    private static double Part(double used, long capacity) =>
        used <= 0 ? 0 : capacity == 0 ? 1 : used / capacity;

    /// <summary>How much of an average of then counts now, 0..1.</summary>
    private double Kept(TenantUse use) =>
        policy.HalfLife <= TimeSpan.Zero ? 0 : Math.Pow(0.5, (At - use.At) / policy.HalfLife);

    /// <summary>The average now, of one that was worked out when the holding since then began.</summary>
    private static double Past(long held, double past, double kept) => past * kept + held * (1 - kept);

    /// <summary>Before what the tenant holds changes.</summary>
    private void Remember(TenantUse use)
    {
        var kept = Kept(use);
        for (var rank = 0; rank < use.TierPast.Length; rank++)
            use.TierPast[rank] = Past(use.TierMilli[rank], use.TierPast[rank], kept);
        use.CpuPast = Past(use.CpuMilli, use.CpuPast, kept);
        use.MemoryPast = Past(use.MemoryMiB, use.MemoryPast, kept);
        use.At = At;
    }

    private TenantUse Of(string tenant)
    {
        if (_tenants.TryGetValue(tenant, out var use)) return use;
        if (_tenants.Count >= TenantsToKeep)
            foreach (var (name, other) in _tenants.ToList())
                if (other.Allocations == 0 && IsForgotten(other)) _tenants.Remove(name);
        _tenants.Add(tenant, use = new TenantUse(_tierMilli.Length) { At = At });
        return use;
    }

    /// <summary>It holds nothing, and what it held is less than a thousandth of a device, a core or a GiB.</summary>
    private bool IsForgotten(TenantUse use)
    {
        var kept = Kept(use);
        return use.TierPast.All(past => past * kept < 1) && use.CpuPast * kept < 1 && use.MemoryPast * kept < 1;
    }

    /// <summary>What tenants have held, for the cell's image.</summary>
    internal IReadOnlyList<TenantPastImage> Capture() =>
    [
        .. _tenants.Select(t => new TenantPastImage(
            t.Key, t.Value.At,
            [.. catalog.Tiers.Select((tier, rank) => (tier.Name, t.Value.TierPast[rank])).Where(p => p.Item2 > 0)],
            t.Value.CpuPast, t.Value.MemoryPast)),
    ];

    /// <summary>After the allocations of the image, which say what is held.</summary>
    internal void Restore(IEnumerable<TenantPastImage> pasts)
    {
        foreach (var past in pasts)
        {
            var use = Of(past.Tenant);
            use.At = past.At;
            use.CpuPast = past.CpuMilli;
            use.MemoryPast = past.MemoryMiB;
            foreach (var (tier, milli) in past.Tiers)
                if (catalog.FindTier(tier) is { } known) use.TierPast[known.Rank] = milli;
        }
    }

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
        var use = Of(allocation.Job.Spec.Tenant);
        if (use.At != At) Remember(use);
        var rank = catalog.RankOf(allocation.Node.Accelerator.Model);
        use.TierMilli[rank] += sign * (long)allocation.DeviceMilli;
        if (sign > 0 && policy.Quotas.Find(allocation.Job.Spec.Tenant, catalog.Tiers[rank].Name) is { } quota
            && use.TierMilli[rank] > _tierMilli[rank] * quota.NominalPercent / 100) Loans++;
        use.CpuMilli += sign * (long)allocation.CpuMilli;
        use.MemoryMiB += sign * allocation.MemoryMiB;
        use.Allocations += sign;
        if (use.Allocations == 0 && policy.HalfLife <= TimeSpan.Zero) _tenants.Remove(allocation.Job.Spec.Tenant);
    }
}
