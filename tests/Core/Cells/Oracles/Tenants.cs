using System.Numerics;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>What tenants hold and how their jobs are ordered, worked out anew from nodes and allocations.</summary>
public static class Tenants
{
    /// <param name="pasts">What tenants have held, up to the last round.</param>
    public static IEnumerable<string> Complaints(CellState state, TenantPasts pasts)
    {
        pasts.Advance(state);
        var holders = state.Allocations.Values.Where(a => !a.Guest).ToLookup(a => a.Job.Spec.Tenant);
        var said = state.Tenants.Tenants.Where(t => t.Value.HoldsAnything).Select(t => t.Key);
        if (!holders.Select(h => h.Key).Order(StringComparer.Ordinal).SequenceEqual(said))
            yield return $"tenants {string.Join(", ", said)} are said to hold something";
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
            if (Math.Abs(state.Tenants.Share(tenant.Key) - Share(state, tenant.Key, pasts)) > 1e-9)
                yield return $"the share of {tenant.Key} is {state.Tenants.Share(tenant.Key)}, "
                    + $"not {Share(state, tenant.Key, pasts)}";
    }

    public static long Capacity(CellState state, string tier) => state.Nodes
        .Where(n => n is { Lost: false, Draining: false } && n.Accelerator.Tier == tier)
        .Sum(n => n.Devices * 1_000L);

    public static long Use(CellState state, string tenant, string tier) => Held(Of(state, tenant), tier);

    /// <summary>What these allocations hold of a tier, of <c>cpu</c> or of <c>memory</c>.</summary>
    public static long Held(IEnumerable<AllocationState> mine, string what) => what switch
    {
        "cpu" => mine.Sum(a => (long)a.Job.Spec.CpuMilli * a.Placed.Ranks),
        "memory" => mine.Sum(a => a.Job.Spec.MemoryMiB * a.Placed.Ranks),
        _ => mine.Where(a => a.Node.Accelerator.Tier == what)
            .Sum(a => (long)BitOperations.PopCount(a.Placed.DeviceMask) * Rules.MilliOf(a.Placed)),
    };

    private static IEnumerable<AllocationState> Of(CellState state, string tenant) =>
        state.Allocations.Values.Where(a => !a.Guest && a.Job.Spec.Tenant == tenant);

    public static double Share(CellState state, string tenant, TenantPasts pasts)
    {
        if (!state.Policy.Queue.FairShare) return 0;
        var ready = state.Nodes.Where(n => n is { Lost: false, Draining: false }).ToList();
        var mine = Of(state, tenant).ToList();
        var parts = state.Catalog.Tiers.Select(t => Part(Counted(t.Name), Capacity(state, t.Name)))
            .Append(Part(Counted("cpu"), ready.Sum(n => (long)n.Admitted.CpuMilli)))
            .Append(Part(Counted("memory"), ready.Sum(n => n.Admitted.MemoryMiB)));
        return parts.Max() / state.Policy.Queue.Weights.GetValueOrDefault(tenant, 1);

        double Counted(string what) => state.Policy.Queue.HalfLife > TimeSpan.Zero
            ? Held(mine, what) / 16.0 + pasts.Of(tenant, what) * 15 / 16
            : Held(mine, what);
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

    private static double Part(double used, long capacity) =>
        used == 0 ? 0 : capacity == 0 ? 1 : (double)used / capacity;
}

/// <summary>What tenants have held, as an average with a half-life, from one round to the next.</summary>
public sealed class TenantPasts
{
    private readonly Dictionary<(string Tenant, string What), (double Past, long Held)> _pasts = [];
    private DateTimeOffset _at;

    public double Of(string tenant, string what) => _pasts.GetValueOrDefault((tenant, what)).Past;

    public void Advance(CellState state)
    {
        var halfLife = state.Policy.Queue.HalfLife;
        var kept = halfLife > TimeSpan.Zero ? Math.Pow(2, -((state.At - _at) / halfLife)) : 0;
        var tenants = state.Jobs.Values.Select(j => j.Spec.Tenant).Concat(_pasts.Keys.Select(k => k.Tenant)).Distinct();
        var mine = state.Allocations.Values.Where(a => !a.Guest).ToLookup(a => a.Job.Spec.Tenant);
        foreach (var tenant in tenants.ToList())
            foreach (var what in state.Catalog.Tiers.Select(t => t.Name).Append("cpu").Append("memory"))
            {
                var (past, held) = _pasts.GetValueOrDefault((tenant, what));
                _pasts[(tenant, what)] = (past * kept + held * (1 - kept), Tenants.Held(mine[tenant], what));
            }

        _at = state.At;
    }
}
