using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Core.Routing;

/// <summary>What of a model of a cell no group of nodes says. Amounts in thousandths of devices.</summary>
public sealed class ModelLoad
{
    /// <summary>Work that waits and would take this model first.</summary>
    public long WaitingMilli { get; set; }

    /// <summary>What services that would take this model first may still grow by, up to their most replicas.</summary>
    public long GrowthMilli { get; set; }

    /// <summary>Held by gangs, by their priority class.</summary>
    public long[] GangMilli { get; } = new long[Enum.GetValues<Priority>().Length];

    /// <summary>Devices of the largest rack and pod; 0 where no node says in which it is.</summary>
    public int RackDevices { get; set; }
    public int PodDevices { get; set; }

    /// <summary>The most devices of one rack and of one pod that are free or held by guests only.</summary>
    public int RackReclaimable { get; set; }
    public int PodReclaimable { get; set; }
}

/// <summary>
/// How a cell is, as the others see it: small enough to be told every second, exact enough to choose a cell by the
/// order of alternatives that holds inside one. It may be old: the cell itself decides.
/// </summary>
/// <param name="Round">With the epoch, which of two is newer.</param>
/// <param name="Groups">Its nodes by shape, at most <see cref="Limits.ShapesPerStatusMax"/> and then one per model.
/// </param>
/// <param name="Wanted">Models that somebody who waits there may use.</param>
public sealed record CellStatus(
    string Cell, long Epoch, long Round, IReadOnlyList<NodeGroup> Groups,
    IReadOnlyDictionary<string, ModelLoad> Models, IReadOnlySet<string> Wanted)
{
    public static CellStatus Of(CellState state)
    {
        var groups = new GroupTable();
        var models = new Dictionary<string, ModelLoad>(StringComparer.Ordinal);
        var domains = new Dictionary<(string Model, TopologyLevel Level, string Domain), (int All, int Now)>();
        foreach (var node in state.Nodes)
        {
            groups.Of(node.Shape).Add(node.Room, node.ReclaimableDevices);
            models.TryAdd(node.Shape.Model, new ModelLoad());
            AddTo(TopologyLevel.Rack, node.Rack, node);
            AddTo(TopologyLevel.Pod, node.Pod, node);
        }

        foreach (var ((model, level, _), (all, now)) in domains)
        {
            var load = models[model];
            if (level == TopologyLevel.Rack)
            {
                load.RackDevices = Math.Max(load.RackDevices, all);
                load.RackReclaimable = Math.Max(load.RackReclaimable, now);
            }
            else
            {
                load.PodDevices = Math.Max(load.PodDevices, all);
                load.PodReclaimable = Math.Max(load.PodReclaimable, now);
            }
        }

        foreach (var gang in state.Gangs)
            foreach (var allocation in gang.Allocations.Values)
                models[allocation.Node.Shape.Model].GangMilli[(int)gang.Spec.Priority] += allocation.DeviceMilli;
        foreach (var service in state.Services)
        {
            if (service.Class.Alternatives.FirstOrDefault(a => models.ContainsKey(a.Model)) is not { } first) continue;
            var more = service.Spec.MaxReplicas - service.Allocations.Count;
            models[first.Model].GrowthMilli += (long)Math.Max(0, more) * TaskShape.Of(service.Spec).DeviceMilli;
        }

        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var demand in state.Queue.Demands)
        {
            foreach (var alternative in demand.Alternatives)
                if (!wanted.Contains(alternative.Model) && QuotaCheck.IsWanted(state, alternative.Model))
                    wanted.Add(alternative.Model);
            if (demand.Alternatives.FirstOrDefault(a => models.ContainsKey(a.Model)) is { } first)
                models[first.Model].WaitingMilli += demand.Milli;
        }

        return new CellStatus(state.Cell, state.Epoch, state.RoundNumber, groups.Groups, models, wanted);

        void AddTo(TopologyLevel level, string domain, NodeState node)
        {
            if (domain.Length == 0) return;
            var key = (node.Shape.Model, level, domain);
            var (all, now) = domains.GetValueOrDefault(key);
            domains[key] = (all + node.Devices, now + (node.Ready ? node.ReclaimableDevices : 0));
        }
    }

    /// <summary>The same of nodes without a cell's state around them: nobody waits, and nobody is a guest.</summary>
    public static CellStatus Of(string cell, long round, IReadOnlyList<(NodeShape Shape, NodeRoom Room)> nodes)
    {
        var groups = new GroupTable();
        foreach (var (shape, room) in nodes) groups.Of(shape).Add(room, room.FreeDevices);
        return new CellStatus(cell, 0, round, groups.Groups, NoModels, NoneWanted);
    }

    private static readonly IReadOnlyDictionary<string, ModelLoad> NoModels = new Dictionary<string, ModelLoad>();
    private static readonly IReadOnlySet<string> NoneWanted = new HashSet<string>();
}

/// <summary>Groups of nodes by shape, in a fixed order.</summary>
public sealed class GroupTable
{
    private readonly Dictionary<NodeShape, NodeGroup> _groups = new(ShapeComparer.Instance);

    public NodeGroup Of(NodeShape shape)
    {
        if (!_groups.TryGetValue(shape, out var group)) _groups.Add(shape, group = new NodeGroup(shape, 0));
        return group;
    }

    public IReadOnlyList<NodeGroup> Groups => _groups.Count <= Limits.ShapesPerStatusMax
        ? [.. _groups.Values]
        : [.. _groups.Values.GroupBy(g => g.Shape.Model, StringComparer.Ordinal).Select(Merge)];

    private static NodeGroup Merge(IGrouping<string, NodeGroup> groups)
    {
        var shape = new NodeShape(
            groups.Key, groups.First().Shape.Tier, groups.Max(g => g.Shape.Devices),
            groups.Max(g => g.Shape.CpuMilli), groups.Max(g => g.Shape.MemoryMiB), JobSpec.NoLabels);
        var merged = new NodeGroup(shape, groups.Sum(g => g.Nodes)) { Merged = true };
        foreach (var group in groups) merged.Include(group);
        return merged;
    }

    private sealed class ShapeComparer : IEqualityComparer<NodeShape>
    {
        public static readonly ShapeComparer Instance = new();

        public bool Equals(NodeShape? x, NodeShape? y) => ReferenceEquals(x, y) || (x is not null && y is not null
            && x.Model == y.Model && x.Devices == y.Devices && x.CpuMilli == y.CpuMilli
            && x.MemoryMiB == y.MemoryMiB && JobSpecs.SameMap(x.Labels, y.Labels));

        public int GetHashCode(NodeShape shape) =>
            HashCode.Combine(shape.Model, shape.Devices, shape.CpuMilli, shape.MemoryMiB, shape.Labels.Count);
    }
}
