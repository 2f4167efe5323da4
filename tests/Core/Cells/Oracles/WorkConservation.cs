using System.Numerics;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>
/// After a cycle nothing waits that would fit. It looks at every node for every waiting job and knows no index, no
/// class and no block, which is what makes it slow and worth asking.
/// </summary>
public static class WorkConservation
{
    public static IEnumerable<string> Complaints(CellState state)
    {
        var ready = state.Nodes.Where(n => !n.Lost && !n.Draining).Select(n => new Free(state, n)).ToList();
        var tried = new HashSet<(EquivalenceClass, Priority, string)>();
        foreach (var job in state.Jobs.Values)
        {
            if (job.Ended is not null || job.Held || job.Unplaced.Count == 0) continue;
            // Jobs of one class, priority and tenant differ in nothing that matters here.
            if (!tried.Add((job.Class, job.Spec.Priority, job.Spec.Tenant))) continue;
            var complaint = job.Spec.Kind == JobKind.Training
                ? MayBeHeldBack(state, job) ? null : Gang(state, job, ready)
                : Task(state, job, ready);
            if (complaint is not null) yield return complaint;
        }
    }

    /// <summary>A node as the plain sum of its allocations.</summary>
    private sealed class Free
    {
        public Free(CellState state, NodeState node)
        {
            Node = node;
            Here = [.. node.Allocations.Select(s => state.Allocations[s])];
            Milli = new int[node.Devices];
            Array.Fill(Milli, 1_000);
            foreach (var allocation in Here)
                foreach (var device in Rules.DevicesOf(allocation.Placed))
                    Milli[device] -= Rules.MilliOf(allocation.Placed);
            CpuMilli = node.Admitted.CpuMilli - Here.Sum(Cpu);
            MemoryMiB = node.Admitted.MemoryMiB - Here.Sum(Memory);
        }

        public NodeState Node { get; }
        public List<AllocationState> Here { get; }
        public int[] Milli { get; }
        public int CpuMilli { get; }
        public long MemoryMiB { get; }
    }

    private static int Cpu(AllocationState a) => a.Job.Spec.CpuMilli * a.Placed.Ranks;

    private static long Memory(AllocationState a) => a.Job.Spec.MemoryMiB * a.Placed.Ranks;

    /// <summary>Room for a task at home counts what guests hold there, and what less urgent tasks do.</summary>
    private static string? Task(CellState state, JobState job, List<Free> ready)
    {
        var spec = job.Spec;
        var policy = state.Policy;
        foreach (var free in ready)
        {
            var node = free.Node.Admitted;
            if (!Rules.Allows(spec, Rules.ChipOf(node), policy) || !Rules.HasLabels(spec, node))
                continue;
            if (Quotas.Forbids(state, job, free.Node.Accelerator)) continue;
            if (Fits(spec, free.Milli, free.CpuMilli, free.MemoryMiB))
                return $"a task of {spec.Kind} job {job.Number} waits, and {node.Node} ({node.Model}) has room for it";
            if (Rules.IsGuest(spec, free.Node.Accelerator, policy)) continue;
            var leaving = free.Here.Where(a => MustLeave(state, a, job)).ToList();
            var milli = free.Milli.ToArray();
            foreach (var allocation in leaving)
                foreach (var device in Rules.DevicesOf(allocation.Placed))
                    milli[device] += Rules.MilliOf(allocation.Placed);
            if (Fits(spec, milli, free.CpuMilli + leaving.Sum(Cpu), free.MemoryMiB + leaving.Sum(Memory)))
                return $"a task of {spec.Priority} {spec.Kind} job {job.Number} waits, and {leaving.Count} tasks of "
                    + $"{node.Node} ({node.Model}) would have to leave for it";
        }

        return null;
    }

    private static bool Fits(JobSpec spec, int[] milli, int cpuMilli, long memoryMiB) =>
        (spec.ShareMilli > 0
            ? milli.Any(free => free >= spec.ShareMilli)
            : milli.Count(free => free == 1_000) >= spec.Devices)
        && cpuMilli >= spec.CpuMilli && memoryMiB >= spec.MemoryMiB;

    /// <summary>Guests leave for a task at home, and less urgent tasks do: batch after its minimum run time, and those
    /// of other tenants not for what would be borrowed, nor for work without devices.</summary>
    private static bool MustLeave(CellState state, AllocationState allocation, JobState job)
    {
        var preemption = state.Policy.Queue.Preemption;
        var other = allocation.Job.Spec;
        if (!preemption.Tasks || other.Kind == JobKind.Training) return false;
        return allocation.Placed.Guest || (other.Priority < job.Spec.Priority && !Stays(state, allocation, job)
            && (other.Tenant == job.Spec.Tenant || !(Quotas.Borrows(state, job, allocation.Node.Accelerator)
                || (job.Spec is { Devices: 0, ShareMilli: 0 } && state.Policy.Queue.Quotas.Find(
                    job.Spec.Tenant, allocation.Node.Accelerator.Tier) is not null)))
            && (other.Kind == JobKind.Inference || allocation.PlacedAt + preemption.MinRunTime <= state.At));
    }

    /// <summary>What another tenant may hold by right, and what is nearly done.</summary>
    private static bool Stays(CellState state, AllocationState allocation, JobState job) =>
        (allocation.Job.Spec.Tenant != job.Spec.Tenant && state.Policy.Queue.Quotas.Find(
            allocation.Job.Spec.Tenant, allocation.Node.Accelerator.Tier) is not null)
        || Protection.EndOfRest(allocation, state.At, state.Policy) is not null;

    /// <summary>A gang gives way to a more urgent one that waits, where the policy wants that.</summary>
    private static bool MayBeHeldBack(CellState state, JobState job) =>
        state.Policy.Queue.Preemption.HoldBack && state.Jobs.Values.Any(other =>
            other.Spec.Kind == JobKind.Training && other.Waits && other.Spec.Priority > job.Spec.Priority);

    /// <summary>
    /// Room for a gang counts what guests hold, and what gangs of lower priority classes do unless they are protected
    /// or left before for a gang of the same class.
    /// </summary>
    private static string? Gang(CellState state, JobState job, List<Free> ready)
    {
        var spec = job.Spec;
        var policy = state.Policy;
        var alike = state.Jobs.Values.Where(j => j.Class == job.Class).Select(j => j.Number).ToHashSet();
        bool MustLeave(JobState gang) => gang.Spec.Kind == JobKind.Training && gang.Spec.Priority < spec.Priority
            && !gang.PreemptedBy.Any(alike.Contains) && !Stays(state, gang.Allocations.Values.First(), job)
            && gang.Allocations.Values.Min(a => a.PlacedAt)
                + policy.Queue.Preemption.ProtectionAfter(gang.Preemptions) <= state.At;
        foreach (var model in ready.GroupBy(f => Rules.ChipOf(f.Node.Admitted)))
        {
            if (!Rules.Allows(spec, model.Key, policy)) continue;
            if (Quotas.Forbids(state, job, model.Key)) continue;
            var room = model.Where(f => Rules.HasLabels(spec, f.Node.Admitted))
                .GroupBy(f => Rules.Domain(spec, f.Node.Admitted), f => Ranks(spec, f, MustLeave))
                .Where(g => g.Key.Length > 0).Select(g => g.Sum()).DefaultIfEmpty().Max();
            if (room >= Rules.Least(spec))
                return $"gang {job.Number} of {Rules.Least(spec)} {spec.Priority} waits, and {room} {model.Key.Model} "
                    + "would hold it";
        }

        return null;
    }

    private static int Ranks(JobSpec spec, Free free, Func<JobState, bool> mustLeave)
    {
        var stay = free.Here.Where(a => !a.Placed.Guest && !mustLeave(a.Job)).ToList();
        var held = stay.Aggregate(0u, (mask, a) => mask | a.Placed.DeviceMask);
        long ranks = free.Node.Devices - BitOperations.PopCount(held);
        if (spec.CpuMilli > 0) ranks = Math.Min(ranks, (free.Node.Admitted.CpuMilli - stay.Sum(Cpu)) / spec.CpuMilli);
        if (spec.MemoryMiB > 0)
            ranks = Math.Min(ranks, (free.Node.Admitted.MemoryMiB - stay.Sum(Memory)) / spec.MemoryMiB);
        if (spec.PerNode > 0) return ranks >= spec.PerNode ? spec.PerNode : 0;
        return (int)ranks;
    }
}
