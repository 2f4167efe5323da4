using System.Numerics;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>Room for a gang on the nodes of one model, were some work gone.</summary>
internal sealed class RoomLedger
{
    private readonly Dictionary<int, (int Devices, int CpuMilli, long MemoryMiB)> _freed = [];
    private readonly Dictionary<string, int> _rooms = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Node, int Device), int> _shares = [];
    private readonly JobSpec _spec;
    private readonly bool _guestsLeave;

    /// <param name="guestsLeave">Whether what guests hold counts as room, as it does for gangs.</param>
    public RoomLedger(CellState state, JobSpec spec, string model, bool guestsLeave = true)
    {
        _spec = spec;
        _guestsLeave = guestsLeave;
        foreach (var node in state.Nodes)
            if (node.Accelerator.Model == model)
                Add(node, RoomOn(node, default));
    }

    /// <summary>Devices that the gang could use: of the widest rack or pod where it needs to be in one.</summary>
    public int Room => _rooms.Count == 0 ? 0 : _rooms.Values.Max();

    public bool Fits => Room >= _spec.LeastDevices;

    public void Free(JobState gang)
    {
        foreach (var allocation in gang.Allocations.Values) Change(allocation, +1);
    }

    public void Bind(JobState gang)
    {
        foreach (var allocation in gang.Allocations.Values) Change(allocation, -1);
    }

    /// <summary>One task goes. A share gives a device only when all who hold some of it are gone.</summary>
    public void Free(AllocationState task) => Change(task, +1);

    public void Bind(AllocationState task) => Change(task, -1);

    /// <summary>Some ranks of a gang go: so many devices of the node, and their CPU and memory.</summary>
    public void Free(NodeState node, int devices, int cpuMilli, long memoryMiB)
    {
        var freed = _freed.GetValueOrDefault(node.Index);
        Add(node, -RoomOn(node, freed));
        freed.Devices += devices;
        freed.CpuMilli += cpuMilli;
        freed.MemoryMiB += memoryMiB;
        _freed[node.Index] = freed;
        Add(node, RoomOn(node, freed));
    }

    private void Change(AllocationState allocation, int sign) => Free(
        allocation.Node,
        allocation.ShareMilli == 0
            ? sign * BitOperations.PopCount(allocation.DeviceMask)
            : ChangeShare(allocation, sign),
        sign * allocation.CpuMilli,
        sign * allocation.MemoryMiB);

    /// <returns>+1 where the device becomes whole, -1 where it was, else 0.</returns>
    private int ChangeShare(AllocationState share, int sign)
    {
        var device = BitOperations.Log2(share.DeviceMask);
        var held = _guestsLeave ? share.Node.OwnedMilli(device) : share.Node.UsedMilli(device);
        var key = (share.Node.Index, device);
        var before = _shares.GetValueOrDefault(key);
        _shares[key] = before + sign * share.ShareMilli;
        return (_shares[key] == held ? 1 : 0) - (before == held ? 1 : 0);
    }

    private void Add(NodeState node, int room)
    {
        var domain = _spec.TopologyRequired switch
        {
            TopologyLevel.Rack => node.Rack,
            TopologyLevel.Pod => node.Pod,
            _ => "all",
        };
        if (domain.Length > 0) _rooms[domain] = _rooms.GetValueOrDefault(domain) + room;
    }

    private int RoomOn(NodeState node, (int Devices, int CpuMilli, long MemoryMiB) freed)
    {
        if (!node.Ready || !Feasibility.HasLabels(node, _spec.Labels)) return 0;
        var ranks = Fit.Ranks(
            (_guestsLeave ? node.ReclaimableDevices : node.FreeDevices) + freed.Devices,
            (_guestsLeave ? node.CpuReclaimableMilli : node.CpuFreeMilli) + freed.CpuMilli,
            (_guestsLeave ? node.MemoryReclaimableMiB : node.MemoryFreeMiB) + freed.MemoryMiB,
            _spec);
        return _spec.PerNode == 0 ? ranks : ranks >= _spec.PerNode ? _spec.PerNode : 0;
    }
}
