using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Core.Routing;

/// <summary>
/// Nodes of one shape and what is free on them, in counts: enough to tell how many tasks of any size would fit, and how
/// tightly, without naming a node.
/// </summary>
/// <param name="Nodes">All of the shape, lost and draining ones too: a job that only they could run waits for them.
/// </param>
public sealed class NodeGroup(NodeShape shape, int nodes)
{
    /// <summary>Classes of partly used devices, by the tenth of the device that is free.</summary>
    public const int Tenths = 10;

    public NodeShape Shape { get; } = shape;

    /// <summary>It stands for several shapes of a model, by the largest of each dimension: nothing it says is sure, and
    /// it may have any label.</summary>
    public bool Merged { get; init; }

    public int Nodes { get; private set; } = nodes;

    /// <summary>Ready nodes by the number of their wholly free devices, from 0 to all.</summary>
    public int[] ByFree { get; } = new int[shape.Devices + 1];

    /// <summary>The same by devices that are free or held by guests only.</summary>
    public int[] ByReclaimable { get; } = new int[shape.Devices + 1];

    /// <summary>Partly used devices of ready nodes by the free tenths, rounded down.</summary>
    public int[] ByTenth { get; } = new int[Tenths];

    /// <summary>The most CPU, in thousandths of a core, and memory that a ready node with so many free devices has
    /// free.</summary>
    public int[] CpuMilli { get; } = new int[shape.Devices + 1];
    public long[] MemoryMiB { get; } = new long[shape.Devices + 1];

    /// <summary>Counts a node in.</summary>
    /// <param name="reclaimable">Devices that are free or held by guests only.</param>
    public void Add(NodeRoom room, int reclaimable)
    {
        Nodes++;
        if (!room.Open) return;
        var free = room.FreeDevices;
        ByFree[free]++;
        ByReclaimable[reclaimable]++;
        CpuMilli[free] = Math.Max(CpuMilli[free], room.CpuFreeMilli);
        MemoryMiB[free] = Math.Max(MemoryMiB[free], room.MemoryFreeMiB);
        foreach (var milli in room.Free)
            if (milli < Limits.MilliPerDevice) ByTenth[milli * Tenths / Limits.MilliPerDevice]++;
    }

    /// <summary>Counts in what another group, of no more devices, has.</summary>
    internal void Include(NodeGroup other)
    {
        for (var devices = 0; devices <= other.Shape.Devices; devices++)
        {
            ByFree[devices] += other.ByFree[devices];
            ByReclaimable[devices] += other.ByReclaimable[devices];
            CpuMilli[devices] = Math.Max(CpuMilli[devices], other.CpuMilli[devices]);
            MemoryMiB[devices] = Math.Max(MemoryMiB[devices], other.MemoryMiB[devices]);
        }

        for (var tenth = 0; tenth < Tenths; tenth++) ByTenth[tenth] += other.ByTenth[tenth];
    }

    public NodeGroup Copy()
    {
        var copy = new NodeGroup(Shape, Nodes) { Merged = Merged };
        ByFree.CopyTo(copy.ByFree, 0);
        ByReclaimable.CopyTo(copy.ByReclaimable, 0);
        ByTenth.CopyTo(copy.ByTenth, 0);
        CpuMilli.CopyTo(copy.CpuMilli, 0);
        MemoryMiB.CopyTo(copy.MemoryMiB, 0);
        return copy;
    }

    /// <summary>Whether a node of the shape has the labels that a job asks for, those of topology left out.</summary>
    public bool HasLabels(JobSpec spec)
    {
        if (Merged) return true;
        foreach (var (key, value) in spec.Labels)
            if (!Topology.IsDomainLabel(key)
                && (!Shape.Labels.TryGetValue(key, out var has) || has != value)) return false;
        return true;
    }

    /// <summary>Ranks of a gang that an empty node of the shape carries.</summary>
    public int RanksWhenEmpty(JobSpec spec)
    {
        var ranks = Fit.Ranks(Shape.Devices, Shape.CpuMilli, Shape.MemoryMiB, spec);
        return spec.PerNode == 0 ? ranks : ranks >= spec.PerNode ? spec.PerNode : 0;
    }

    /// <summary>Ranks of a gang that a ready node with so many devices carries now, were it one of those with most CPU
    /// and memory.</summary>
    public int RanksNow(JobSpec spec, int devices, bool reclaim)
    {
        // Guests give CPU and memory back too, and how much is not known here.
        var ranks = reclaim
            ? Fit.Ranks(devices, Shape.CpuMilli, Shape.MemoryMiB, spec)
            : Fit.Ranks(devices, CpuMilli[devices], MemoryMiB[devices], spec);
        return spec.PerNode == 0 ? ranks : ranks >= spec.PerNode ? spec.PerNode : 0;
    }

    /// <summary>Whether an empty node of the shape holds a task.</summary>
    public bool HoldsWhenEmpty(JobSpec spec) =>
        Shape.Devices >= Math.Max(spec.Devices, spec.ShareMilli > 0 ? 1 : 0)
        && Shape.CpuMilli >= spec.CpuMilli && Shape.MemoryMiB >= spec.MemoryMiB;

    /// <summary>Whether a ready node with so many wholly free devices has the CPU and memory of a task.</summary>
    public bool HasHost(JobSpec spec, int free) => CpuMilli[free] >= spec.CpuMilli && MemoryMiB[free] >= spec.MemoryMiB;
}
