namespace Stockpile.Core.Scoring;

/// <summary>
/// The dot product of what is free and what is asked for, as in Weng et al. (ATC'23): the smallest product wins.
/// </summary>
[ScoringPolicy("dotprod", "smallest dot product of free and requested capacity")]
public sealed class DotProdPolicy : IScoringPolicy
{
    private const int Base = 10_000;

    public int Score(in TaskShape task, NodeRoom node, out uint devices)
    {
        devices = node.Tightest(task);
        var cpu = node.CpuFreeMilli / LargestNode.CpuMilli * (task.CpuMilli / LargestNode.CpuMilli);
        var device = node.FreeMilliTotal / LargestNode.DeviceMilli * (task.DeviceMilli / LargestNode.DeviceMilli);
        return Math.Max(0, Base + (int)(100 * (1 - (cpu + device) / 2)));
    }
}
