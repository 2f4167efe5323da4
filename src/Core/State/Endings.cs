using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>The events that follow when allocations end before their work is done.</summary>
public static class Endings
{
    /// <summary>
    /// Ends the allocations and puts their jobs back into the queue. A gang is all or nothing: when one of its
    /// allocations ends, so do the others, and the job waits again with what its last checkpoint holds. A gang or batch
    /// job fails when one of its tasks has failed more often than <see cref="JobSpec.Retries"/>
    /// allows. What was taken from it, and what its nodes lost, never counts.
    /// </summary>
    /// <param name="reason">Why, for users.</param>
    /// <param name="by">The job that they leave for; 0: none.</param>
    public static List<CellEvent> Of(
        CellState state, IReadOnlyCollection<long> sequences, AllocationEnd end, string reason, long by = 0)
    {
        var events = new List<CellEvent>();
        if (sequences.Count == 0) return events;
        events.Add(new AllocationsEnded([.. sequences], end));
        var ending = sequences.ToHashSet();
        var jobs = new SortedDictionary<long, JobState>();
        foreach (var sequence in sequences)
        {
            var job = state.FindAllocation(sequence)!.Job;
            jobs[job.Number] = job;
        }

        var broken = new List<long>();
        foreach (var job in jobs.Values)
            if (job.Spec.Kind == JobKind.Training)
                broken.AddRange(job.Allocations.Keys.Where(sequence => !ending.Contains(sequence)));
        if (broken.Count > 0) events.Add(new AllocationsEnded(broken, AllocationEnd.GangBroken));

        foreach (var job in jobs.Values)
        {
            if (Exhausted(state, job, sequences, end) is not { } task)
            {
                events.Add(new JobRequeued(job.Number, reason, by));
                continue;
            }

            var rest = job.Allocations.Keys.Where(s => !ending.Contains(s) && !broken.Contains(s)).ToList();
            if (rest.Count > 0) events.Add(new AllocationsEnded(rest, AllocationEnd.Cancelled));
            var who = job.Spec.Kind == JobKind.Training ? "the gang" : $"task {task}";
            events.Add(new JobFailed(job.Number, $"{who} failed {Wording.Count(job.FailuresOf(task) + 1, "time")}, "
                + $"with retries = {job.Spec.Retries}, last because {reason}"));
        }

        return events;
    }

    /// <summary>The task that fails once too often by this ending; null: none does.</summary>
    private static int? Exhausted(
        CellState state, JobState job, IReadOnlyCollection<long> sequences, AllocationEnd end)
    {
        if (end != AllocationEnd.Failed || job.Spec.Kind == JobKind.Inference) return null;
        foreach (var sequence in sequences)
        {
            var allocation = state.FindAllocation(sequence)!;
            if (allocation.Job == job && job.FailuresOf(allocation.Placed.Task) >= job.Spec.Retries)
                return allocation.Placed.Task;
        }

        return null;
    }
}
