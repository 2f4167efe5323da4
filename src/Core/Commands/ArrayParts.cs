using Stockpile.Core.State;

namespace Stockpile.Core.Commands;

/// <summary>
/// Arrays that have begun and use other cells too. An array gives tasks that wait to a part, which is a job of its own
/// and goes to another cell as any job does; it has ended when its parts have.
/// </summary>
internal static class ArrayParts
{
    /// <summary>The last of the tasks that wait go: the first ones have their turn first. An array that has not begun
    /// goes as a whole.</summary>
    public static Decision Decide(CellState state, SplitArray c)
    {
        if (state.FindJob(c.Job) is not { MaySplit: true } job || c.Tasks < 1
            || state.ActiveJobs >= Limits.ActiveJobsPerCellMax) return new AlreadyDone();
        var tasks = job.Unplaced.Skip(Math.Max(0, job.Unplaced.Count - c.Tasks)).ToList();
        return new Accepted(new ArraySplit(job.Number, state.NextJob, tasks));
    }

    /// <summary>What a part failed at, or its user withdrew, its array cannot do.</summary>
    public static Decision Decide(CellState state, EndPart c)
    {
        if (state.ArrayOf(c.Part) is not { } array || array.Parts[c.Part].Ended is not null) return new AlreadyDone();
        var events = new List<CellEvent> { new PartEnded(array.Number, c.Part, c.How, c.TasksDone) };
        if (array.Ended is not null) return new Accepted(events);
        if (c.How == JobPhase.Completed)
        {
            if (array.IsDoneWith(c.TasksDone)) events.Add(new JobCompleted(array.Number));
            return new Accepted(events);
        }

        if (array.Allocations.Count > 0)
            events.Add(new AllocationsEnded([.. array.Allocations.Keys], AllocationEnd.Cancelled));
        var part = new JobId(state.Cell, c.Part);
        events.Add(new JobFailed(array.Number,
            c.How == JobPhase.Cancelled ? $"its part {part} was cancelled" : $"its part {part} failed: {c.Why}"));
        return new Accepted(events);
    }
}
