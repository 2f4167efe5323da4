namespace Stockpile.Core.Scoring;

/// <summary>
/// Fills devices in use first, then free devices of nodes in use, then free nodes, as in Weng et al. (ATC'23).
/// CPU-only tasks: any node.
/// </summary>
[ScoringPolicy("packing", "devices in use first, then nodes in use")]
public sealed class PackingPolicy : IScoringPolicy
{
    private const int OnUsedDevices = 100;
    private const int OnUsedNode = 50;
    private const int OnFreeNode = 33;

    public int Score(in TaskShape task, NodeRoom node, out uint devices)
    {
        devices = node.Tightest(task);
        if (task.DeviceCount == 0) return 0;
        var free = node.FreeDevices;
        if (free == node.Devices) return Math.Max(OnFreeNode - free, free);
        var opens = 0;
        var left = 0;
        for (var device = 0; device < node.Devices; device++)
        {
            if ((devices >> device & 1) == 0) continue;
            if (node.Free[device] == Limits.MilliPerDevice) opens++;
            left += node.Free[device] * 100 / Limits.MilliPerDevice;
        }

        return opens > 0 ? Math.Max(OnUsedNode - opens, OnFreeNode) : Math.Max(OnUsedDevices - left / 10, OnUsedNode);
    }
}
