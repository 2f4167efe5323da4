using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>
/// Finds the single tasks of one node that leave for a replica or batch task that finds no room at home: guests there,
/// then tasks at home of a lower priority class. Gangs never leave for a task: a whole gang would stop for one place.
/// </summary>
public static class TaskPreemption
{
    /// <summary>
    /// The tasks that leave, on the first of the alternatives where that makes room; none when nothing does. A batch
    /// task at home, which loses what it has done, is asked after its minimum run time; a replica at any time, and a
    /// guest too, as it is for gangs. What a tenant would borrow it takes from guests and from its own tasks alone: of
    /// others' it would have to be given back at once. Nor is anybody else pushed out of what it holds by right.
    /// </summary>
    /// <param name="alternatives">Where the job is at home.</param>
    public static EvictionPlan Find(
        CellState state, JobState job, IReadOnlyList<Alternative> alternatives, DateTimeOffset now)
    {
        DateTimeOffset? retryAt = null;
        foreach (var alternative in alternatives)
            if (On(state, job, alternative, now, ref retryAt) is { } leaving)
                return new EvictionPlan([.. leaving.Select(t => t.Sequence)], null);
        return EvictionPlan.Later(retryAt);
    }

    private static List<AllocationState>? On(
        CellState state, JobState job, Alternative alternative, DateTimeOffset now, ref DateTimeOffset? retryAt)
    {
        var shape = TaskShape.Of(job.Spec);
        var nodes = new Dictionary<int, (NodeRoom Room, List<AllocationState> Leaving)>();
        // Quotas are of devices: work without any has no right to push out who holds devices by right.
        var borrows = !QuotaCheck.IsWithinNominal(state, job, alternative) || (shape.DeviceMilli == 0
            && state.Policy.Queue.Quotas.Find(job.Spec.Tenant, alternative.Tier.Name) is not null);
        var debts = new Debts(state, alternative.Tier);
        var looked = 0;
        foreach (var task in state.Tasks.Below(alternative.Model, job.Spec.Priority, state))
        {
            if (++looked > Limits.PreemptionScanMax) break;
            var node = task.Node;
            if (!node.Ready || !Feasibility.HasLabels(node, job.Spec.Labels)) continue;
            if (!task.Guest && (borrows
                ? task.Job.Spec.Tenant != job.Spec.Tenant
                : !debts.AllowPush(job, task.Job))) continue;
            var until = task.Guest || task.Job.Spec.Kind == JobKind.Inference
                ? now
                : Protection.UntilMinRunTime(task, state.Policy.Queue.Preemption);
            if (!task.Guest && Protection.EndOfRest(task, now, state.Policy) is { } rest && rest > until) until = rest;
            if (until > now)
            {
                if (retryAt is null || until < retryAt) retryAt = until;
                continue;
            }

            if (!nodes.TryGetValue(node.Index, out var gone)) nodes.Add(node.Index, gone = (node.Room.Copy(), []));
            Change(gone.Room, task, -1);
            gone.Leaving.Add(task);
            if (!task.Guest) debts.Pay([task]);
            if (Fits(gone.Room, shape)) return Needed(gone.Room, gone.Leaving, shape);
        }

        return null;
    }

    /// <summary>Not all that were asked first are needed; of those that are not, the dearest stay first.</summary>
    private static List<AllocationState> Needed(NodeRoom room, List<AllocationState> leaving, in TaskShape shape)
    {
        for (var i = leaving.Count - 1; i >= 0; i--)
        {
            Change(room, leaving[i], +1);
            if (Fits(room, shape)) leaving.RemoveAt(i);
            else Change(room, leaving[i], -1);
        }

        return leaving;
    }

    private static bool Fits(NodeRoom room, in TaskShape shape) =>
        room.Holds(shape) && room.MemoryFreeMiB >= shape.MemoryMiB;

    private static void Change(NodeRoom room, AllocationState task, int sign) =>
        room.Change(TaskShape.Of(task.Job.Spec), task.DeviceMask, sign);
}
