namespace Stockpile.Core.Scoring;

/// <summary>A running task that may be stopped and started elsewhere.</summary>
/// <param name="Models">Models it may run on; empty: any.</param>
/// <param name="Devices">Bit i is device i.</param>
public sealed record MovableTask(
    long Id, TaskShape Shape, IReadOnlyList<string> Models, NodeRoom Node, uint Devices);

/// <summary>A task that finds room once others have moved.</summary>
public sealed record Relocation(Choice Target, IReadOnlyList<(MovableTask Task, Choice To)> Moves);

/// <summary>
/// Defragmentation: when a task fits nowhere, a few smaller running ones may move to room that they fit and it does
/// not. A plan only; whoever holds the books carries it out. The index is used for trial and left as it was.
/// </summary>
public sealed class Relocator(ScoreIndex index)
{
    /// <summary>Most tasks moved for one.</summary>
    public const int MovesPerTask = 2;

    /// <summary>Least gain of one move, in thousandths of a device placed.</summary>
    public const int GainPerMoveMilli = 200;

    /// <summary>Shapes remembered to have found nothing; beyond it all are forgotten and looked for anew.</summary>
    private const int ShapesMax = 4_096;

    private readonly Dictionary<(TaskShape, string), Dictionary<string, long>> _failedAt = [];
    private readonly Dictionary<(TaskShape Shape, IReadOnlyList<string> Models), bool> _destinations =
        new(new ByList());
    private readonly List<MovableTask> _leaving = [];
    private readonly List<int> _positions = [];

    /// <summary>Null when no set of at most <paramref name="movesMax"/> tasks helps. A shape that found nothing looks
    /// only at nodes that changed since.</summary>
    /// <param name="models">Models it may run on; empty: any.</param>
    /// <param name="movable">Tasks of a node that may move.</param>
    /// <param name="accepts">A further condition on the task's own node.</param>
    public Relocation? Find(
        in TaskShape task,
        IReadOnlyList<string> models,
        Func<NodeRoom, IReadOnlyList<MovableTask>> movable,
        int movesMax = MovesPerTask,
        Func<NodeRoom, bool>? accepts = null)
    {
        if (task.DeviceMilli < GainPerMoveMilli || movesMax < 1) return null;
        _destinations.Clear();
        var nodes = Changed(task, models.Count > 0 ? models : index.Models);
        for (var moves = 1; moves <= movesMax && task.DeviceMilli >= moves * GainPerMoveMilli; moves++)
            foreach (var node in nodes)
            {
                if (node.Devices < task.DeviceCount || (accepts is not null && !accepts(node))) continue;
                if (TryNode(task, node, movable(node), moves) is { } relocation) return relocation;
            }

        return null;
    }

    private List<NodeRoom> Changed(in TaskShape task, IReadOnlyList<string> models)
    {
        var key = (task, string.Join('|', models));
        if (_failedAt.Count >= ShapesMax) _failedAt.Clear();
        if (!_failedAt.TryGetValue(key, out var notes)) _failedAt.Add(key, notes = new(StringComparer.Ordinal));
        var nodes = new List<NodeRoom>();
        foreach (var model in models)
        {
            var note = notes.GetValueOrDefault(model, -1);
            index.ChangedSince(model, ref note, _positions);
            notes[model] = note;
            var group = index.Nodes(model);
            foreach (var position in _positions)
                if (group[position].Open) nodes.Add(group[position]);
        }

        return nodes;
    }

    /// <summary>Looks for exactly so many tasks of the node, all smaller than the new one.</summary>
    private Relocation? TryNode(in TaskShape task, NodeRoom node, IReadOnlyList<MovableTask> tasks, int moves)
    {
        if (tasks.Count < moves) return null;
        var size = task.DeviceMilli;
        var cpu = node.CpuFreeMilli;
        var milli = node.FreeMilliTotal;
        _leaving.Clear();
        foreach (var moved in tasks)
        {
            if (moved.Shape.DeviceMilli >= size || moved.Shape.DeviceCount > 1 || !HasDestination(moved)) continue;
            _leaving.Add(moved);
            cpu += moved.Shape.CpuMilli;
            milli += moved.Shape.DeviceMilli;
        }

        // Were all of them gone, would it fit? A bound that costs nothing.
        if (_leaving.Count < moves || cpu < task.CpuMilli || milli < size) return null;
        _leaving.Sort(static (a, b) => (a.Shape.DeviceMilli, a.Id).CompareTo((b.Shape.DeviceMilli, b.Id)));
        for (var first = 0; first < _leaving.Count; first++)
        {
            if (moves == 1)
            {
                if (Trial(task, node, [_leaving[first]]) is { } one) return one;
                continue;
            }

            for (var second = first + 1; second < _leaving.Count; second++)
                if (Trial(task, node, [_leaving[second], _leaving[first]]) is { } two) return two;
        }

        return null;
    }

    /// <summary>Whether the task would find room somewhere as things are; asked once per shape and search.</summary>
    private bool HasDestination(MovableTask moved)
    {
        var key = (moved.Shape, moved.Models);
        if (!_destinations.TryGetValue(key, out var has))
            _destinations.Add(key, has = index.Best(moved.Shape, moved.Models) is not null);
        return has;
    }

    private Relocation? Trial(in TaskShape task, NodeRoom node, ReadOnlySpan<MovableTask> leaving)
    {
        foreach (var moved in leaving) node.Change(moved.Shape, moved.Devices, -1);
        Relocation? plan = null;
        if (node.Holds(task) && node.MemoryFreeMiB >= task.MemoryMiB)
        {
            index.Policy.Score(task, node, out var devices);
            node.Change(task, devices, +1);
            index.Changed(node);
            if (Elsewhere(leaving) is { } moves) plan = new Relocation(new Choice(node, devices), moves);
            node.Change(task, devices, -1);
            index.Changed(node);
        }

        foreach (var moved in leaving) node.Change(moved.Shape, moved.Devices, +1);
        if (plan is not null) index.Changed(node);
        return plan;
    }

    /// <summary>Room for all of them, found one after the other; null when one finds none.</summary>
    private List<(MovableTask Task, Choice To)>? Elsewhere(ReadOnlySpan<MovableTask> leaving)
    {
        var moves = new List<(MovableTask Task, Choice To)>(leaving.Length);
        foreach (var moved in leaving)
        {
            if (index.Best(moved.Shape, moved.Models) is not { } to) break;
            to.Node.Change(moved.Shape, to.Devices, +1);
            index.Changed(to.Node);
            moves.Add((moved, to));
        }

        foreach (var (moved, to) in moves)
        {
            to.Node.Change(moved.Shape, to.Devices, -1);
            index.Changed(to.Node);
        }

        return moves.Count == leaving.Length ? moves : null;
    }

    /// <summary>Tells lists of models apart by which object they are, as the index does. This is asked for every task
    /// of every node looked at, too often for the default comparer.</summary>
    private sealed class ByList : IEqualityComparer<(TaskShape Shape, IReadOnlyList<string> Models)>
    {
        public bool Equals(
            (TaskShape Shape, IReadOnlyList<string> Models) one,
            (TaskShape Shape, IReadOnlyList<string> Models) other) =>
            ReferenceEquals(one.Models, other.Models) && one.Shape == other.Shape;

        public int GetHashCode((TaskShape Shape, IReadOnlyList<string> Models) key) =>
            ((key.Shape.CpuMilli * 31 + key.Shape.ShareMilli) * 31 + key.Shape.Devices) * 31
                + (int)key.Shape.MemoryMiB + key.Models.Count;
    }
}
