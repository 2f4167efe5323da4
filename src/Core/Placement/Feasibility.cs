using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Placement;

/// <summary>Whether a job could ever run in a cell, were all of it free.</summary>
public static class Feasibility
{
    /// <summary>Null when it could; else which dimension can never be met, with the numbers.</summary>
    public static Refusal? WhyNever(CellState state, JobSpec spec)
    {
        var alternatives = Alternatives.Of(spec, state.Catalog, state.Policy);
        if (alternatives.Count == 0 && !spec.Guest
            && Alternatives.Of(spec with { Guest = true }, state.Catalog, state.Policy).Count > 0)
            return new Refusal(Refusal.Unplaceable, "guest",
                "every model that the job allows is of a better tier than its kind's home, and it refuses to be a "
                + "guest");
        if (alternatives.Count == 0)
            return new Refusal(Refusal.Unplaceable, spec.MinMemoryMiB > 0 ? "min-memory" : "models",
                $"no model that the job allows has {spec.MinMemoryMiB} MiB of device memory");
        var allowed = alternatives.Select(a => a.Model).ToHashSet(StringComparer.Ordinal);
        var nodes = state.Nodes.Where(n => allowed.Contains(n.Accelerator.Model)).ToList();
        var names = string.Join(", ", alternatives.Select(a => a.Model));
        if (nodes.Count == 0)
            return new Refusal(Refusal.Unplaceable, spec.Tiers.Count > 0 ? "tiers" : "models",
                $"cell {state.Cell} has none of {names}");
        var labelled = nodes.Where(n => HasLabels(n, spec.Labels)).ToList();
        if (labelled.Count == 0)
            return new Refusal(Refusal.Unplaceable, "labels",
                $"no node of {names} in cell {state.Cell} has the labels "
                + string.Join(", ", spec.Labels.Select(l => $"{l.Key}={l.Value}")));
        return spec.Kind == JobKind.Training ? Gang(state, spec, labelled) : Task(state, spec, labelled, names);
    }

    private static Refusal? Gang(CellState state, JobSpec spec, List<NodeState> nodes)
    {
        var wanted = spec.LeastDevices;
        var best = nodes.GroupBy(n => n.Accelerator.Model, StringComparer.Ordinal)
            .Select(g => (Model: g.Key, Devices: g.Sum(n => Room(n, spec))))
            .OrderByDescending(g => g.Devices).ThenBy(g => g.Model, StringComparer.Ordinal)
            .First();
        if (best.Devices >= wanted && spec.TopologyRequired != TopologyLevel.None)
            return Domain(state, spec, nodes, wanted);
        return best.Devices >= wanted ? null : new Refusal(Refusal.Unplaceable, "devices",
            $"a gang of {wanted} devices is larger than cell {state.Cell} could ever hold: at most {best.Devices} "
            + $"of {best.Model}, and a gang runs on one model of one cell");
    }

    private static Refusal? Domain(CellState state, JobSpec spec, List<NodeState> nodes, int wanted)
    {
        var level = Topology.Name(spec.TopologyRequired);
        var largest = nodes
            .Select(n => (Node: n, Domain: spec.TopologyRequired == TopologyLevel.Rack ? n.Rack : n.Pod))
            .Where(n => n.Domain.Length > 0)
            .GroupBy(n => (n.Node.Accelerator.Model, n.Domain), n => Room(n.Node, spec))
            .Select(g => (g.Key.Model, Devices: g.Sum()))
            .DefaultIfEmpty()
            .MaxBy(g => g.Devices);
        if (largest.Devices >= wanted) return null;
        return new Refusal(Refusal.Unplaceable, "topology.required", largest.Devices == 0
            ? $"no node that the job allows in cell {state.Cell} has the label {level}"
            : $"a gang of {wanted} devices is larger than any {level} of cell {state.Cell} could ever hold: at most "
                + $"{largest.Devices} of {largest.Model} in one {level}");
    }

    /// <summary>Devices of an empty node that a gang could use, given its CPU, memory and shape.</summary>
    private static int Room(NodeState node, JobSpec spec)
    {
        var room = Fit.Ranks(node.Devices, node.Admitted.CpuMilli, node.Admitted.MemoryMiB, spec);
        return spec.PerNode == 0 ? room : room >= spec.PerNode ? spec.PerNode : 0;
    }

    private static Refusal? Task(CellState state, JobSpec spec, List<NodeState> nodes, string names)
    {
        var devices = nodes.Max(n => n.Devices);
        if (devices < spec.Devices)
            return new Refusal(Refusal.Unplaceable, "devices",
                $"{spec.Devices} devices on one node: the nodes of {names} in cell {state.Cell} have at most "
                + $"{devices}");
        if (nodes.TrueForAll(n => n.Devices < spec.Devices || n.Admitted.CpuMilli < spec.CpuMilli))
            return new Refusal(Refusal.Unplaceable, "cpu",
                $"{spec.CpuMilli / 1000.0} cores on one node: the nodes of {names} in cell {state.Cell} have at most "
                + $"{nodes.Max(n => n.Admitted.CpuMilli) / 1000.0}");
        if (nodes.TrueForAll(n => n.Devices < spec.Devices || n.Admitted.CpuMilli < spec.CpuMilli
                || n.Admitted.MemoryMiB < spec.MemoryMiB))
            return new Refusal(Refusal.Unplaceable, "memory",
                $"{spec.MemoryMiB} MiB on one node: the nodes of {names} in cell {state.Cell} have at most "
                + $"{nodes.Max(n => n.Admitted.MemoryMiB)}");
        return null;
    }

    internal static bool HasLabels(NodeState node, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (key, value) in labels)
            if (!node.Admitted.Labels.TryGetValue(key, out var has) || has != value) return false;
        return true;
    }
}

/// <summary>Arithmetic of what fits on a node.</summary>
internal static class Fit
{
    /// <summary>Ranks of a gang, one device each, that so many devices, CPU and memory carry.</summary>
    public static int Ranks(int devices, int cpuMilli, long memoryMiB, JobSpec spec)
    {
        var ranks = devices;
        if (spec.CpuMilli > 0) ranks = Math.Min(ranks, cpuMilli / spec.CpuMilli);
        if (spec.MemoryMiB > 0) ranks = (int)Math.Min(ranks, memoryMiB / spec.MemoryMiB);
        return ranks;
    }
}
