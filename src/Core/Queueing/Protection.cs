using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>What a running gang would lose, and until when it may not be made to.</summary>
public static class Protection
{
    /// <summary>A placed gang is no victim of preemption before this instant; it grows with each preemption.</summary>
    public static DateTimeOffset Until(JobState gang, PreemptionPolicy policy) =>
        PlacedAt(gang) + policy.ProtectionAfter(gang.Preemptions);

    /// <summary>What was placed runs for at least the minimum run time before its tenant must give back what it
    /// borrowed, and a batch task at home before more urgent tasks take its place.</summary>
    public static DateTimeOffset UntilMinRunTime(AllocationState allocation, PreemptionPolicy policy) =>
        allocation.PlacedAt + policy.MinRunTime;

    /// <summary>
    /// The end of work that is sooner than its leaving would help anybody: within the grace that it would get, and the
    /// restart that it would cost later. It is left to finish until then; null: it has more to do, or is overdue, which
    /// proves nothing.
    /// </summary>
    public static DateTimeOffset? EndOfRest(AllocationState allocation, DateTimeOffset now, Policy policy)
    {
        if (!allocation.Started) return null;
        var rest = allocation.Job.Spec.Kind == JobKind.Training
            ? Remaining.Of(allocation.Job, now)
            : Remaining.Of(allocation, now);
        var soon = policy.Guests.Grace + policy.Queue.Preemption.RestartCost;
        return rest > TimeSpan.Zero && rest <= soon ? now + rest : null;
    }

    /// <summary>Device-milliseconds that are lost when a gang leaves now: its work since the last checkpoint, and its
    /// restart. Without checkpoints it loses all it did since it started.</summary>
    public static double Cost(JobState gang, int devices, DateTimeOffset now, PreemptionPolicy policy)
    {
        var ran = now - (gang.Allocations.First().Value.StartedAt ?? now);
        var checkpoint = gang.Spec.Checkpoint;
        var lost = checkpoint > TimeSpan.Zero ? TimeSpan.FromTicks(ran.Ticks % checkpoint.Ticks) : ran;
        return devices * (lost + policy.RestartCost).TotalMilliseconds;
    }

    /// <summary>When work ends by itself, as far as the state knows: never for a service. It may be late, since the
    /// progress between two checkpoints is not in the state.</summary>
    public static DateTimeOffset EndOf(AllocationState allocation, DateTimeOffset now)
    {
        var runTime = allocation.Placed.RunTime;
        if (runTime == TimeSpan.Zero) return DateTimeOffset.MaxValue;
        var done = allocation.Job.Spec.Kind == JobKind.Training ? allocation.Job.Done : 0;
        var fromStart = (allocation.StartedAt ?? now) + runTime;
        var fromCheckpoint = now + runTime * (1 - done);
        return fromStart < fromCheckpoint ? fromStart : fromCheckpoint;
    }

    private static DateTimeOffset PlacedAt(JobState gang) => gang.Allocations.First().Value.PlacedAt;
}
