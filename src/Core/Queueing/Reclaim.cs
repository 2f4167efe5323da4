using System.Numerics;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>What borrowers give back, or when they may be asked again.</summary>
/// <param name="Shrinks">Elastic gangs that go on with fewer devices.</param>
/// <param name="Sequences">Allocations that end.</param>
/// <param name="RetryAt">When the next one that might give something has run for its minimum time; null: none is waited
/// for.</param>
internal sealed record ReclaimPlan(
    IReadOnlyList<Shrink> Shrinks, IReadOnlyList<long> Sequences, DateTimeOffset? RetryAt)
{
    public static readonly ReclaimPlan Nothing = new([], [], null);

    public bool Any => Shrinks.Count > 0 || Sequences.Count > 0;
}

/// <summary>
/// Finds what borrowers must give back to a tenant that is within its nominal quota and finds no room. Priority does
/// not matter, since it is about whose devices they are. A borrower keeps them for the minimum run time, so that
/// lending is worth it, but no longer for having been preempted: an owner must not wait for hours. An elastic gang
/// gives devices up before anybody ends, and nobody is asked who holds no more than its own.
/// </summary>
internal static class Reclaim
{
    /// <summary>What ends together: a gang, a task, a replica, or all that holds a part of one device.</summary>
    /// <param name="Cost">Device-milliseconds that are lost when it ends.</param>
    private sealed record Loan(IReadOnlyList<AllocationState> Parts, double Cost)
    {
        public JobState Job => Parts[0].Job;

        public bool IsElastic => Job.Spec.Kind == JobKind.Training && Shrinking.MayShrink(Job);
    }

    public static ReclaimPlan Find(
        CellState state, JobState job, IReadOnlyList<Alternative> alternatives, DateTimeOffset now)
    {
        DateTimeOffset? retryAt = null;
        foreach (var alternative in alternatives)
        {
            if (!QuotaCheck.MayReclaim(state, job, alternative)) continue;
            var loans = Loans(state, job, alternative, now, ref retryAt);
            var debts = new Debts(state, alternative.Tier);
            var plan = job.Spec.Kind == JobKind.Training
                ? ForGang(new RoomLedger(state, job.Spec, alternative.Model), WholeOnes(loans), debts,
                    Math.Min(job.Spec.Devices, QuotaCheck.RightMilli(state, job.Spec.Tenant, alternative.Tier)
                        / Limits.MilliPerDevice))
                : ForTask(job.Spec, loans, debts, Math.Min(Shrinking.WishOf(job),
                    QuotaCheck.RightMilli(state, job.Spec.Tenant, alternative.Tier) / Limits.MilliPerDevice));
            if (plan is not null) return plan;
        }

        return retryAt is null ? ReclaimPlan.Nothing : new ReclaimPlan([], [], retryAt);
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
            if (Protection.EndOfRest(allocation, now, state.Policy) is { } rest && rest > until) until = rest;
            if (until > now)
            {
                if (retryAt is null || until < retryAt) retryAt = until;
                continue;
            }

            IReadOnlyList<AllocationState> parts = gang ? [.. other.Allocations.Values] : [allocation];
            loans.Add(new Loan(parts, Cost(state, allocation, parts, now)));
        }

        // Equal ones are told apart by number, so that every machine decides alike.
        return [.. loans.OrderBy(l => l.Job.Spec.Priority).ThenBy(l => l.Cost)
            .ThenByDescending(l => l.Parts[0].Sequence)];
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

    /// <summary>Shares as they are of use to those who need whole devices: all of a device together, where all may be
    /// asked.</summary>
    private static List<Loan> WholeOnes(List<Loan> loans)
    {
        var whole = loans.Where(l => l.Parts[0].ShareMilli == 0).ToList();
        foreach (var device in loans.Where(l => l.Parts[0].ShareMilli > 0)
            .GroupBy(l => (l.Parts[0].Node.Index, l.Parts[0].DeviceMask)))
        {
            var parts = device.SelectMany(l => l.Parts).ToList();
            if (parts.Sum(p => p.ShareMilli) == parts[0].Node.OwnedMilli(BitOperations.Log2(parts[0].DeviceMask)))
                whole.Add(new Loan(parts, device.Sum(l => l.Cost)));
        }

        return [.. whole.OrderBy(l => l.Parts.Max(p => p.Job.Spec.Priority)).ThenBy(l => l.Cost)
            .ThenByDescending(l => l.Parts[0].Sequence)];
    }

    /// <summary>From the tenant that is furthest over its quota.</summary>
    /// <param name="wish">Devices that elastic gangs give, if they can; others only end for the least size.</param>
    private static ReclaimPlan? ForGang(RoomLedger ledger, List<Loan> loans, Debts debts, long wish)
    {
        var shrinks = new List<Shrink>();
        foreach (var loan in loans.Where(l => l.IsElastic).OrderByDescending(l => debts[l.Job.Spec.Tenant]))
        {
            if (ledger.Room >= wish) break;
            var floor = debts.FloorOf(loan.Job);
            if (Shrinking.GiveUp(ledger, loan.Job, floor, () => ledger.Room >= wish) is not { } shrink) continue;
            debts.Pay(shrink);
            shrinks.Add(shrink);
        }

        var chosen = new List<Loan>();
        while (!ledger.Fits)
        {
            var loan = loans.Where(l => debts.Allow(l.Parts)).MaxBy(l => debts[l.Job.Spec.Tenant]);
            if (loan is null) return null;
            loans.Remove(loan);
            if (shrinks.Find(s => s.Gang == loan.Job) is { } before)
            {
                Shrinking.TakeBack(ledger, before);
                shrinks.Remove(before);
                debts.Pay(before, -1);
            }

            debts.Pay(loan.Parts);
            chosen.Add(loan);
            foreach (var part in loan.Parts) ledger.Free(part);
        }

        for (var i = chosen.Count - 1; i >= 0; i--)
        {
            foreach (var part in chosen[i].Parts) ledger.Bind(part);
            if (ledger.Fits) chosen.RemoveAt(i);
            else foreach (var part in chosen[i].Parts) ledger.Free(part);
        }

        return PlanOf(shrinks, chosen);
    }

    /// <summary>On the node where least is lost.</summary>
    /// <param name="wish">Devices that an elastic gang gives, if it can; others only end for one task.</param>
    private static ReclaimPlan? ForTask(JobSpec spec, List<Loan> loans, Debts debts, long wish)
    {
        var shape = TaskShape.Of(spec);
        (ReclaimPlan Plan, double Cost)? best = null;
        // A share is made room for on one device, whole devices anywhere on a node.
        var places = spec.ShareMilli > 0
            ? PartsOf(loans).SelectMany(l => Devices(l.Part).Select(device => (Place: (l.Part.Node.Index, device), l)))
            : PartsOf(WholeOnes(loans)).Select(l => (Place: (l.Part.Node.Index, -1), l));
        foreach (var place in places.GroupBy(p => p.Place, p => p.l).OrderBy(p => p.Key))
        {
            var node = place.First().Part.Node;
            if (!node.Ready || !Feasibility.HasLabels(node, spec.Labels)) continue;
            if (On(node, shape, [.. place], debts.Copy(), wish) is { } found && !(best?.Cost <= found.Cost))
                best = found;
        }

        return best?.Plan;
    }

    private static IEnumerable<(Loan Loan, AllocationState Part)> PartsOf(List<Loan> loans) =>
        loans.SelectMany(l => l.Parts.DistinctBy(p => p.Node).Select(p => (l, p)));

    private static IEnumerable<int> Devices(AllocationState part)
    {
        for (var mask = part.DeviceMask; mask != 0; mask &= mask - 1)
            yield return BitOperations.TrailingZeroCount(mask);
    }

    private static (ReclaimPlan Plan, double Cost)? On(
        NodeState node, in TaskShape shape, List<(Loan Loan, AllocationState Part)> here, Debts debts, long wish)
    {
        // A gang that shrinks is cheaper than whatever ends.
        foreach (var (loan, part) in here)
            if (loan.IsElastic && debts.Allow(loan.Parts)
                && Shrinking.GiveUp(node.Room.Copy(), shape, part, debts.FloorOf(loan.Job), wish) is { } shrink)
                return (PlanOf([shrink], []), 0);

        var room = node.Room.Copy();
        var chosen = new List<Loan>();
        foreach (var (loan, _) in here.OrderBy(l => l.Loan.Job.Spec.Kind == JobKind.Training))
        {
            if (Shrinking.Holds(room, shape)) break;
            if (!debts.Allow(loan.Parts)) continue;
            debts.Pay(loan.Parts);
            Change(room, loan, node, -1);
            chosen.Add(loan);
        }

        if (!Shrinking.Holds(room, shape)) return null;
        for (var i = chosen.Count - 1; i >= 0; i--)
        {
            Change(room, chosen[i], node, +1);
            if (Shrinking.Holds(room, shape)) chosen.RemoveAt(i);
            else Change(room, chosen[i], node, -1);
        }

        return (PlanOf([], chosen), chosen.Sum(c => c.Cost) + chosen.Count);
    }

    private static void Change(NodeRoom room, Loan loan, NodeState node, int sign)
    {
        foreach (var part in loan.Parts)
            if (part.Node == node)
                room.Change(
                    new TaskShape(part.CpuMilli, part.MemoryMiB,
                        part.ShareMilli > 0 ? 0 : BitOperations.PopCount(part.DeviceMask), part.ShareMilli),
                    part.DeviceMask, sign);
    }

    private static ReclaimPlan PlanOf(IReadOnlyList<Shrink> shrinks, List<Loan> ended) =>
        new(shrinks, [.. ended.SelectMany(l => l.Parts).Select(p => p.Sequence)], null);
}
