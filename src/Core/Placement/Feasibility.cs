using System.Globalization;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>
/// How far nodes reach towards what a job asks for, in numbers: what those of one cell say can be put together with
/// what others say, and the sum refuses a job in the name of all of them.
/// </summary>
public sealed record Reach
{
    /// <summary>One of the cells could run it, were all of it free.</summary>
    public bool Possible { get; init; }

    /// <summary>Nodes of an allowed model, and those of them with the labels.</summary>
    public int NodesOfModels { get; init; }
    public int NodesWithLabels { get; init; }

    /// <summary>The most on one of those: devices; CPU among those with the devices; memory among those with both.
    /// </summary>
    public int Devices { get; init; }
    public int CpuMilli { get; init; }
    public long MemoryMiB { get; init; }

    /// <summary>The largest gang of the job's shape in one cell, and inside one domain of the topology that it
    /// requires.</summary>
    public (int Devices, string Model) Gang { get; init; } = (0, "");
    public (int Devices, string Model) Domain { get; init; } = (0, "");

    public Reach With(Reach other) => new()
    {
        Possible = Possible || other.Possible,
        NodesOfModels = NodesOfModels + other.NodesOfModels,
        NodesWithLabels = NodesWithLabels + other.NodesWithLabels,
        Devices = Math.Max(Devices, other.Devices),
        CpuMilli = Math.Max(CpuMilli, other.CpuMilli),
        MemoryMiB = Math.Max(MemoryMiB, other.MemoryMiB),
        Gang = other.Gang.Devices > Gang.Devices ? other.Gang : Gang,
        Domain = other.Domain.Devices > Domain.Devices ? other.Domain : Domain,
    };
}

/// <summary>Whether a job could ever run, were all nodes free.</summary>
public static class Feasibility
{
    /// <summary>Null when the cell could run it; else which dimension can never be met, with the numbers.</summary>
    public static Refusal? WhyNever(CellState state, JobSpec spec) =>
        WhyNever(ReachOf(state, spec), spec, state.Catalog, state.Policy, state.Cell);

    /// <summary>The same of whatever cells are put together.</summary>
    /// <param name="cell">The only one of them; null: all cells.</param>
    public static Refusal? WhyNever(Reach reach, JobSpec spec, Catalog catalog, Policy policy, string? cell)
    {
        var where = cell is null ? "any cell" : $"cell {cell}";
        var alternatives = Alternatives.Of(spec, catalog, policy);
        if (WhyNoModel(spec, alternatives, catalog, policy) is { } none) return none;
        var names = string.Join(", ", alternatives.Select(a => a.Model));
        if (reach.NodesOfModels == 0)
            return Never(spec.Tiers.Count > 0 ? "tiers" : "models", cell is null
                ? $"no cell has any of {names}" : $"cell {cell} has none of {names}");
        if (reach.NodesWithLabels == 0)
            return Never("labels", $"no node of {names} in {where} has the labels "
                + string.Join(", ", spec.Labels.Select(l => $"{l.Key}={l.Value}")));
        if (reach.Possible) return null;
        return spec.Kind == JobKind.Training ? Gang(reach, spec, where) : Task(reach, spec, names, where);
    }

    /// <summary>Whether a gang, or one task, would find room now. For questions: nothing changes.</summary>
    internal static bool FitsNow(
        CellState state, JobSpec spec, IReadOnlyList<Alternative> alternatives, ReservationGuard? guard) =>
        spec.Kind == JobKind.Training
            ? GangPlanner.Plan(state, spec, alternatives, guard) is not null
            : TaskPlanner.Plan(state.Index, spec, alternatives, guard) is not null;

    /// <summary>What the nodes of a cell say.</summary>
    public static Reach ReachOf(CellState state, JobSpec spec)
    {
        var allowed = Alternatives.Of(spec, state.Catalog, state.Policy)
            .Select(a => a.Model).ToHashSet(StringComparer.Ordinal);
        var ofModels = state.Nodes.Where(n => allowed.Contains(n.Accelerator.Model)).ToList();
        var labelled = ofModels.Where(n => HasLabels(n, spec.Labels)).ToList();
        var reach = new Reach { NodesOfModels = ofModels.Count, NodesWithLabels = labelled.Count };
        if (labelled.Count == 0) return reach;
        return spec.Kind == JobKind.Training ? GangReach(reach, spec, labelled) : TaskReach(reach, spec, labelled);
    }

    private static Refusal? WhyNoModel(
        JobSpec spec, IReadOnlyList<Alternative> alternatives, Catalog catalog, Policy policy)
    {
        if (alternatives.Count > 0) return null;
        return !spec.Guest && Alternatives.Of(spec with { Guest = true }, catalog, policy).Count > 0
            ? Never("guest", "every model that the job allows is of a better tier than its kind's home, and it refuses "
                + "to be a guest")
            : Never(spec.MinMemoryMiB > 0 ? "min-memory" : "models",
                $"no model that the job allows has {spec.MinMemoryMiB} MiB of device memory");
    }

    private static Reach TaskReach(Reach reach, JobSpec spec, List<NodeState> nodes)
    {
        var devices = Math.Max(spec.Devices, spec.ShareMilli > 0 ? 1 : 0);
        var wide = nodes.Where(n => n.Devices >= devices).ToList();
        var strong = wide.Where(n => n.Admitted.CpuMilli >= spec.CpuMilli).ToList();
        var memory = strong.Select(n => n.Admitted.MemoryMiB).DefaultIfEmpty().Max();
        return reach with
        {
            Devices = nodes.Max(n => n.Devices),
            CpuMilli = wide.Select(n => n.Admitted.CpuMilli).DefaultIfEmpty().Max(),
            MemoryMiB = memory,
            Possible = strong.Count > 0 && memory >= spec.MemoryMiB,
        };
    }

    private static Refusal Task(Reach reach, JobSpec spec, string names, string where)
    {
        if (reach.Devices < spec.Devices)
            return Never("devices", $"{spec.Devices} devices on one node: the nodes of {names} in {where} have at most "
                + $"{reach.Devices}");
        var together = spec.Devices > 0 ? $"with {spec.Devices} devices " : "";
        if (reach.CpuMilli < spec.CpuMilli)
            return Never("cpu", $"{Cores(spec.CpuMilli)} cores on one node: the nodes of {names} {together}in {where} "
                + $"have at most {Cores(reach.CpuMilli)}");
        if (spec.CpuMilli > 0) together += $"and {Cores(spec.CpuMilli)} cores ";
        return Never("memory", $"{spec.MemoryMiB} MiB on one node: the nodes of {names} {together}in {where} have at "
            + $"most {reach.MemoryMiB}");
    }

    private static Reach GangReach(Reach reach, JobSpec spec, List<NodeState> nodes)
    {
        var gang = Largest(nodes.GroupBy(n => n.Accelerator.Model, StringComparer.Ordinal)
            .Select(g => (g.Sum(n => Room(n, spec)), g.Key)));
        if (spec.TopologyRequired == TopologyLevel.None)
            return reach with { Gang = gang, Possible = gang.Devices >= spec.LeastDevices };
        var domain = Largest(nodes
            .Select(n => (Node: n, Domain: spec.TopologyRequired == TopologyLevel.Rack ? n.Rack : n.Pod))
            .Where(n => n.Domain.Length > 0)
            .GroupBy(n => (n.Node.Accelerator.Model, n.Domain), n => Room(n.Node, spec))
            .Select(g => (g.Sum(), g.Key.Model)));
        return reach with { Gang = gang, Domain = domain, Possible = domain.Devices >= spec.LeastDevices };
    }

    private static (int Devices, string Model) Largest(IEnumerable<(int Devices, string Model)> rooms) => rooms
        .OrderByDescending(g => g.Devices).ThenBy(g => g.Model, StringComparer.Ordinal)
        .FirstOrDefault((0, ""));

    private static Refusal Gang(Reach reach, JobSpec spec, string where)
    {
        var wanted = spec.LeastDevices;
        if (reach.Gang.Devices < wanted || spec.TopologyRequired == TopologyLevel.None)
        {
            var shape = spec.PerNode > 0 || spec.CpuMilli > 0 || spec.MemoryMiB > 0 ? " in the shape it asks for" : "";
            return Never("devices", $"a gang of {wanted} devices is larger than {where} could ever hold{shape}: at "
                + $"most {reach.Gang.Devices} of {reach.Gang.Model}, and a gang runs on one model of one cell");
        }

        var level = Topology.Name(spec.TopologyRequired);
        return Never("topology.required", reach.Domain.Devices == 0
            ? $"no node that the job allows in {where} has the label {level}"
            : $"a gang of {wanted} devices is larger than any {level} of {where} could ever hold: at most "
                + $"{reach.Domain.Devices} of {reach.Domain.Model} in one {level}");
    }

    /// <summary>Devices of an empty node that a gang could use, given its CPU, memory and shape.</summary>
    private static int Room(NodeState node, JobSpec spec)
    {
        var room = Fit.Ranks(node.Devices, node.Admitted.CpuMilli, node.Admitted.MemoryMiB, spec);
        return spec.PerNode == 0 ? room : room >= spec.PerNode ? spec.PerNode : 0;
    }

    private static Refusal Never(string field, string message) => new(Refusal.Unplaceable, field, message);

    private static string Cores(int milli) => (milli / 1000.0).ToString("0.###", CultureInfo.InvariantCulture);

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
