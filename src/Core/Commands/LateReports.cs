using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Commands;

/// <summary>
/// What nodes say of work that the cell has sent away meanwhile. The end of work and the decision that it has to leave
/// may meet: what was done counts, whichever was first, and nobody does it again.
/// </summary>
internal static class LateReports
{
    /// <summary>A checkpoint, written as the gang ran or as it left. One that went to another cell may still write one
    /// here. A gang that waits and has nothing left to do is done, and is not started for that.</summary>
    public static Decision Decide(CellState state, RecordCheckpoint c)
    {
        if (state.FindJob(c.Job) is not { Ended: null or JobPhase.Forwarded } job || !IsNewer(job, c.Done))
            return new AlreadyDone();
        var recorded = new CheckpointRecorded(c.Job, c.Done);
        if (job.Ended is not null || job.Held || !IsAll(job, c.Done)) return new Accepted(recorded);
        var events = new List<CellEvent>(3) { recorded };
        if (job.Allocations.Count > 0)
            events.Add(new AllocationsEnded([.. job.Allocations.Keys], AllocationEnd.Cancelled));
        events.Add(new JobCompleted(c.Job));
        return new Accepted(events);
    }

    public static bool IsNewer(JobState job, double done) =>
        job.Spec.Kind == JobKind.Training && done > job.Done && done <= 1;

    /// <summary>A gang that does not run has done all its work.</summary>
    public static bool IsAll(JobState job, double done) =>
        job.Spec.Kind == JobKind.Training && done >= 1 && job.Allocations.Values.All(a => !a.Started);

    /// <summary>A task that was placed again is stopped there.</summary>
    public static Decision Decide(CellState state, ReportDoneLate c)
    {
        if (state.FindJob(c.Job) is not { Ended: null, Spec.Kind: JobKind.Batch } job) return new AlreadyDone();
        var again = job.Allocations.Values.FirstOrDefault(a => a.Placed.Task == c.Task);
        if (again is null && !job.Unplaced.Contains(c.Task)) return new AlreadyDone();
        var events = new List<CellEvent>(3);
        if (again is not null) events.Add(new AllocationsEnded([again.Sequence], AllocationEnd.Cancelled));
        events.Add(new TaskDoneLate(c.Job, c.Task, c.Sequence));
        if (job.IsDoneWith(1)) events.Add(new JobCompleted(c.Job));
        return new Accepted(events);
    }
}
