namespace Stockpile.Core.Scoring;

/// <summary>Where a policy would put a task.</summary>
/// <param name="Devices">Bit i is device i.</param>
public readonly record struct Choice(NodeRoom Node, uint Devices);

/// <summary>
/// Finds the best node for a task without scoring every node each time. For each model and each shape of task it keeps
/// the scores of the nodes in a tournament tree. A change of a node is only noted; the tree of a shape takes the notes
/// up when that shape is asked for, so a decision costs as much as nodes changed since the shape was placed last, not
/// as many as there are.
/// </summary>
public sealed class ScoreIndex(IScoringPolicy scoring)
{
    /// <summary>Decisions between two looks at what is free of each model.</summary>
    private const int ObserveEvery = 20;

    private readonly Dictionary<string, ScoreGroup> _groups = new(StringComparer.Ordinal);
    private readonly List<string> _models = [];

    /// <summary>Groups by list of models, the list itself being the key: lists are shared by tasks that are alike.
    /// </summary>
    private readonly Dictionary<IReadOnlyList<string>, Allowed> _allowed = new(ReferenceEqualityComparer.Instance);
    private int _sinceObserved = ObserveEvery;

    /// <summary>Lists of models remembered; beyond it all are forgotten and looked up anew.</summary>
    private const int AllowedMax = 4_096;

    private sealed record Allowed(string[] Models, ScoreGroup[] Groups);

    public IScoringPolicy Policy { get; private set; } = scoring;

    /// <summary>Goes on with another policy, or with the same one that expects other work.</summary>
    public void Use(IScoringPolicy policy)
    {
        Policy = policy;
        _sinceObserved = ObserveEvery;
        foreach (var group in _groups.Values) group.Forget();
    }

    /// <summary>Models with a node here, in the order they came.</summary>
    public IReadOnlyList<string> Models => _models;

    /// <summary>Free thousandths of all open nodes of a model.</summary>
    public long FreeMilli(string model) => _groups.TryGetValue(model, out var group) ? group.FreeMilli : 0;

    /// <summary>The nodes of a model, lowest index first.</summary>
    public IReadOnlyList<NodeRoom> Nodes(string model) =>
        _groups.TryGetValue(model, out var group) ? group.Nodes : [];

    /// <summary>Takes a node in, or the object that replaces it. New nodes come in the order of their index.</summary>
    public void Add(NodeRoom node)
    {
        if (!_groups.TryGetValue(node.Model, out var group))
        {
            _groups.Add(node.Model, group = new ScoreGroup());
            _models.Add(node.Model);
            _allowed.Clear();
        }

        group.Add(node);
    }

    /// <summary>Takes a node out, because it came back as another model.</summary>
    public void Remove(NodeRoom node) => _groups[node.Model].Remove(node);

    /// <summary>Notes that something of the node changed.</summary>
    public void Changed(NodeRoom node) => _groups[node.Model].Changed(node);

    /// <summary>Positions in <see cref="Nodes"/> that changed since a note; see
    /// <see cref="ScoreGroup.ChangedSince"/>.</summary>
    internal void ChangedSince(string model, ref long note, List<int> positions)
    {
        positions.Clear();
        if (_groups.TryGetValue(model, out var group)) group.ChangedSince(ref note, positions);
    }

    /// <summary>The best node of the given models together; null when none has room.</summary>
    /// <param name="models">Models to choose from; empty: all.</param>
    /// <param name="accepts">A further condition on the node, such as labels.</param>
    public Choice? Best(in TaskShape task, IReadOnlyList<string> models, Func<NodeRoom, bool>? accepts = null)
    {
        Observe();
        return Choose(Policy, task, AllowedOf(models), accepts);
    }

    /// <summary>For what decides. It counts as a decision, and a policy that draws lots has drawn.</summary>
    public ScoreView Deciding => new(this, Policy, decides: true);

    /// <summary>For questions: nothing that a later decision depends on changes.</summary>
    public ScoreView Asking => new(this, Policy.ForQuestions(), decides: false);

    internal Choice? Ask(
        IScoringPolicy policy, in TaskShape task, IReadOnlyList<string> models, Func<NodeRoom, bool>? accepts) =>
        Choose(policy, task, _allowed.GetValueOrDefault(models) ?? NewAllowed(models), accepts);

    private static Choice? Choose(
        IScoringPolicy policy, in TaskShape task, Allowed allowed, Func<NodeRoom, bool>? accepts)
    {
        NodeRoom? best = null;
        var bestScore = int.MinValue;
        for (var i = 0; i < allowed.Groups.Length; i++)
        {
            var group = allowed.Groups[i];
            if (group.FreeMilli < task.DeviceMilli) continue;
            var found = group.Best(policy, task, accepts, out var score);
            if (found is null) continue;
            if (policy.WeighsModels) score -= policy.ModelPenalty(task, allowed.Models[i], allowed.Models);
            if (score < bestScore || (score == bestScore && found.Index > best!.Index)) continue;
            best = found;
            bestScore = score;
        }

        if (best is null) return null;
        policy.Score(task, best, out var devices);
        return new Choice(best, devices);
    }

    private Allowed AllowedOf(IReadOnlyList<string> models)
    {
        if (_allowed.TryGetValue(models, out var allowed)) return allowed;
        if (_allowed.Count >= AllowedMax) _allowed.Clear();
        return _allowed[models] = NewAllowed(models);
    }

    private Allowed NewAllowed(IReadOnlyList<string> models)
    {
        var known = (models.Count > 0 ? models : _models).Where(_groups.ContainsKey).ToArray();
        return new Allowed(known, [.. known.Select(m => _groups[m])]);
    }

    private void Observe()
    {
        if (!Policy.WeighsModels || ++_sinceObserved < ObserveEvery) return;
        _sinceObserved = 0;
        Policy.Observe(_models.ConvertAll(m => new ModelRoom(m, _groups[m].FreeMilli)));
    }
}
