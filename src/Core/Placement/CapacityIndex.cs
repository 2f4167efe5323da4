using Stockpile.Core.Cells;

namespace Stockpile.Core.Placement;

/// <summary>
/// Finds nodes with room without looking at every node: the ready nodes of each model in buckets by free devices and
/// by reclaimable devices, and the partly used devices ordered by what is free on them. Ties go to the node that
/// joined first.
/// </summary>
public sealed class CapacityIndex
{
    private const int Buckets = Limits.DevicesPerNodeMax + 1;

    private sealed class ModelIndex
    {
        public readonly SortedSet<int>[] ByFree = NewBuckets();
        public readonly SortedSet<int>[] ByReclaimable = NewBuckets();

        /// <summary>Partly used devices as (free milli, node, device), see <see cref="SharedKey"/>.</summary>
        public readonly SortedSet<long> Shared = [];
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
        public readonly List<long> Shared = [];
    }

    private readonly Dictionary<string, ModelIndex> _models = new(StringComparer.Ordinal);
    private readonly List<NodeState> _nodes = [];
    private readonly List<Entry?> _entries = [];

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
        while (_nodes.Count <= node.Index)
        {
            _nodes.Add(node);
            _entries.Add(null);
        }

        // A node that came back in another shape is another object at the same index.
        if (!ReferenceEquals(_nodes[node.Index], node))
        {
            Remove(_nodes[node.Index]);
            _nodes[node.Index] = node;
        }

        Remove(node);
        if (node.Ready) Add(node);
        if (freed) Of(node.Accelerator.Model).FreedAt = ++Stamp;
    }

    /// <summary>Ready nodes of a model with at least so many free devices, fewest first (best fit).</summary>
    public IEnumerable<NodeState> Tightest(string model, int devices, bool reclaim)
    {
        if (!_models.TryGetValue(model, out var index)) yield break;
        var buckets = reclaim ? index.ByReclaimable : index.ByFree;
        for (var free = devices; free < Buckets; free++)
            foreach (var node in buckets[free])
                yield return _nodes[node];
    }

    /// <summary>Ready nodes of a model with any free device, most first.</summary>
    public IEnumerable<NodeState> Widest(string model, bool reclaim)
    {
        if (!_models.TryGetValue(model, out var index)) yield break;
        var buckets = reclaim ? index.ByReclaimable : index.ByFree;
        for (var free = Buckets - 1; free > 0; free--)
            foreach (var node in buckets[free])
                yield return _nodes[node];
    }

    /// <summary>Partly used devices of a model with at least so much free, tightest first.</summary>
    public IEnumerable<(NodeState Node, int Device)> TightestShared(string model, int milli)
    {
        if (!_models.TryGetValue(model, out var index) || index.Shared.Count == 0) yield break;
        foreach (var key in index.Shared.GetViewBetween(SharedKey(milli, 0, 0), long.MaxValue))
            yield return (_nodes[(int)(key >> 4 & 0x0FFF_FFFF)], (int)(key & 0xF));
    }

    private static long SharedKey(int freeMilli, int node, int device) => (long)freeMilli << 32 | (long)node << 4
        | (long)device;

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
        for (var device = 0; device < node.Devices; device++)
        {
            var free = node.FreeMilli(device);
            if (free is <= 0 or >= Limits.MilliPerDevice) continue;
            var key = SharedKey(free, node.Index, device);
            entry.Shared.Add(key);
            index.Shared.Add(key);
        }

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
        foreach (var key in entry.Shared) index.Shared.Remove(key);
        _entries[node.Index] = null;
    }
}
