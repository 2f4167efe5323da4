using Stockpile.Core.Scoring;

namespace Stockpile.Core.Tests.Placement.Scoring;

/// <summary>A few nodes of two models, filled and emptied by a seed.</summary>
internal sealed class RandomBoard
{
    private static readonly IReadOnlyList<string>[] ModelLists = [[], ["A"], ["B"], ["A", "B"]];
    private readonly Random _random;
    private readonly List<NodeRoom> _nodes = [];
    private readonly List<(NodeRoom Node, TaskShape Shape, uint Devices)> _running = [];

    public RandomBoard(int seed, string policy)
    {
        _random = new Random(seed);
        var tasks = Enumerable.Range(0, 40).Select(_ => AnyTask()).ToList();
        Mix = WorkloadMix.Of(tasks.Select(t => (t.Shape, t.Models, 1L)));
        Index = new ScoreIndex(ScoringPolicies.Create(policy, new ScoringContext(Mix, seed)));
        for (var i = 0; i < 20; i++)
        {
            var node = new NodeRoom(i, _random.Next(3) == 0 ? "B" : "A", 1 << _random.Next(4),
                _random.Next(8, 97) * 1_000, _random.Next(8, 64) * 1_024);
            _nodes.Add(node);
            Index.Add(node);
        }
    }

    public static ScoringContext Context { get; } = new(WorkloadMix.Empty, 1);

    public WorkloadMix Mix { get; }
    public ScoreIndex Index { get; }
    public IReadOnlyList<NodeRoom> Nodes => _nodes;

    public (TaskShape Shape, IReadOnlyList<string> Models) AnyTask()
    {
        var share = _random.Next(3) == 0;
        var devices = share ? 0 : _random.Next(4) switch { 0 => 0, 1 => 2, 2 => 4, _ => 1 };
        var shape = new TaskShape(
            _random.Next(1, 13) * 1_000, _random.Next(0, 9) * 1_024, devices, share ? _random.Next(1, 20) * 50 : 0);
        return (shape, ModelLists[_random.Next(ModelLists.Length)]);
    }

    /// <summary>The highest score less the model's penalty, lowest index first, by looking at all nodes.</summary>
    public NodeRoom? Scan(TaskShape task, IReadOnlyList<string> models)
    {
        var allowed = (models.Count > 0 ? models : Index.Models).Where(Index.Models.Contains).ToList();
        return _nodes
            .Where(n => allowed.Contains(n.Model) && n.Holds(task) && n.MemoryFreeMiB >= task.MemoryMiB)
            .OrderByDescending(n => Index.Policy.Score(task, n, out _)
                - (Index.Policy.WeighsModels ? Index.Policy.ModelPenalty(task, n.Model, allowed) : 0))
            .ThenBy(n => n.Index)
            .FirstOrDefault();
    }

    /// <summary>Binds what was chosen; now and then something ends.</summary>
    public void Advance(Choice? choice, TaskShape shape)
    {
        if (choice is { } found)
        {
            found.Node.Change(shape, found.Devices, +1);
            Index.Changed(found.Node);
            _running.Add((found.Node, shape, found.Devices));
        }

        if (_running.Count == 0 || _random.Next(4) != 0) return;
        var at = _random.Next(_running.Count);
        var (node, ended, devices) = _running[at];
        _running.RemoveAt(at);
        node.Change(ended, devices, -1);
        Index.Changed(node);
    }
}
