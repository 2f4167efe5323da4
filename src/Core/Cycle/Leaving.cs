using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.State;

namespace Stockpile.Core.Cycle;

/// <summary>
/// Work on nodes that have to be empty by an instant. What will be done by then stays; everything else moves as soon as
/// there is room for it, and what found none until the instant waits in the queue from then on.
/// </summary>
public static class Leaving
{
    /// <returns>How many gangs and tasks left.</returns>
    public static int Run(CellState state, RoundWriter round)
    {
        var left = 0;
        foreach (var node in state.Deadlines)
            foreach (var sequence in node.Allocations.ToList())
            {
                if (round.Count >= Limits.EventsPerRoundMax) return left;
                // It may have left with another part of its gang.
                if (state.FindAllocation(sequence) is not { } allocation) continue;
                if (Of(state, round, node, allocation) is not { } events) continue;
                foreach (var committed in events) round.Commit(committed);
                left++;
            }

        return left;
    }

    /// <summary>Null when it stays for now.</summary>
    private static List<CellEvent>? Of(
        CellState state, RoundWriter round, NodeState node, AllocationState allocation)
    {
        var at = round.At;
        var by = node.DrainBy!.Value;
        var job = allocation.Job;
        var isGang = job.Spec.Kind == JobKind.Training;
        var rest = isGang ? Remaining.Of(job, at) : Remaining.Of(allocation, at);
        if (at < by && rest <= by - at) return null;
        var reason = $"node {node.Id} is drained and it would not be done in time";
        if (isGang)
        {
            if (Moves.IsMovable(job) && (GangPlanner.Leave(state, job)
                ?? GangPlanner.Plan(state, job.Spec, job.Class.Home)) is { } plan)
                return Moves.Of(state, job, plan, reason);
        }
        else if (TaskPlanner.Decide(round, job.Spec, job.Class.Alternatives) is { } plan)
        {
            return Moves.Of(state, allocation, plan, reason);
        }

        return at < by
            ? null
            : Endings.Of(state, isGang ? [.. job.Allocations.Keys] : [allocation.Sequence], AllocationEnd.Drained,
                $"node {node.Id} had to be empty");
    }
}
