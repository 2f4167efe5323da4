using Stockpile.Core.Fleets;
using Stockpile.Core.Scoring;

namespace Stockpile.Core.State;

/// <summary>
/// Finds nodes with room without looking at every node: for gangs the ready nodes of each model in buckets by free
/// devices and by reclaimable devices, for single tasks an index of scores. Ties go to the node that joined first.
/// </summary>
public sealed class CapacityIndex(IScoringPolicy scoring, bool modelsCompete)
{
    private const int Buckets = Limits.DevicesPerNodeMax + 1;

    private sealed class ModelIndex
    {
        public readonly SortedSet<int>[] ByFree = NewBuckets();
        public readonly SortedSet<int>[] ByReclaimable = NewBuckets();
        public int Free;
        public int Reclaimable;
        public long FreedAt;

        private static SortedSet<int>[] NewBuckets()
        {
            var buckets = new SortedSet<int>[Buckets];
            for (var i = 0; i < Buckets; i++) buckets[i] = [];
            return buckets;
        }
    }

    /// <summary>What the index holds of a node, so that it can take it out again.</summary>
    private sealed class Entry
    {
        public int Free;
        public int Reclaimable;
    }

    private readonly Dictionary<string, ModelIndex> _models = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _modelLists = new(StringComparer.Ordinal);
    private readonly List<NodeState> _nodes = [];
    private readonly List<Entry?> _entries = [];
    private readonly HashSet<int> _unsteady = [];

    /// <summary>The best node for a task, by the policy in force.</summary>
    public ScoreIndex Scores { get; } = new(scoring);

    /// <summary>Whether the models of a task's home compete by score instead of being tried in order.</summary>
    public bool ModelsCompete { get; } = modelsCompete;

    /// <summary>The models of those alternatives that are guests, or that are not; equal sets give the same list, by
    /// which the index of scores knows them.</summary>
    /// <param name="keep">False for questions, which may ask about any set.</param>
    internal IReadOnlyList<string> ModelsOf(IReadOnlyList<Alternative> alternatives, bool guest, bool keep = true)
    {
        var models = alternatives.Where(a => a.Guest == guest).Select(a => a.Model).ToList();
        var key = string.Join('|', models);
        if (_modelLists.TryGetValue(key, out var list)) return list;
        if (keep) _modelLists.Add(key, models);
        return models;
    }

    /// <summary>The node at an index of the table.</summary>
    public NodeState NodeAt(int index) => _nodes[index];

    /// <summary>Counts up whenever capacity is freed anywhere.</summary>
    public long Stamp { get; private set; }

    /// <summary>The stamp at which a model last gained room.</summary>
    public long FreedAt(string model) => _models.TryGetValue(model, out var index) ? index.FreedAt : 0;

    /// <summary>Wholly free devices on ready nodes of a model.</summary>
    public int Free(string model) => _models.TryGetValue(model, out var index) ? index.Free : 0;

    /// <summary>The same with those that only guests hold.</summary>
    public int Reclaimable(string model) => _models.TryGetValue(model, out var index) ? index.Reclaimable : 0;

    /// <summary>Takes up a node's present state. Call it after every change of the node.</summary>
    /// <param name="freed">The change may have made room.</param>
    internal void Update(NodeState node, bool freed)
    {
        node.Room.Open = node.Ready;
        if (node.Health.IsUnsteady) _unsteady.Add(node.Index);
        else _unsteady.Remove(node.Index);
        while (_nodes.Count <= node.Index)
        {
            _nodes.Add(node);
            _entries.Add(null);
            Scores.Add(node.Room);
        }

        // A node that came back in another shape is another object at the same index.
        if (!ReferenceEquals(_nodes[node.Index], node))
        {
            Remove(_nodes[node.Index]);
            if (_nodes[node.Index].Room.Model != node.Room.Model) Scores.Remove(_nodes[node.Index].Room);
            _nodes[node.Index] = node;
            Scores.Add(node.Room);
        }

        Scores.Changed(node.Room);

        Remove(node);
        if (node.Ready) Add(node);
        if (freed) Of(node.Accelerator.Model).FreedAt = ++Stamp;
    }

    /// <summary>More of these models may be used than before, although no device was freed.</summary>
    internal void Raise(IEnumerable<string> models)
    {
        foreach (var model in models)
            if (_models.TryGetValue(model, out var index)) index.FreedAt = ++Stamp;
    }

    /// <summary>Some nodes failed of late: steady ones come before them.</summary>
    internal bool HasUnsteady => _unsteady.Count > 0;

    /// <summary>Ready nodes of a model with at least so many free devices, fewest first (best fit); those that failed
    /// of late come last.</summary>
    public IEnumerable<NodeState> Tightest(string model, int devices, bool reclaim) =>
        SteadyFirst(ByTightness(model, devices, reclaim));

    /// <summary>Ready nodes of a model with any free device, most first; those that failed of late come last.</summary>
    public IEnumerable<NodeState> Widest(string model, bool reclaim) => SteadyFirst(ByWidth(model, reclaim));

    private IEnumerable<NodeState> SteadyFirst(IEnumerable<NodeState> nodes) => HasUnsteady
        ? nodes.Where(n => !n.Health.IsUnsteady).Concat(nodes.Where(n => n.Health.IsUnsteady))
        : nodes;

    private IEnumerable<NodeState> ByTightness(string model, int devices, bool reclaim)
    {
        if (!_models.TryGetValue(model, out var index)) yield break;
        var buckets = reclaim ? index.ByReclaimable : index.ByFree;
        for (var free = devices; free < Buckets; free++)
            foreach (var node in buckets[free])
                yield return _nodes[node];
    }

    private IEnumerable<NodeState> ByWidth(string model, bool reclaim)
    {
        if (!_models.TryGetValue(model, out var index)) yield break;
        var buckets = reclaim ? index.ByReclaimable : index.ByFree;
        for (var free = Buckets - 1; free > 0; free--)
            foreach (var node in buckets[free])
                yield return _nodes[node];
    }

    private ModelIndex Of(string model)
    {
        if (!_models.TryGetValue(model, out var index)) _models.Add(model, index = new ModelIndex());
        return index;
    }

    private void Add(NodeState node)
    {
        var index = Of(node.Accelerator.Model);
        var entry = new Entry { Free = node.FreeDevices, Reclaimable = node.ReclaimableDevices };
        index.ByFree[entry.Free].Add(node.Index);
        index.ByReclaimable[entry.Reclaimable].Add(node.Index);
        index.Free += entry.Free;
        index.Reclaimable += entry.Reclaimable;
        _entries[node.Index] = entry;
    }

    private void Remove(NodeState node)
    {
        if (_entries[node.Index] is not { } entry) return;
        var index = Of(node.Accelerator.Model);
        index.ByFree[entry.Free].Remove(node.Index);
        index.ByReclaimable[entry.Reclaimable].Remove(node.Index);
        index.Free -= entry.Free;
        index.Reclaimable -= entry.Reclaimable;
        _entries[node.Index] = null;
    }
}
