using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>What is left of running work, as far as its cell can tell without asking the nodes.</summary>
public static class Remaining
{
    /// <summary>
    /// Simulated time until a gang should be done where it is, from its run time, its start and its checkpoint; a
    /// slow node is not known here.
    /// </summary>
    public static TimeSpan Of(JobState gang, DateTimeOffset at)
    {
        var longest = TimeSpan.Zero;
        foreach (var allocation in gang.Allocations.Values)
            if (Of(allocation, at) is var left && left > longest)
                longest = left;
        return longest;
    }

    /// <summary>The same of one allocation. A task that has not started has all before it; a service never ends.
    /// </summary>
    public static TimeSpan Of(AllocationState allocation, DateTimeOffset at)
    {
        var placed = allocation.Placed;
        if (placed.RunTime == TimeSpan.Zero) return TimeSpan.MaxValue;
        if (allocation.Finished) return TimeSpan.Zero;
        var safe = allocation.Job.Spec.Kind == JobKind.Training ? allocation.Job.Done : 0;
        var least = placed.RunTime * (1 - safe);
        if (allocation.StartedAt is not { } started) return least;
        var left = placed.RunTime * (1 - allocation.DoneAtStart) - (at - started);
        return left <= TimeSpan.Zero ? TimeSpan.Zero : left < least ? left : least;
    }

    /// <summary>Share of the whole work that a gang has to do when it begins anew now, 0..1.</summary>
    /// <param name="grace">True when it writes a checkpoint as it leaves.</param>
    public static double ShareAfterMove(JobState gang, DateTimeOffset at, bool grace)
    {
        if (!grace || gang.Spec.Checkpoint <= TimeSpan.Zero) return 1 - gang.Done;
        var runTime = gang.Allocations.First().Value.Placed.RunTime;
        return Math.Min(1 - gang.Done, Of(gang, at) / runTime);
    }
}
