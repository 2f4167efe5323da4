using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Core.Cycle;

/// <summary>
/// Makes room at home for a task that fits nowhere: at most two smaller ones go to room that they fit and it does not.
/// Bounded by the policy's budget and interval, and each move says for whom it is.
/// </summary>
public static class Defragmentation
{
    /// <summary>A batch task begins anew where it goes, so it moves only while it has done no more than this.</summary>
    private const double DoneMax = 0.1;

    /// <summary>Moves what has to move. True when the task finds room now.</summary>
    public static bool MakeRoom(
        CellState state, RoundWriter round, JobState job, IReadOnlyList<Alternative> alternatives)
    {
        var budget = state.Policy.Placement.MigrationBudget * state.Counters.Allocations;
        if (state.Counters.Migrations + Relocator.MovesPerTask > budget) return false;
        var shape = TaskShape.Of(job.Spec);
        foreach (var alternative in alternatives)
        {
            if (state.Relocator.Find(shape, alternative.Only, room => Movable(state, room, round.At),
                accepts: room => Feasibility.HasLabels(state.Index.NodeAt(room.Index), job.Spec.Labels))
                is not { } relocation) continue;

            // What ends on a node frees it only when it has ended, so nobody may count on a place given up there.
            if (relocation.Moves.Any(m => m.To.Node == relocation.Target.Node)) continue;
            foreach (var (task, to) in relocation.Moves) Move(state, round, job, task, to);
            return true;
        }

        return false;
    }

    private static void Move(CellState state, RoundWriter round, JobState job, MovableTask task, Choice to)
    {
        var allocation = state.FindAllocation(task.Id)!;
        var node = state.Index.NodeAt(to.Node.Index);
        var alternative = allocation.Job.Class.Home.First(a => a.Model == node.Accelerator.Model);
        var reason = $"a task moved to node {node.Id}, so that job {state.NameOf(job)} finds room";
        foreach (var committed in Moves.Of(state, allocation, new TaskPlan(node, to.Devices, alternative), reason))
            round.Commit(committed);
    }

    /// <summary>Replicas and young batch tasks at home that have stayed where they are for the interval.</summary>
    private static List<MovableTask> Movable(CellState state, NodeRoom room, DateTimeOffset now)
    {
        var movable = new List<MovableTask>();
        foreach (var sequence in state.Index.NodeAt(room.Index).Allocations)
        {
            var allocation = state.FindAllocation(sequence)!;
            var job = allocation.Job;
            var stayed = now - allocation.PlacedAt;
            if (job.Spec.Kind == JobKind.Training || allocation.Guest || allocation.Finished
                || job.Spec.Labels.Count > 0 || stayed < state.Policy.Placement.MigrationInterval
                || (job.Spec.Kind == JobKind.Batch && stayed > allocation.Placed.RunTime * DoneMax)) continue;
            movable.Add(new MovableTask(
                sequence, TaskShape.Of(job.Spec), Models(state, allocation), room, allocation.DeviceMask));
        }

        return movable;
    }

    /// <summary>Where there are quotas a task stays on its tier, so that nobody is moved over a limit.</summary>
    private static IReadOnlyList<string> Models(CellState state, AllocationState allocation)
    {
        var home = allocation.Job.Class.Home;
        if (!state.Policy.Queue.Quotas.Any) return state.Index.ModelsOf(home, guest: false);
        var tier = allocation.Node.Accelerator.Tier;
        return state.Index.ModelsOf([.. home.Where(a => a.Tier.Name == tier)], guest: false);
    }
}
