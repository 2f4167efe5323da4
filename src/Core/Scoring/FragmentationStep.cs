namespace Stockpile.Core.Scoring;

/// <summary>What a task would do to a node's fragmentation, and on which device it does least.</summary>
public sealed class FragmentationStep(Fragmentation fragmentation)
{
    /// <summary>F before − F after, in thousandths of a device, on the best devices; more is better.</summary>
    public double Best(in TaskShape task, NodeRoom node, out uint devices)
    {
        var before = fragmentation.Of(node);
        var cpu = node.CpuFreeMilli - task.CpuMilli;
        Span<int> free = stackalloc int[node.Devices];
        node.Free.CopyTo(free);
        if (task.ShareMilli == 0)
        {
            devices = node.FirstFree(task.Devices);
            for (var device = 0; device < free.Length; device++)
                if ((devices >> device & 1) != 0) free[device] = 0;
            return before - fragmentation.Sum(node.Model, free, cpu, node.FreeDevices - task.Devices);
        }

        devices = 0;
        var best = double.NegativeInfinity;
        for (var device = 0; device < free.Length; device++)
        {
            var had = free[device];
            if (had < task.ShareMilli || SeenBefore(free, device)) continue;
            free[device] -= task.ShareMilli;
            var whole = had == Limits.MilliPerDevice ? 1 : 0;
            var less = before - fragmentation.Sum(node.Model, free, cpu, node.FreeDevices - whole);
            free[device] = had;
            if (less <= best) continue;
            best = less;
            devices = 1u << device;
        }

        return best;
    }

    /// <summary>Devices with equally much free are equally good; the first one stands for all.</summary>
    private static bool SeenBefore(ReadOnlySpan<int> free, int device) => free[..device].Contains(free[device]);
}
