namespace Stockpile.Core.Scoring;

/// <summary>
/// Fragmentation gradient descent (Weng et al., ATC'23): the node, and on it the device, whose fragmentation grows
/// least. The published score is a sigmoid cut to an integer; the cut matters, because it makes ties that go to the
/// lowest rank, which fills nodes one after the other.
/// </summary>
[ScoringPolicy("fgd", "least growth of fragmentation")]
public sealed class FgdPolicy(ScoringContext context) : IScoringPolicy
{
    private readonly FragmentationStep _step = new(new Fragmentation(context.Mix));

    public int Score(in TaskShape task, NodeRoom node, out uint devices) =>
        (int)(100 / (1 + Math.Exp(-_step.Best(task, node, out devices) / 1000)));
}
