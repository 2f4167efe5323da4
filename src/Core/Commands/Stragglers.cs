using System.Globalization;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.State;

namespace Stockpile.Core.Commands;

/// <summary>Nodes that hold a gang up: the gang is as fast as its slowest part.</summary>
public static class Stragglers
{
    /// <summary>A part that does less than this of what the others do is a straggler.</summary>
    public const double PaceMax = 0.7;

    /// <summary>Work that the others have to have done since the gang was placed before anybody is compared, as a share
    /// of the whole run.</summary>
    public const double WorkMin = 0.02;

    /// <summary>The slowest part of a gang on several nodes, if it falls clearly behind the median of the others; null:
    /// none does, or not all of them have reported.</summary>
    public static LeaveStraggler? Find(JobState gang, ProgressBoard board)
    {
        if (gang.Allocations.Count < 2) return null;
        var parts = gang.Allocations.Values
            .Select(a => (a.Node.Id, Done: board.Of(a.Sequence) - a.DoneAtStart))
            .OrderBy(p => p.Done).ThenBy(p => p.Id, StringComparer.Ordinal)
            .ToList();
        var median = parts[1 + (parts.Count - 1) / 2].Done;
        if (parts[0].Done <= 0 || median < WorkMin) return null;
        var pace = parts[0].Done / median;
        return pace < PaceMax ? new LeaveStraggler(gang.Number, parts[0].Id, pace) : null;
    }

    /// <summary>Moves the gang if what is left ends clearly sooner without the node.</summary>
    internal static Decision Decide(CellState state, LeaveStraggler c)
    {
        var policy = state.Policy.Gangs;
        if (state.FindJob(c.Job) is not { Spec: { Kind: JobKind.Training, Checkpoint.Ticks: > 0 } } gang
            || !Moves.IsMovable(gang) || state.FindNode(c.Node) is not { } node
            || gang.Allocations.Values.All(a => a.Node != node)
            || gang.Allocations.First().Value.PlacedAt + policy.ResizeInterval > state.At
            || GangPlanner.Leave(state, gang, node) is not { } plan) return new AlreadyDone();
        var share = 1 - gang.Done;
        var here = gang.Allocations.First().Value.Placed.RunTime * share / c.Pace;
        var there = plan.RunTime(state, gang.Spec) * share + policy.Restart + state.Policy.Guests.Grace;
        if (there * policy.MigrateGain > here) return new AlreadyDone();
        return new Accepted(Moves.Of(state, gang, plan, string.Create(CultureInfo.InvariantCulture,
            $"node {node.Id} is slow: its part did {c.Pace:P0} of what the others did")));
    }
}
