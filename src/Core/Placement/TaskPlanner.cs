using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>Where one task may go.</summary>
/// <param name="DeviceMask">Bit i is device i; no bit for a CPU-only task.</param>
public sealed record TaskPlan(NodeState Node, uint DeviceMask, Alternative Alternative);

/// <summary>
/// Places single tasks (replicas, batch tasks): the first alternative that has room, or all of a kind together where
/// the policy lets models compete; there the node that the scoring policy likes best.
/// </summary>
public static class TaskPlanner
{
    /// <summary>Null when none of the alternatives has room now. For questions: nothing changes.</summary>
    /// <param name="guard">What is reserved for more urgent jobs; null: nothing.</param>
    public static TaskPlan? Plan(
        CapacityIndex index, JobSpec spec, IReadOnlyList<Alternative> alternatives, ReservationGuard? guard = null) =>
        Plan(index, index.Scores.Asking, decides: false, spec, alternatives, guard);

    /// <summary>The same for a decision: the scoring policy counts it, and draws. Nobody but a round decides, so it
    /// takes one.</summary>
    public static TaskPlan? Decide(
        RoundWriter round, JobSpec spec, IReadOnlyList<Alternative> alternatives, ReservationGuard? guard = null)
    {
        var index = round.Index;
        return Plan(index, index.Scores.Deciding, decides: true, spec, alternatives, guard);
    }

    private static TaskPlan? Plan(
        CapacityIndex index, ScoreView scores, bool decides, JobSpec spec, IReadOnlyList<Alternative> alternatives,
        ReservationGuard? guard)
    {
        // What is reserved differs by alternative, so behind a guard they are tried one by one.
        var shape = TaskShape.Of(spec);
        if (index.ModelsCompete && guard is null) return Competing(index, scores, decides, spec, shape, alternatives);
        foreach (var alternative in alternatives)
        {
            var condition = Condition(index, scores.Policy, spec, shape, guard?.On(alternative, spec.Devices));
            if (Best(index, scores, shape, alternative.Only, condition) is { } choice)
                return new TaskPlan(index.NodeAt(choice.Node.Index), choice.Devices, alternative);
        }

        return null;
    }

    /// <summary>Home models against each other, then those where it is a guest.</summary>
    private static TaskPlan? Competing(
        CapacityIndex index, ScoreView scores, bool decides, JobSpec spec, in TaskShape shape,
        IReadOnlyList<Alternative> alternatives)
    {
        foreach (var guest in GuestLast)
        {
            var models = index.ModelsOf(alternatives, guest, keep: decides);
            if (models.Count == 0) continue;
            var condition = Condition(index, scores.Policy, spec, shape, clear: null);
            if (Best(index, scores, shape, models, condition) is not { } choice) continue;
            var node = index.NodeAt(choice.Node.Index);
            var alternative = alternatives.First(a => a.Guest == guest && a.Model == node.Accelerator.Model);
            return new TaskPlan(node, choice.Devices, alternative);
        }

        return null;
    }

    private static readonly bool[] GuestLast = [false, true];

    /// <summary>A node that failed of late is taken where no other has room.</summary>
    private static Choice? Best(
        CapacityIndex index, ScoreView scores, in TaskShape shape, IReadOnlyList<string> models,
        Func<NodeRoom, bool>? condition) =>
        index.HasUnsteady && scores.Best(shape, models, room => !index.NodeAt(room.Index).Health.IsUnsteady
            && condition?.Invoke(room) != false) is { } steady
            ? steady
            : scores.Best(shape, models, condition);

    /// <summary>What a node must meet beside room; null: nothing.</summary>
    private static Func<NodeRoom, bool>? Condition(
        CapacityIndex index, IScoringPolicy policy, JobSpec spec, TaskShape shape, NodeGuard? clear)
    {
        if (spec.Labels.Count == 0 && clear is null) return null;
        return room =>
        {
            var node = index.NodeAt(room.Index);
            if (!Feasibility.HasLabels(node, spec.Labels)) return false;
            if (clear is null) return true;
            policy.Score(shape, room, out var devices);
            return clear.Value.Admits(node, devices);
        };
    }
}
