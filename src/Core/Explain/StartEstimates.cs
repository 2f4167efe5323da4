using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Explain;

/// <summary>A job that must end before another starts.</summary>
/// <param name="Devices">Devices that it gives back where the other is to start.</param>
/// <param name="End">When it is expected to.</param>
public sealed record Ending(JobState Job, int Devices, DateTimeOffset End);

/// <summary>When a waiting job may expect to start, by the planned ends of what runs and the queue before it.</summary>
/// <param name="IsAtLeast">More jobs are ahead than were looked at, so it may well be later.</param>
/// <param name="EndFirst">What must end first, soonest first, up to <see cref="StartEstimates.EndingsShown"/>.</param>
/// <param name="MoreEndings">How many more of them there are.</param>
public sealed record StartEstimate(
    StartSlot Slot, bool IsAtLeast, IReadOnlyList<Ending> EndFirst, int MoreEndings);

/// <summary>Start estimates for questions. They bind nobody: a reservation does.</summary>
public static class StartEstimates
{
    public const int EndingsShown = 4;

    /// <summary>Nodes and ends that one estimate may go through, over all the jobs ahead.</summary>
    private const int WorkMax = 1_000_000;

    /// <summary>
    /// The estimate, and the earliest start on each alternative of the job. Those ahead in the queue that wait for the
    /// same models are given their devices first, in their order.
    /// </summary>
    public static (StartEstimate? Estimate, IReadOnlyList<StartSlot?> Slots) Of(
        CellState state, JobState job, DateTimeOffset now)
    {
        var starts = new EarliestStart(state, now);
        var jobsMax = Math.Clamp(WorkMax / (state.Nodes.Count + state.Allocations.Count + 1), 4, Limits.StartJobsMax);
        var key = state.Queue.TurnOf(job);
        var looked = 0;
        foreach (var number in state.Queue.Heads(jobsMax + 1))
        {
            var ahead = state.FindJob(number)!;
            if (state.Queue.TurnOf(ahead).CompareTo(key) >= 0) break;
            if (!ahead.Class.Home.Any(a => job.Class.Alternatives.Any(b => b.Model == a.Model))) continue;
            if (looked++ == jobsMax) break;
            var tasks = Math.Min(ahead.Unplaced.Count, Limits.StartTasksMax);
            if (starts.Earliest(ahead.Spec, ahead.Class.Home, tasks, ahead.Done) is { } taken) starts.Promise(taken);
        }

        var slots = job.Class.Alternatives
            .Select(a => starts.Earliest(job.Spec, [a], tasks: 1, job.Done)).ToList();
        if (slots.OfType<StartSlot>().MinBy(s => s.Start) is not { } best) return (null, slots);
        var endings = EndingsFor(state, best, now);
        return (new StartEstimate(best, looked > jobsMax, [.. endings.Take(EndingsShown)],
            Math.Max(0, endings.Count - EndingsShown)), slots);
    }

    /// <summary>The reservation without which the job would start now; null: none keeps it back.</summary>
    public static Reservation? HeldBackBy(
        CellState state, JobState job, DateTimeOffset now, IReadOnlyList<Reservation> reservations)
    {
        var home = job.Class.Home;
        if (Backfill.Ask(state, now, job.Number)?.GuardFor(job, home) is not { } guard) return null;
        if (!Feasibility.FitsNow(state, job.Spec, home, null)
            || Feasibility.FitsNow(state, job.Spec, home, guard)) return null;
        return reservations.FirstOrDefault(r => state.Queue.TurnOf(r.Job).CompareTo(state.Queue.TurnOf(job)) < 0
            && home.Any(a => a.Model == r.Slot.Alternative.Model));
    }

    /// <summary>What runs on the nodes of a slot and is to end before it, by job, soonest first.</summary>
    internal static List<Ending> EndingsFor(CellState state, StartSlot slot, DateTimeOffset now)
    {
        if (slot.Start <= now) return [];
        return [.. slot.Pieces
            .SelectMany(p => p.Node.Allocations.Select(s => state.FindAllocation(s)!))
            .Where(a => a.PlannedEnd is { } end && ReleaseCalendar.Expected(end, now) <= slot.Start
                && !(slot.GuestsLeave && a.Guest))
            .GroupBy(a => a.Job)
            .Select(g => new Ending(
                g.Key,
                g.Sum(a => System.Numerics.BitOperations.PopCount(a.DeviceMask)),
                g.Max(a => ReleaseCalendar.Expected(a.PlannedEnd!.Value, now))))
            .OrderBy(e => e.End).ThenBy(e => e.Job.Number)];
    }
}
