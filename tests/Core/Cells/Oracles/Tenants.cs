using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>What tenants hold and how their jobs are ordered, worked out anew from nodes and allocations.</summary>
public static class Tenants
{
    public static IEnumerable<string> Complaints(CellState state)
    {
        var holders = state.Allocations.Values.Where(a => !a.Guest).ToLookup(a => a.Job.Spec.Tenant);
        if (!holders.Select(h => h.Key).Order(StringComparer.Ordinal).SequenceEqual(state.Tenants.Tenants.Keys))
            yield return $"tenants {string.Join(", ", state.Tenants.Tenants.Keys)} are said to hold something";
        foreach (var tier in state.Catalog.Tiers)
        {
            var capacity = Capacity(state, tier.Name);
            if (state.Tenants.CapacityMilli(tier) != capacity)
                yield return $"{state.Tenants.CapacityMilli(tier)} of {tier.Name} take work, and it is {capacity}";
            foreach (var tenant in holders)
                if (state.Tenants.UseMilli(tenant.Key, tier) != Use(state, tenant.Key, tier.Name))
                    yield return $"{tenant.Key} is said to hold {state.Tenants.UseMilli(tenant.Key, tier)} of "
                        + $"{tier.Name}, and it is {Use(state, tenant.Key, tier.Name)}";
        }

        foreach (var tenant in holders)
            if (state.Tenants.Share(tenant.Key) != Share(state, tenant.Key))
                yield return $"the share of {tenant.Key} is {state.Tenants.Share(tenant.Key)}, "
                    + $"not {Share(state, tenant.Key)}";
    }

    public static long Capacity(CellState state, string tier) => state.Nodes
        .Where(n => n is { Lost: false, Draining: false } && n.Accelerator.Tier == tier)
        .Sum(n => n.Devices * 1_000L);

    public static long Use(CellState state, string tenant, string tier) => state.Allocations.Values
        .Where(a => !a.Guest && a.Job.Spec.Tenant == tenant && a.Node.Accelerator.Tier == tier)
        .Sum(a => (long)Rules.DevicesOf(a.Placed).Count() * Rules.MilliOf(a.Placed));

    public static double Share(CellState state, string tenant)
    {
        if (!state.Policy.Queue.FairShare) return 0;
        var ready = state.Nodes.Where(n => n is { Lost: false, Draining: false }).ToList();
        var mine = state.Allocations.Values.Where(a => !a.Guest && a.Job.Spec.Tenant == tenant).ToList();
        var parts = state.Catalog.Tiers.Select(t => Part(Use(state, tenant, t.Name), Capacity(state, t.Name)))
            .Append(Part(
                mine.Sum(a => (long)a.Job.Spec.CpuMilli * a.Placed.Ranks),
                ready.Sum(n => (long)n.Admitted.CpuMilli)))
            .Append(Part(mine.Sum(a => a.Job.Spec.MemoryMiB * a.Placed.Ranks), ready.Sum(n => n.Admitted.MemoryMiB)));
        return parts.Max() / state.Policy.Queue.Weights.GetValueOrDefault(tenant, 1);
    }

    /// <summary>The class by which a waiting job is ordered.</summary>
    public static int Level(CellState state, JobState job)
    {
        var level = (int)job.Spec.Priority;
        if (state.Policy.Queue.Ageing == TimeSpan.Zero) return level;
        for (var waited = state.At - job.WaitingSince!.Value;
             waited >= state.Policy.Queue.Ageing && level < (int)Priority.High;
             waited -= state.Policy.Queue.Ageing)
            level++;
        return level;
    }

    private static double Part(long used, long capacity) =>
        used == 0 ? 0 : capacity == 0 ? 1 : (double)used / capacity;
}
