using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>
/// Running work that goes on elsewhere: it ends at its last checkpoint and is placed again in the same round, so it
/// never waits in the queue. Resizing a gang, moving to a better tier, leaving a node that is drained and
/// defragmentation are all this one thing, with another plan and another reason.
/// </summary>
public static class Moves
{
    /// <summary>True when all that the job holds may be ended and placed anew.</summary>
    public static bool IsMovable(JobState job) =>
        job is { Ended: null, Held: false, Allocations.Count: > 0 } && job.Allocations.Values.All(a => !a.Finished);

    /// <summary>
    /// Moves a whole gang. The plan may name devices that the gang itself holds; guests that it evicts leave first.
    /// </summary>
    /// <param name="reason">Why, for users: one sentence without a capital.</param>
    /// <returns>Guests ended and requeued, the gang's allocations ended, <see cref="JobMoved"/>, and its placement.
    /// </returns>
    public static List<CellEvent> Of(CellState state, JobState job, GangPlan plan, string reason)
    {
        var evicted = plan.Pieces.SelectMany(p => p.Evicted).Select(a => a.Sequence).Distinct().ToList();
        var events = Endings.Of(
            state, evicted, AllocationEnd.Preempted, $"training job {state.NameOf(job)} took its devices");
        var runTime = WithRestart(plan.RunTime(state, job.Spec),
            job.Done, state.Policy.Gangs.Restart);
        var sequence = state.NextSequence;
        events.Add(new AllocationsEnded([.. job.Allocations.Keys], AllocationEnd.Moved));
        events.Add(new JobMoved(job.Number, reason));
        events.Add(new JobPlaced(job.Number,
        [
            .. plan.Pieces.Select(p => new PlacedAllocation(
                sequence++, p.Node.Id, p.DeviceMask, 0, Task: 0, Ranks: p.Devices, Guest: false, runTime)),
        ]));
        return events;
    }

    /// <summary>Moves one replica or one batch task; a batch task begins anew, for it has no checkpoint.</summary>
    /// <param name="reason">Why, for users: one sentence without a capital.</param>
    /// <returns>The allocation ended, <see cref="JobMoved"/>, and its placement.</returns>
    /// <exception cref="ArgumentException">The allocation is a part of a gang, which moves as a whole.</exception>
    public static List<CellEvent> Of(CellState state, AllocationState allocation, TaskPlan plan, string reason)
    {
        var job = allocation.Job;
        if (job.Spec.Kind == JobKind.Training)
            throw new ArgumentException($"allocation {allocation.Sequence} is a part of a gang", nameof(allocation));
        var runTime = WithRestart(
            RunTimes.Of(
                job.Spec, state.Catalog, state.Policy.Gangs, plan.Alternative.Model, job.Spec.Devices),
            done: 0, state.Policy.Gangs.Restart);
        return
        [
            new AllocationsEnded([allocation.Sequence], AllocationEnd.Moved),
            new JobMoved(job.Number, reason),
            new JobPlaced(job.Number,
            [
                new PlacedAllocation(state.NextSequence, plan.Node.Id, plan.DeviceMask, allocation.ShareMilli,
                    allocation.Placed.Task, Ranks: 1, plan.Alternative.Guest, runTime),
            ]),
        ];
    }

    /// <summary>
    /// The run time of the whole work, at which what is left takes the restart longer. Zero stays zero: a service runs
    /// until it is stopped.
    /// </summary>
    /// <param name="done">Share of the work that need not be done again, 0..1.</param>
    public static TimeSpan WithRestart(TimeSpan runTime, double done, TimeSpan restart)
    {
        if (runTime == TimeSpan.Zero || done >= 1) return runTime;
        var ms = Math.Ceiling(runTime.TotalMilliseconds + restart.TotalMilliseconds / (1 - done));
        return TimeSpan.FromMilliseconds(Math.Min(ms, TimeSpan.FromDays(Limits.RunDaysMax).TotalMilliseconds));
    }
}
