namespace Stockpile.Core.Scoring;

/// <summary>
/// How much of a node's free device capacity the expected work can not use. After Weng et al., "Beware of
/// Fragmentation" (USENIX ATC'23): F = Σ over the typical tasks m of p(m) × (all free milli if m is CPU-only, may not
/// run on the model, or does not fit; else the free milli on devices that have less than m needs).
/// <para>The sum is not taken task by task. A task that fits leaves usable what is free on devices with at least its
/// need, so F = Σ over devices of free × (1 − share of tasks that could use this very device), and that share is a
/// table by model, by how many of the typical CPU needs the node's free CPU covers, and by how many of the typical
/// shares the device covers.</para>
/// </summary>
public sealed class Fragmentation
{
    private readonly int[] _cpuNeeds;
    private readonly short[] _shareRank = new short[Limits.MilliPerDevice + 1];
    private readonly int _shareRanks;
    private readonly Dictionary<string, Table> _tables = new(StringComparer.Ordinal);
    private readonly WorkloadMix _mix;

    /// <summary>Shares of the tasks of one model, by rank of the free CPU.</summary>
    /// <param name="One">[cpu rank × share ranks + share rank]: tasks of one device, or of a share of it.</param>
    /// <param name="Several">[cpu rank × (devices + 1) + free devices]: tasks of several devices.</param>
    private sealed record Table(double[] One, double[] Several);

    public Fragmentation(WorkloadMix mix)
    {
        _mix = mix;
        _cpuNeeds = [.. mix.Typical.Select(t => t.Shape.CpuMilli).Distinct().Order()];
        var shares = mix.Typical.Where(t => t.Shape.DeviceCount == 1).Select(t => t.Shape.MilliEach).Distinct()
            .Order().ToArray();
        _shareRanks = shares.Length + 1;
        for (int milli = 0, rank = 0; milli <= Limits.MilliPerDevice; milli++)
        {
            if (rank < shares.Length && shares[rank] <= milli) rank++;
            _shareRank[milli] = (short)rank;
        }
    }

    /// <summary>F of the node as it is, in thousandths of a device.</summary>
    public double Of(NodeRoom node) => Sum(node.Model, node.Free, node.CpuFreeMilli, node.FreeDevices);

    /// <summary>F of a node of the model with this much free, in thousandths of a device.</summary>
    /// <param name="free">Free thousandths by device.</param>
    /// <param name="freeDevices">How many of them are wholly free.</param>
    public double Sum(string model, ReadOnlySpan<int> free, int cpuFreeMilli, int freeDevices)
    {
        if (!_tables.TryGetValue(model, out var table)) _tables.Add(model, table = Build(model));
        var cpu = CpuRank(cpuFreeMilli);
        var one = table.One.AsSpan(cpu * _shareRanks, _shareRanks);
        var several = table.Several[cpu * (Limits.DevicesPerNodeMax + 1) + freeDevices];
        double sum = 0;
        foreach (var milli in free)
        {
            if (milli == 0) continue;
            var usable = one[_shareRank[milli]];
            if (milli == Limits.MilliPerDevice) usable += several;
            sum += milli * (1 - usable);
        }

        return sum;
    }

    /// <summary>How many of the typical CPU needs are covered.</summary>
    private int CpuRank(int cpuMilli)
    {
        var found = Array.BinarySearch(_cpuNeeds, cpuMilli);
        return found >= 0 ? found + 1 : ~found;
    }

    private Table Build(string model)
    {
        var cpuRanks = _cpuNeeds.Length + 1;
        var one = new double[cpuRanks * _shareRanks];
        var several = new double[cpuRanks * (Limits.DevicesPerNodeMax + 1)];
        foreach (var entry in _mix.Typical)
        {
            if (entry.Shape.DeviceCount == 0 || !entry.Allows(model)) continue;
            for (var cpu = CpuRank(entry.Shape.CpuMilli); cpu < cpuRanks; cpu++)
            {
                if (entry.Shape.DeviceCount == 1)
                    for (var rank = (int)_shareRank[entry.Shape.MilliEach]; rank < _shareRanks; rank++)
                        one[cpu * _shareRanks + rank] += entry.Weight;
                else
                    for (var n = entry.Shape.Devices; n <= Limits.DevicesPerNodeMax; n++)
                        several[cpu * (Limits.DevicesPerNodeMax + 1) + n] += entry.Weight;
            }
        }

        return new Table(one, several);
    }
}
