using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement.Scoring;

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
    /// <summary>Null when none of the alternatives has room now.</summary>
    public static TaskPlan? Plan(CapacityIndex index, JobSpec spec, IReadOnlyList<Alternative> alternatives)
    {
        var shape = TaskShape.Of(spec);
        if (index.ModelsCompete) return Competing(index, spec, shape, alternatives);
        foreach (var alternative in alternatives)
            if (index.Scores.Best(shape, alternative.Only, Condition(index, spec)) is { } choice)
                return new TaskPlan(index.NodeAt(choice.Node.Index), choice.Devices, alternative);
        return null;
    }

    /// <summary>Home models against each other, then those where it is a guest.</summary>
    private static TaskPlan? Competing(
        CapacityIndex index, JobSpec spec, in TaskShape shape, IReadOnlyList<Alternative> alternatives)
    {
        foreach (var guest in GuestLast)
        {
            var models = index.ModelsOf(alternatives, guest);
            if (models.Count == 0) continue;
            if (index.Scores.Best(shape, models, Condition(index, spec)) is not { } choice) continue;
            var node = index.NodeAt(choice.Node.Index);
            var alternative = alternatives.First(a => a.Guest == guest && a.Model == node.Accelerator.Model);
            return new TaskPlan(node, choice.Devices, alternative);
        }

        return null;
    }

    private static readonly bool[] GuestLast = [false, true];

    /// <summary>What a node must meet beside room; null: nothing.</summary>
    private static Func<NodeRoom, bool>? Condition(CapacityIndex index, JobSpec spec) => spec.Labels.Count == 0
        ? null
        : room => Feasibility.HasLabels(index.NodeAt(room.Index), spec.Labels);

    internal static uint FirstFree(NodeState node, int devices)
    {
        uint mask = 0;
        for (var device = 0; device < node.Devices && devices > 0; device++)
        {
            if (node.UsedMilli(device) != 0) continue;
            mask |= 1u << device;
            devices--;
        }

        return mask;
    }
}
