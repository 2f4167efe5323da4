namespace Stockpile.Core.Scoring;

/// <summary>
/// Nodes and the single tasks on them, without jobs, queue or time: the decision core by itself, as the Lab's
/// saturation experiment and the benches drive it.
/// </summary>
public sealed class TaskBoard
{
    private readonly Dictionary<NodeRoom, List<MovableTask>> _tasks = [];
    private readonly Dictionary<long, MovableTask> _byId = [];
    private readonly Relocator _relocator;

    public TaskBoard(IScoringPolicy policy, IEnumerable<NodeRoom> nodes)
    {
        Index = new ScoreIndex(policy);
        foreach (var node in nodes)
        {
            Index.Add(node);
            _tasks.Add(node, []);
            CapacityMilli += node.Devices * (long)Limits.MilliPerDevice;
        }

        _relocator = new Relocator(Index);
    }

    public ScoreIndex Index { get; }
    public IReadOnlyCollection<NodeRoom> Nodes => _tasks.Keys;

    /// <summary>Thousandths of all devices, and of those in use.</summary>
    public long CapacityMilli { get; }
    public long AllocatedMilli { get; private set; }

    public long Placed { get; private set; }
    public long Migrations { get; private set; }

    /// <summary>Most migrations, as a share of the tasks placed so far; 0: nothing is ever moved.</summary>
    public double MigrationBudget { get; init; }

    /// <summary>Places a task; false when it has no room, also not after moving others within the budget.</summary>
    /// <param name="mayMove">Whether others may be moved for it.</param>
    public bool Place(long id, in TaskShape task, IReadOnlyList<string> models, bool mayMove = true)
    {
        if (Index.Best(task, models) is { } choice)
        {
            Bind(new MovableTask(id, task, models, choice.Node, choice.Devices));
        }
        else
        {
            if (!mayMove || Migrations + Relocator.MovesPerTask > MigrationBudget * Placed) return false;
            if (_relocator.Find(task, models, n => _tasks[n]) is not { } relocation) return false;
            foreach (var (moved, _) in relocation.Moves) Unbind(moved);
            Bind(new MovableTask(id, task, models, relocation.Target.Node, relocation.Target.Devices));
            foreach (var (moved, to) in relocation.Moves) Bind(moved with { Node = to.Node, Devices = to.Devices });
            Migrations += relocation.Moves.Count;
        }

        Placed++;
        return true;
    }

    /// <summary>The task is done.</summary>
    public void Release(long id) => Unbind(_byId[id]);

    private void Bind(MovableTask task)
    {
        task.Node.Change(task.Shape, task.Devices, +1);
        Index.Changed(task.Node);
        _tasks[task.Node].Add(task);
        _byId[task.Id] = task;
        AllocatedMilli += task.Shape.DeviceMilli;
    }

    private void Unbind(MovableTask task)
    {
        task.Node.Change(task.Shape, task.Devices, -1);
        Index.Changed(task.Node);
        _tasks[task.Node].Remove(task);
        _byId.Remove(task.Id);
        AllocatedMilli -= task.Shape.DeviceMilli;
    }
}
