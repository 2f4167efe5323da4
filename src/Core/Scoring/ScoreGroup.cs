namespace Stockpile.Core.Scoring;

/// <summary>The nodes of one model, the notes of what changed, and a tree of scores for each shape asked for.</summary>
internal sealed class ScoreGroup
{
    /// <summary>Shapes whose trees are kept; beyond it all are dropped and grow again as they are asked for.</summary>
    private const int TreesMax = 1_024;

    /// <summary>A tree of which more than this part changed is built anew as a whole.</summary>
    private const int RebuildFrom = 4;

    private readonly List<NodeRoom> _nodes = [];
    private readonly Dictionary<int, int> _positions = [];
    private readonly Dictionary<TaskShape, ScoreTree> _trees = [];
    private readonly List<long> _freeMilli = [];

    /// <summary>Positions that changed, oldest first, from the note <see cref="_firstNote"/> on.</summary>
    private readonly List<int> _notes = [];

    /// <summary>The last note of each position; an older one of the same position tells nothing more.</summary>
    private readonly List<long> _lastNote = [];
    private long _firstNote;

    public IReadOnlyList<NodeRoom> Nodes => _nodes;

    public long FreeMilli { get; private set; }

    public void Add(NodeRoom node)
    {
        if (_positions.TryGetValue(node.Index, out var position))
        {
            _nodes[position] = node;
            Changed(node);
            return;
        }

        _positions.Add(node.Index, _nodes.Count);
        _nodes.Add(node);
        _lastNote.Add(-1);
        _freeMilli.Add(0);
        Changed(node);
    }

    public void Remove(NodeRoom node)
    {
        node.Open = false;
        Changed(node);
    }

    /// <summary>Drops all scores.</summary>
    public void Forget() => _trees.Clear();

    public void Changed(NodeRoom node)
    {
        var position = _positions[node.Index];
        var free = node.Open ? node.FreeMilliTotal : 0;
        FreeMilli += free - _freeMilli[position];
        _freeMilli[position] = free;
        _lastNote[position] = _firstNote + _notes.Count;
        _notes.Add(position);
        if (_notes.Count <= 4 * _nodes.Count + 1_024) return;
        var dropped = _notes.Count / 2;
        _notes.RemoveRange(0, dropped);
        _firstNote += dropped;
    }

    /// <summary>The open node with the highest score, lowest index first; null when none has room.</summary>
    public NodeRoom? Best(IScoringPolicy policy, in TaskShape task, Func<NodeRoom, bool>? accepts, out int score)
    {
        if (policy.Varies) return Scan(policy, task, accepts, out score);
        var tree = TreeOf(policy, task with { MemoryMiB = 0 }, task.MemoryMiB);
        var position = tree.First(out score);
        if (position >= 0 && !Accepts(_nodes[position], task.MemoryMiB, accepts))
            position = Next(tree, task.MemoryMiB, accepts, out score);
        return position < 0 ? null : _nodes[position];
    }

    private static bool Accepts(NodeRoom node, long memoryMiB, Func<NodeRoom, bool>? accepts) =>
        node.MemoryFreeMiB >= memoryMiB && (accepts is null || accepts(node));

    private int Next(ScoreTree tree, long memoryMiB, Func<NodeRoom, bool>? accepts, out int score) =>
        tree.Best(_open, position => Accepts(_nodes[position], memoryMiB, accepts), out score);

    /// <summary>Positions that changed since a note, each once, or all of them when that is too long ago.</summary>
    /// <param name="note">Where the reader stands; −1 at first. Moves on to now.</param>
    public void ChangedSince(ref long note, List<int> positions)
    {
        positions.Clear();
        var now = _firstNote + _notes.Count;
        if (note < _firstNote || now - note > _nodes.Count)
            for (var position = 0; position < _nodes.Count; position++) positions.Add(position);
        else
            for (; note < now; note++)
            {
                var position = _notes[(int)(note - _firstNote)];
                if (_lastNote[position] == note) positions.Add(position);
            }

        note = now;
    }

    private readonly List<int> _changed = [];
    private readonly PriorityQueue<int, long> _open = new();

    private ScoreTree TreeOf(IScoringPolicy policy, in TaskShape task, long memoryMiB)
    {
        if (!_trees.TryGetValue(task, out var tree) || tree.Capacity < _nodes.Count)
        {
            if (_trees.Count >= TreesMax) _trees.Clear();
            _trees[task] = tree = new ScoreTree(_nodes.Count);
        }

        if (memoryMiB < tree.MemoryMiB)
        {
            tree.MemoryMiB = memoryMiB;
            tree.Note = -1;
        }

        ChangedSince(ref tree.Note, _changed);
        var many = _changed.Count > tree.Capacity / RebuildFrom;
        NodeRoom? last = null;
        var lastScore = 0;
        foreach (var position in _changed)
        {
            var node = _nodes[position];
            var score = ScoreTree.None;
            if (node.Holds(task) && node.MemoryFreeMiB >= tree.MemoryMiB)
            {
                // A new tree is made of empty nodes for the most part, and many of those are alike.
                if (last is null || !last.IsIdleLike(node)) lastScore = policy.Score(task, node, out _);
                last = node;
                score = lastScore;
            }

            if (many) tree.SetOnly(position, score);
            else tree.Set(position, score);
        }

        if (many) tree.Build();
        return tree;
    }

    private NodeRoom? Scan(IScoringPolicy policy, in TaskShape task, Func<NodeRoom, bool>? accepts, out int score)
    {
        NodeRoom? best = null;
        score = int.MinValue;
        foreach (var node in _nodes)
        {
            if (!node.Holds(task) || node.MemoryFreeMiB < task.MemoryMiB) continue;
            if (accepts is not null && !accepts(node)) continue;
            var own = policy.Score(task, node, out _);
            if (own <= score) continue;
            score = own;
            best = node;
        }

        return best;
    }
}
