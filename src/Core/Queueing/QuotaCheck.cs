using System.Globalization;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>
/// What quotas say to a placement at home. Guests are outside of quotas: whoever is at home takes their devices back
/// anyway. All amounts are thousandths of devices.
/// </summary>
public static class QuotaCheck
{
    /// <summary>Null when the tenant's quota lets the job have so much more on the alternative's tier now; else which
    /// quota says no, with the numbers.</summary>
    public static Refusal? WhyNot(CellState state, JobState job, Alternative alternative, int devicesMilli)
    {
        if (alternative.Guest || HeadroomMilli(state, job.Spec.Tenant, alternative.Tier) >= devicesMilli) return null;
        var tenant = job.Spec.Tenant;
        var tier = alternative.Tier;
        var quota = state.Policy.Queue.Quotas.Find(tenant, tier.Name)!;
        return new Refusal(Refusal.OverQuota, "tenant", string.Create(CultureInfo.InvariantCulture,
            $"tenant {tenant} holds {state.Tenants.UseMilli(tenant, tier) / 1000.0:0.###} devices of {tier.Name} in "
            + $"cell {state.Cell} and wants {devicesMilli / 1000.0:0.###} more; its quota is "
            + $"{quota.NominalPercent}% and it may borrow {quota.BorrowPercent}% of the "
            + $"{state.Tenants.CapacityMilli(tier) / 1000.0:0.###} that take "
            + $"work, together {LimitMilli(state, tenant, tier) / 1000.0:0.###}"));
    }

    /// <summary>The alternatives on which the tenant's quota lets the job take its next step now.</summary>
    public static IReadOnlyList<Alternative> Within(
        CellState state, JobState job, IReadOnlyList<Alternative> alternatives)
    {
        if (!state.Policy.Queue.Quotas.Any) return alternatives;
        return Within(state, job.Spec, alternatives);
    }

    /// <summary>The same for a job that is not here yet.</summary>
    public static IReadOnlyList<Alternative> Within(
        CellState state, JobSpec spec, IReadOnlyList<Alternative> alternatives)
    {
        var least = JobSpecs.LeastMilli(spec);
        return [.. alternatives.Where(a => a.Guest || HeadroomMilli(state, spec.Tenant, a.Tier) >= least)];
    }

    /// <summary>What the tenant may take on the tier now; <see cref="long.MaxValue"/> without quotas.</summary>
    public static long HeadroomMilli(CellState state, string tenant, Tier tier)
    {
        var limit = LimitMilli(state, tenant, tier);
        return limit == long.MaxValue ? limit : limit - state.Tenants.UseMilli(tenant, tier);
    }

    /// <summary>The most it may hold, borrowed included.</summary>
    public static long LimitMilli(CellState state, string tenant, Tier tier) =>
        state.Policy.Queue.Quotas.Find(tenant, tier.Name) is { } quota
            ? state.Tenants.CapacityMilli(tier) * (quota.NominalPercent + quota.BorrowPercent) / 100
            : long.MaxValue;

    /// <summary>What it has a right to; without quotas, everything.</summary>
    public static long NominalMilli(CellState state, string tenant, Tier tier) =>
        state.Policy.Queue.Quotas.Find(tenant, tier.Name) is { } quota
            ? state.Tenants.CapacityMilli(tier) * quota.NominalPercent / 100
            : long.MaxValue;

    /// <summary>True when somebody waits who would use a device of the model if it found room. Whoever is over its
    /// quota there would not, so it keeps nobody else from what is idle.</summary>
    public static bool IsWanted(CellState state, string model)
    {
        if (!state.Policy.Queue.Quotas.Any)
            return state.Queue.Demands.Any(demand => demand.Alternatives.Any(a => a.Model == model));
        foreach (var waiting in state.Queue.WaitingClasses)
            foreach (var alternative in waiting.Alternatives)
            {
                if (alternative.Model != model) continue;
                if (alternative.Guest) return true;
                foreach (var lane in waiting.Lanes.Values)
                    if (HeadroomMilli(state, lane.Tenant, alternative.Tier)
                        >= JobSpecs.LeastMilli(lane.Head.Spec)) return true;
            }

        return false;
    }

    /// <summary>What it may still take by right; <see cref="long.MaxValue"/> without quotas.</summary>
    public static long RightMilli(CellState state, string tenant, Tier tier)
    {
        var nominal = NominalMilli(state, tenant, tier);
        return nominal == long.MaxValue ? nominal : Math.Max(0, nominal - state.Tenants.UseMilli(tenant, tier));
    }

    /// <summary>Whether another tenant waits for what it has a right to on the tier.</summary>
    public static bool IsOwed(CellState state, string tenant, Tier tier)
    {
        foreach (var waiting in state.Queue.WaitingClasses)
            foreach (var alternative in waiting.Home)
            {
                if (alternative.Tier != tier) continue;
                foreach (var lane in waiting.Lanes.Values)
                    if (lane.Tenant != tenant && IsWithinNominal(state, lane.Head, alternative)) return true;
            }

        return false;
    }

    /// <summary>What it holds beyond its right.</summary>
    public static long BorrowedMilli(CellState state, string tenant, Tier tier) =>
        Math.Max(0, state.Tenants.UseMilli(tenant, tier) - NominalMilli(state, tenant, tier));

    /// <summary>Whether the job's tenant has a right to the next step of it on the alternative's tier, and need not
    /// borrow; true without quotas.</summary>
    public static bool IsWithinNominal(CellState state, JobState job, Alternative alternative)
    {
        var nominal = NominalMilli(state, job.Spec.Tenant, alternative.Tier);
        return nominal == long.MaxValue
            || state.Tenants.UseMilli(job.Spec.Tenant, alternative.Tier) + JobSpecs.LeastMilli(job.Spec) <= nominal;
    }

    /// <summary>Whether the job's tenant has a quota of the tier that so many more would be within.</summary>
    internal static bool IsOwned(CellState state, JobState job, Alternative alternative, long devicesMilli) =>
        NominalMilli(state, job.Spec.Tenant, alternative.Tier) is var nominal and not long.MaxValue
        && state.Tenants.UseMilli(job.Spec.Tenant, alternative.Tier) + devicesMilli <= nominal;

    /// <summary>Whether borrowers on any home tier of the job have to give back; see below.</summary>
    public static bool MayReclaim(CellState state, JobState job)
    {
        foreach (var alternative in job.Class.Home)
            if (MayReclaim(state, job, alternative)) return true;
        return false;
    }

    /// <summary>
    /// Whether the job's tenant would stay within its nominal quota of the tier, while another one borrows there: then
    /// borrowers have to give back. Quotas are of devices, so work without any has no right to what others hold.
    /// </summary>
    public static bool MayReclaim(CellState state, JobState job, Alternative alternative)
    {
        if (JobSpecs.LeastMilli(job.Spec) == 0) return false;
        var tenant = job.Spec.Tenant;
        var tier = alternative.Tier;
        if (alternative.Guest || state.Policy.Queue.Quotas.Find(tenant, tier.Name) is null) return false;
        if (!IsWithinNominal(state, job, alternative)) return false;
        foreach (var other in state.Tenants.Tenants.Keys)
            if (other != tenant && BorrowedMilli(state, other, tier) > 0) return true;
        return false;
    }
}
