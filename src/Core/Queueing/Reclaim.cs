using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;

namespace Stockpile.Core.Queueing;

/// <summary>
/// Finds what borrowers must give back to a tenant that is within its nominal quota and finds no room. Priority does
/// not matter, since it is about whose devices they are. A borrower keeps them for the minimum run time, so that
/// lending is worth it, but no longer for having been preempted: an owner must not wait for hours.
/// </summary>
public static class Reclaim
{
    private sealed record Loan(string Tenant, IReadOnlyList<AllocationState> Parts, Priority Priority, double Cost)
    {
        public long Milli { get; } = Parts.Sum(p => (long)p.DeviceMilli);
    }

    public static EvictionPlan Find(
        CellState state, JobState job, IReadOnlyList<Alternative> alternatives, DateTimeOffset now)
    {
        DateTimeOffset? retryAt = null;
        foreach (var alternative in alternatives)
        {
            if (!QuotaCheck.MayReclaim(state, job, alternative)) continue;
            var loans = Loans(state, job, alternative, now, ref retryAt);
            if (Choose(state, job, alternative, loans) is { } chosen)
                return new EvictionPlan([.. chosen.SelectMany(l => l.Parts).Select(p => p.Sequence)], null);
        }

        return EvictionPlan.Later(retryAt);
    }

    /// <summary>What borrowers of the tier hold of the model and may be asked for now, the cheapest first.</summary>
    private static List<Loan> Loans(
        CellState state, JobState job, Alternative alternative, DateTimeOffset now, ref DateTimeOffset? retryAt)
    {
        var policy = state.Policy.Queue.Preemption;
        var loans = new List<Loan>();
        var seen = new HashSet<long>();
        foreach (var allocation in state.Allocations.Values)
        {
            var other = allocation.Job;
            if (allocation.Guest || allocation.DeviceMilli == 0 || other.Spec.Tenant == job.Spec.Tenant
                || allocation.Node.Accelerator.Model != alternative.Model
                || QuotaCheck.BorrowedMilli(state, other.Spec.Tenant, alternative.Tier) == 0) continue;
            var gang = other.Spec.Kind == JobKind.Training;
            if (gang && !seen.Add(other.Number)) continue;
            var until = Protection.UntilMinRunTime(allocation, policy);
            if (until > now)
            {
                if (retryAt is null || until < retryAt) retryAt = until;
                continue;
            }

            IReadOnlyList<AllocationState> parts = gang ? [.. other.Allocations.Values] : [allocation];
            loans.Add(new Loan(other.Spec.Tenant, parts, other.Spec.Priority, Cost(state, allocation, parts, now)));
        }

        // Equal ones are told apart by number, so that every machine decides alike.
        return [.. loans.OrderBy(l => l.Priority).ThenBy(l => l.Cost).ThenByDescending(l => l.Parts[0].Sequence)];
    }

    /// <summary>Device-milliseconds that are lost: a replica loses none, a task all it did.</summary>
    private static double Cost(
        CellState state, AllocationState allocation, IReadOnlyList<AllocationState> parts, DateTimeOffset now)
    {
        var devices = parts.Sum(p => p.DeviceMilli) / (double)Limits.MilliPerDevice;
        return allocation.Job.Spec.Kind switch
        {
            JobKind.Training => Protection.Cost(
                allocation.Job, (int)devices, now, state.Policy.Queue.Preemption),
            JobKind.Batch => devices * (now - (allocation.StartedAt ?? now)).TotalMilliseconds,
            _ => 0,
        };
    }

    /// <summary>From the tenant that is furthest over its quota, and never from one that no longer is.</summary>
    private static List<Loan>? Choose(CellState state, JobState job, Alternative alternative, List<Loan> loans)
    {
        var ledger = new RoomLedger(state, AsGang(job.Spec), alternative.Model, job.Spec.Kind == JobKind.Training);
        var over = loans.Select(l => l.Tenant).Distinct(StringComparer.Ordinal).ToDictionary(
            t => t, t => QuotaCheck.BorrowedMilli(state, t, alternative.Tier), StringComparer.Ordinal);
        var chosen = new List<Loan>();
        while (!ledger.Fits)
        {
            var most = over.Where(t => t.Value > 0 && loans.Exists(l => l.Tenant == t.Key))
                .OrderByDescending(t => t.Value).ThenBy(t => t.Key, StringComparer.Ordinal)
                .Select(t => t.Key).FirstOrDefault();
            if (most is null) return null;
            var loan = loans.First(l => l.Tenant == most);
            loans.Remove(loan);
            over[most] -= loan.Milli;
            chosen.Add(loan);
            foreach (var part in loan.Parts) ledger.Free(part);
        }

        for (var i = chosen.Count - 1; i >= 0; i--)
        {
            foreach (var part in chosen[i].Parts) ledger.Bind(part);
            if (ledger.Fits) chosen.RemoveAt(i);
            else foreach (var part in chosen[i].Parts) ledger.Free(part);
        }

        return chosen.Count > 0 ? chosen : null;
    }

    /// <summary>A task needs its devices on one node, like the smallest gang of that shape; a share needs a device.
    /// </summary>
    private static JobSpec AsGang(JobSpec spec)
    {
        if (spec.Kind == JobKind.Training) return spec;
        var devices = Math.Max(1, spec.Devices);
        return spec with
        {
            Devices = devices,
            PerNode = devices,
            CpuMilli = (spec.CpuMilli + devices - 1) / devices,
            MemoryMiB = (spec.MemoryMiB + devices - 1) / devices,
        };
    }
}
