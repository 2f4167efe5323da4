using Stockpile.Core.State;

namespace Stockpile.Core.Cycle;

/// <summary>
/// Nodes that keep failing. One that failed comes behind the steady ones; one that fails again and again rests, each
/// time longer, and takes work again by itself; one that holds out has its failures forgotten. It is written what
/// became of a node, so a later policy changes nothing that was.
/// </summary>
public static class Unsteadiness
{
    public static void Run(CellState state, RoundWriter round)
    {
        foreach (var node in state.Unsteady.ToList())
        {
            if (round.Count >= Limits.EventsPerRoundMax) return;
            if (Of(state, node, round.At) is { } committed) round.Commit(committed);
        }
    }

    private static CellEvent? Of(CellState state, NodeState node, DateTimeOffset at)
    {
        var health = node.Health;
        if (health.RestUntil is { } until) return at >= until ? new NodeRestEnded(node.Id) : null;
        var rest = state.Policy.Nodes.RestAt(health.Failures);
        // Work that found the node before its rest could begin is not disturbed; it has none right after a failure.
        if (rest > TimeSpan.Zero && health.RestedFor < health.Failures && node.Allocations.Count == 0
            && !TooManyRest(state, node))
            return new NodeRested(node.Id, at + rest);
        return !node.Lost && at - health.Since >= state.Policy.Nodes.ForgetAfter ? new NodeSteady(node.Id) : null;
    }

    /// <summary>Where most nodes fail it is not their fault, but that of a job, a room or a release.</summary>
    private static bool TooManyRest(CellState state, NodeState node)
    {
        var resting = state.Unsteady.Count(n => n.Health.Rests && n.Accelerator.Model == node.Accelerator.Model);
        return resting > 0 && (resting + 1) * Limits.RestingPartOfModel
            > state.Nodes.Count(n => n.Accelerator.Model == node.Accelerator.Model);
    }
}
