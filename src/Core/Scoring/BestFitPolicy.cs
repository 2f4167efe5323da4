namespace Stockpile.Core.Scoring;

/// <summary>The largest node of the openb cluster, by which the published scores are normalised.</summary>
internal static class LargestNode
{
    public const double CpuMilli = 128_000;
    public const double DeviceMilli = 8_000;
}

/// <summary>
/// Best fit as in Weng et al. (ATC'23): the node with the least CPU and device capacity left after the task. The
/// published score is stretched to 0..100 over the feasible nodes afterwards, which changes no order.
/// </summary>
[ScoringPolicy("bestfit", "least CPU and device capacity left")]
public sealed class BestFitPolicy : IScoringPolicy
{
    /// <summary>Keeps the score of nodes above the largest one positive.</summary>
    private const int Base = 10_000;

    public int Score(in TaskShape task, NodeRoom node, out uint devices)
    {
        devices = node.Tightest(task);
        var cpu = (node.CpuFreeMilli - task.CpuMilli) / LargestNode.CpuMilli;
        var device = (node.FreeMilliTotal - task.DeviceMilli) / LargestNode.DeviceMilli;
        return Math.Max(0, Base + (int)(100 * (1 - 0.5 * cpu - 0.5 * device)));
    }
}
