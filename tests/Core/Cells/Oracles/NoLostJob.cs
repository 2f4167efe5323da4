using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>Every accepted job ends, holds devices or waits: nothing falls between.</summary>
public static class NoLostJob
{
    public static IEnumerable<string> Complaints(CellState state)
    {
        var live = state.Allocations.Values.ToLookup(a => a.Job.Number);
        var waiting = state.Queue.InOrder().ToList();
        foreach (var job in state.Jobs.Values)
        {
            var held = live[job.Number].ToList();
            if (!job.Allocations.Keys.SequenceEqual(held.Select(a => a.Sequence).Order()))
                yield return $"job {job.Number} lists other allocations than the cell does";
            var complaint = job.Ended is null ? OfLiving(job, held) : OfEnded(job, held);
            if (complaint is not null) yield return $"{job.Spec.Kind} job {job.Number} {complaint}";
            if (waiting.Contains(job.Number) != (job is { Ended: null, Held: false } && job.Unplaced.Count > 0))
                yield return $"job {job.Number} waits and is not in the queue, or the other way round";
        }

        var order = waiting.Select(n => state.Jobs[n])
            .OrderByDescending(j => Tenants.Level(state, j)).ThenBy(j => state.Tenants.Share(j.Spec.Tenant))
            .ThenBy(j => (int)j.Spec.Kind).ThenBy(j => j.Number)
            .Select(j => j.Number);
        if (!order.SequenceEqual(waiting)) yield return "the queue is out of order";
        foreach (var complaint in OfCounters(state)) yield return complaint;
    }

    private static string? OfLiving(JobState job, List<AllocationState> held)
    {
        var phase = held.Count == 0 && job is { Spec.Kind: JobKind.Inference, Replicas: 0 } ? JobPhase.Idle
            : held.Count == 0 && job.Unplaced.Count == 0 && job.Parts.Count > 0 ? JobPhase.Running
            : held.Count == 0 ? JobPhase.Pending
            : held.Exists(a => a.StartedAt is not null) ? JobPhase.Running : JobPhase.Placed;
        if (job.Held && held.Count > 0) return "holds devices before its home has let go of it";
        if (job.Phase != phase) return $"says {job.Phase} and is {phase}";
        if (job.Spec.Kind == JobKind.Training)
            return job.Unplaced.Count == 0 == held.Count > 0 ? null : "neither holds its gang nor waits for it";
        if (job.Spec.Kind == JobKind.Inference) return OfReplicas(job, held);
        var wanted = job.Spec.Tasks;
        var tasks = held.Select(a => a.Placed.Task).Concat(job.Unplaced).Concat(job.Finished)
            .Concat(job.Parts.Values.SelectMany(p => p.Tasks)).Order();
        return tasks.SequenceEqual(Enumerable.Range(0, wanted))
            ? null
            : $"has {held.Count} tasks placed, {job.Unplaced.Count} waiting and {job.Finished.Count} done of {wanted}";
    }

    /// <summary>Replicas that wait have the lowest numbers that those with devices leave.</summary>
    private static string? OfReplicas(JobState job, List<AllocationState> held)
    {
        var bound = held.Select(a => a.Placed.Task).ToHashSet();
        var waiting = Enumerable.Range(0, job.Replicas + bound.Count).Where(n => !bound.Contains(n))
            .Take(Math.Max(0, job.Replicas - bound.Count));
        return bound.Count == held.Count && bound.Count <= job.Replicas && waiting.SequenceEqual(job.Unplaced.Order())
            ? null
            : $"has {held.Count} replicas placed, and {string.Join(',', job.Unplaced)} of {job.Replicas} waiting";
    }

    private static string? OfEnded(JobState job, List<AllocationState> held)
    {
        if (held.Count > 0) return "has ended and holds devices";
        if (job.Unplaced.Count > 0) return "has ended and waits";
        if (job.Held) return "has ended and is held for its home";
        if (job.Ended == JobPhase.Forwarded != job.ForwardedTo.Length > 0) return "went nowhere, or did not go";
        if (job.CompletedAt is null) return "has ended at no time";
        return job is { Ended: JobPhase.Completed, Spec.Kind: JobKind.Batch } && job.TasksDone < job.Spec.Tasks
            ? "is completed before its tasks are"
            : null;
    }

    private static IEnumerable<string> OfCounters(CellState state)
    {
        var counters = state.Counters;
        long Count(JobPhase? phase) => state.Jobs.Values.LongCount(j => j.Ended == phase);
        long Whole(JobPhase phase) => state.Jobs.Values.LongCount(j => j.Ended == phase && j.PartOf.Length == 0);
        var own = state.Jobs.Values.Count(j => j is { Origin: "", PartOf: "" });
        var adopted = state.Jobs.Values.Count(j => j.Origin.Length > 0 && !j.Held);
        if (counters.Submitted != own || counters.Adopted != adopted)
            yield return $"{counters.Submitted} submitted, {counters.Adopted} adopted, and {own} + {adopted} known";
        if (counters.Completed != Whole(JobPhase.Completed) || counters.Cancelled != Whole(JobPhase.Cancelled)
            || counters.Failed != Whole(JobPhase.Failed) || counters.Forwarded != Count(JobPhase.Forwarded)
            || state.ActiveJobs != Count(null))
            yield return $"the counters do not add up: {counters}, {state.ActiveJobs} active";
        var waits = state.Jobs.Values.Where(j => j is { Ended: null, Held: false } && j.Unplaced.Count > 0).ToList();
        foreach (var kind in Enum.GetValues<JobKind>())
            if (state.Queue.Count(kind) != waits.Count(j => j.Spec.Kind == kind))
                yield return $"the queue says that {state.Queue.Count(kind)} {kind} jobs wait";
    }
}
