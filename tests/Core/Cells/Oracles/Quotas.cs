using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>The rules of quotas, from nodes and allocations alone.</summary>
public static class Quotas
{
    /// <summary>Whether the least that the job can be given on the model takes its tenant over its limit.</summary>
    public static bool Forbids(CellState state, JobState job, Accelerator model)
    {
        var spec = job.Spec;
        if (Rules.IsGuest(spec, model, state.Policy)) return false;
        if (state.Policy.Queue.Quotas.Find(spec.Tenant, model.Tier) is not { } quota) return false;
        return Tenants.Use(state, spec.Tenant, model.Tier) + LeastMilli(spec) > Limit(state, quota, model.Tier);
    }

    /// <summary>Whether the job's tenant has no right of its own to that on the model.</summary>
    public static bool Borrows(CellState state, JobState job, Accelerator model) =>
        state.Policy.Queue.Quotas.Find(job.Spec.Tenant, model.Tier) is { } quota
        && Tenants.Use(state, job.Spec.Tenant, model.Tier) + LeastMilli(job.Spec)
            > Tenants.Capacity(state, model.Tier) * quota.NominalPercent / 100;

    private static int LeastMilli(JobSpec spec) => spec.Kind == JobKind.Training ? Rules.Least(spec) * 1_000
        : spec.ShareMilli > 0 ? spec.ShareMilli : spec.Devices * 1_000;

    public static IEnumerable<(string Tenant, string Tier)> Borrowers(CellState state) =>
        from tenant in Names(state)
        from tier in state.Catalog.Tiers
        where state.Policy.Queue.Quotas.Find(tenant, tier.Name) is { } quota
            && Tenants.Use(state, tenant, tier.Name) * 100
                > Tenants.Capacity(state, tier.Name) * quota.NominalPercent
        select (tenant, tier.Name);

    /// <summary>Complaints about a round that the state has taken up; the log takes it up too.</summary>
    public static IEnumerable<string> Complaints(Round round, EventLog log, CellState state)
    {
        var complaints = new List<string>();
        var placed = new HashSet<(string Tenant, string Tier)>();

        // Who goes on elsewhere keeps what it had, also where a drain made its quota smaller meanwhile.
        var moved = round.Events.OfType<JobMoved>().Select(m => m.Job).ToHashSet();
        foreach (var committed in round.Events)
        {
            if (committed is JobPlaced p && !moved.Contains(p.Job) && state.FindJob(p.Job) is { } job)
                foreach (var allocation in p.Allocations)
                    if (!allocation.Guest)
                        placed.Add((job.Spec.Tenant, state.FindNode(allocation.Node)!.Accelerator.Tier));
            if (committed is AllocationsEnded { End: AllocationEnd.Reclaimed } ended)
                complaints.AddRange(OfReclaim(ended, round, log, state));
            log.Take(committed);
        }

        foreach (var (tenant, tier) in placed)
            if (state.Policy.Queue.Quotas.Find(tenant, tier) is { } quota
                && Tenants.Use(state, tenant, tier) > Limit(state, quota, tier))
                complaints.Add($"{tenant} was given {Tenants.Use(state, tenant, tier)} of {tier}, "
                    + $"and may hold {Limit(state, quota, tier)}");

        // Lent is what others do not use of their own: all uses together are no more than there is.
        foreach (var tier in state.Catalog.Tiers)
        {
            var closed = state.Allocations.Values.Any(a => a.Node.Draining && a.Node.Accelerator.Tier == tier.Name);
            var used = Names(state).Sum(t => Tenants.Use(state, t, tier.Name));
            if (!closed && used > Tenants.Capacity(state, tier.Name))
                complaints.Add($"{used} of {tier.Name} are used, and {Tenants.Capacity(state, tier.Name)} are there");
        }

        return complaints;
    }

    private static IEnumerable<string> OfReclaim(AllocationsEnded ended, Round round, EventLog log, CellState state)
    {
        // The cycle is the last part of a round, so nodes are as they are now; what is held is in the log.
        long Use(string tenant, string tier) => log.Live.Values
            .Where(l => !l.Placed.Guest && state.FindJob(l.Job)?.Spec.Tenant == tenant
                && state.FindNode(l.Placed.Node)!.Accelerator.Tier == tier)
            .Sum(l => (long)Rules.DevicesOf(l.Placed).Count() * Rules.MilliOf(l.Placed));
        foreach (var job in ended.Sequences.GroupBy(s => log.Live[s].Job))
        {
            var first = log.Live[job.First()];
            if (state.FindJob(first.Job) is not { } loser) continue;
            var tier = state.FindNode(first.Placed.Node)!.Accelerator.Tier;
            var quota = state.Policy.Queue.Quotas.Find(loser.Spec.Tenant, tier);
            if (quota is null || Use(loser.Spec.Tenant, tier) * 100
                <= Tenants.Capacity(state, tier) * quota.NominalPercent)
                yield return $"job {first.Job} had to give back what {loser.Spec.Tenant} did not borrow";
            if (loser.Spec.Kind == JobKind.Training
                && log.Live.Any(l => l.Value.Job == first.Job && !ended.Sequences.Contains(l.Key)))
                yield return $"only a part of gang {first.Job} was reclaimed";
            if (first.Placed.Guest) yield return $"guest {job.First()} was reclaimed, and guests have no quota";
        }
    }

    private static long Limit(CellState state, TenantQuota quota, string tier) =>
        Tenants.Capacity(state, tier) * (quota.NominalPercent + quota.BorrowPercent) / 100;

    private static IEnumerable<string> Names(CellState state) =>
        state.Jobs.Values.Select(j => j.Spec.Tenant).Distinct();
}
