using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Placement;

/// <summary>Where one task may go.</summary>
/// <param name="DeviceMask">Bit i is device i; no bit for a CPU-only task.</param>
public sealed record TaskPlan(NodeState Node, uint DeviceMask, Alternative Alternative);

/// <summary>
/// Places single tasks (replicas, batch tasks) by best fit: the first alternative that has room, there the tightest
/// device or the node with the fewest free devices, so that whole nodes stay free for gangs.
/// </summary>
public static class TaskPlanner
{
    /// <summary>Null when none of the alternatives has room now.</summary>
    /// <param name="fence">What is reserved for more urgent jobs; null: nothing.</param>
    public static TaskPlan? Plan(
        CapacityIndex index, JobSpec spec, IReadOnlyList<Alternative> alternatives, Fence? fence = null)
    {
        foreach (var alternative in alternatives)
        {
            var clear = fence?.On(alternative, spec.Devices);
            var plan = spec.ShareMilli > 0
                ? Share(index, spec, alternative, clear)
                : Whole(index, spec, alternative, spec.Devices, clear);
            if (plan is not null) return plan;
        }

        return null;
    }

    private static TaskPlan? Share(CapacityIndex index, JobSpec spec, Alternative alternative, NodeFence? clear)
    {
        foreach (var (node, device) in index.TightestShared(alternative.Model, spec.ShareMilli))
            if (Fits(node, spec) && clear?.Admits(node, 1u << device) != false)
                return new TaskPlan(node, 1u << device, alternative);
        return Whole(index, spec, alternative, devices: 1, clear);
    }

    private static TaskPlan? Whole(
        CapacityIndex index, JobSpec spec, Alternative alternative, int devices, NodeFence? clear)
    {
        foreach (var node in index.Tightest(alternative.Model, devices, reclaim: false))
            if (Fits(node, spec) && clear?.Admits(node, FirstFree(node, devices)) != false)
                return new TaskPlan(node, FirstFree(node, devices), alternative);
        return null;
    }

    private static bool Fits(NodeState node, JobSpec spec) =>
        node.CpuFreeMilli >= spec.CpuMilli && node.MemoryFreeMiB >= spec.MemoryMiB
        && Feasibility.HasLabels(node, spec.Labels);

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
