using Stockpile.Core.Jobs;

namespace Stockpile.Core.Cells;

/// <summary>The events that follow when allocations end before their work is done.</summary>
public static class Endings
{
    /// <summary>
    /// Ends the allocations and puts their jobs back into the queue. A gang is all or nothing: when one of its
    /// allocations ends, so do the others, and the job waits again with what its last checkpoint holds. A gang or batch
    /// job that lost what it had by itself <see cref="Limits.RequeuesPerJobMax"/> times is failed.
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
            if (MayWaitAgain(job, end))
            {
                events.Add(new JobRequeued(job.Number, reason, by));
                continue;
            }

            var rest = job.Allocations.Keys.Where(s => !ending.Contains(s) && !broken.Contains(s)).ToList();
            if (rest.Count > 0) events.Add(new AllocationsEnded(rest, AllocationEnd.Cancelled));
            events.Add(new JobFailed(job.Number, $"requeued {job.Requeues} times, last because {reason}"));
        }

        return events;
    }

    private static bool MayWaitAgain(JobState job, AllocationEnd end) =>
        job.Spec.Kind == JobKind.Inference || end is AllocationEnd.Preempted or AllocationEnd.Reclaimed
        || job.Requeues - job.Preemptions < Limits.RequeuesPerJobMax;
}
