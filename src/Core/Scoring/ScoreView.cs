namespace Stockpile.Core.Scoring;

/// <summary>
/// The index of scores, for one search: of a decision, which moves the policy on, or of a question, which must not. A
/// question gets its own copy of a policy that draws lots, and what is free of each model is not observed for it.
/// </summary>
public readonly struct ScoreView
{
    private readonly ScoreIndex _index;
    private readonly bool _decides;

    internal ScoreView(ScoreIndex index, IScoringPolicy policy, bool decides)
    {
        _index = index;
        Policy = policy;
        _decides = decides;
    }

    public IScoringPolicy Policy { get; }

    /// <inheritdoc cref="ScoreIndex.Best"/>
    public Choice? Best(in TaskShape task, IReadOnlyList<string> models, Func<NodeRoom, bool>? accepts = null) =>
        _decides ? _index.Best(task, models, accepts) : _index.Ask(Policy, task, models, accepts);
}
