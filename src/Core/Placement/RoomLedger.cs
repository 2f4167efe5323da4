using System.Numerics;
using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Placement;

/// <summary>Room for a gang on the nodes of one model, were some work gone.</summary>
/// <param name="guestsLeave">Whether what guests hold counts as room, as it does for gangs.</param>
internal sealed class RoomLedger(CellState state, JobSpec spec, string model, bool guestsLeave = true)
{
    private readonly Dictionary<int, (int Devices, int CpuMilli, long MemoryMiB)> _freed = [];

    /// <summary>Devices that the gang could use.</summary>
    public int Room { get; private set; } = state.Nodes.Where(n => n.Accelerator.Model == model)
        .Sum(n => RoomOn(n, spec, guestsLeave, default));

    public bool Fits => Room >= spec.LeastDevices;

    public void Free(JobState gang)
    {
        foreach (var allocation in gang.Allocations.Values) Change(allocation, +1);
    }

    public void Bind(JobState gang)
    {
        foreach (var allocation in gang.Allocations.Values) Change(allocation, -1);
    }

    /// <summary>One task goes. A share counts only when it leaves its device wholly free, which is not known here: it
    /// counts as nothing.</summary>
    public void Free(AllocationState task) => Change(task, +1);

    public void Bind(AllocationState task) => Change(task, -1);

    private void Change(AllocationState allocation, int sign)
    {
        var node = allocation.Node;
        var freed = _freed.GetValueOrDefault(node.Index);
        Room -= RoomOn(node, spec, guestsLeave, freed);
        if (allocation.ShareMilli == 0) freed.Devices += sign * BitOperations.PopCount(allocation.DeviceMask);
        freed.CpuMilli += sign * allocation.CpuMilli;
        freed.MemoryMiB += sign * allocation.MemoryMiB;
        _freed[node.Index] = freed;
        Room += RoomOn(node, spec, guestsLeave, freed);
    }

    private static int RoomOn(
        NodeState node, JobSpec spec, bool guestsLeave, (int Devices, int CpuMilli, long MemoryMiB) freed)
    {
        if (!node.Ready || !Feasibility.HasLabels(node, spec.Labels)) return 0;
        var ranks = Fit.Ranks(
            (guestsLeave ? node.ReclaimableDevices : node.FreeDevices) + freed.Devices,
            (guestsLeave ? node.CpuReclaimableMilli : node.CpuFreeMilli) + freed.CpuMilli,
            (guestsLeave ? node.MemoryReclaimableMiB : node.MemoryFreeMiB) + freed.MemoryMiB,
            spec);
        return spec.PerNode == 0 ? ranks : ranks >= spec.PerNode ? spec.PerNode : 0;
    }
}
