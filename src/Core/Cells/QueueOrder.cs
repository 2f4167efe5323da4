using Stockpile.Core.Jobs;

namespace Stockpile.Core.Cells;

/// <summary>All that reservations and explanations ask of the queue's order, in one place.</summary>
internal static class QueueOrder
{
    /// <summary>A job's place in the queue.</summary>
    public static QueueKey KeyOf(this JobQueue _, JobState job) => QueueKey.Of(job);

    /// <summary>The place that a job would have which is not in the cell yet, or not with this spec.</summary>
    public static QueueKey KeyOf(this JobQueue _, JobSpec spec, long number) =>
        new(spec.Priority, spec.Kind, number);

    /// <summary>The waiting job of a class that is tried first.</summary>
    public static JobState? HeadOf(this CellState state, JobClass jobClass) =>
        jobClass.Waiting.Count == 0 ? null : state.FindJob(jobClass.Waiting.Min.Number);

    /// <summary>The waiting jobs of a class behind one of it, most urgent first.</summary>
    public static IEnumerable<JobState> Behind(this CellState state, JobState job)
    {
        var waiting = job.Class.Waiting;
        var key = state.Queue.KeyOf(job);
        if (waiting.Count == 0 || waiting.Max.CompareTo(key) <= 0) yield break;
        foreach (var next in waiting.GetViewBetween(key, waiting.Max))
            if (next.Number != job.Number) yield return state.FindJob(next.Number)!;
    }
}
