using System.Numerics;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement.Scoring;

namespace Stockpile.Core.Cells;

/// <summary>A node as its cell sees it: its shape, whether it may be used, and what is bound on it.</summary>
public sealed class NodeState
{
    private readonly int[] _usedMilli;
    private readonly int[] _ownedMilli;
    private readonly SortedSet<long> _allocations = [];

    internal NodeState(int index, NodeAdmitted admitted, Accelerator accelerator)
    {
        Index = index;
        Admitted = admitted;
        Accelerator = accelerator;
        Rack = Topology.DomainOf(admitted.Labels, TopologyLevel.Rack);
        Pod = Topology.DomainOf(admitted.Labels, TopologyLevel.Pod);
        _usedMilli = new int[admitted.Devices];
        _ownedMilli = new int[admitted.Devices];
        CpuFreeMilli = CpuReclaimableMilli = admitted.CpuMilli;
        MemoryFreeMiB = MemoryReclaimableMiB = admitted.MemoryMiB;
        FreeDevices = ReclaimableDevices = admitted.Devices;
        Room = new NodeRoom(index, accelerator.Model, admitted.Devices, admitted.CpuMilli, admitted.MemoryMiB);
    }

    /// <summary>What is free here, as scoring policies see it.</summary>
    public NodeRoom Room { get; }

    /// <summary>Position in the cell's table of nodes, in order of first admission; breaks ties.</summary>
    public int Index { get; }

    public NodeAdmitted Admitted { get; }
    public string Id => Admitted.Node;
    public Accelerator Accelerator { get; }

    /// <summary>See <see cref="Topology.DomainOf"/>.</summary>
    public string Rack { get; }
    public string Pod { get; }
    public int Devices => Admitted.Devices;

    public bool Lost { get; internal set; }
    public bool Draining { get; internal set; }
    public string Reason { get; internal set; } = "";

    /// <summary>Draining: when it has to be empty; null: what runs there may finish.</summary>
    public DateTimeOffset? DrainBy { get; internal set; }

    /// <summary>New work may be placed here.</summary>
    public bool Ready => !Lost && !Draining;

    public int CpuFreeMilli { get; private set; }
    public long MemoryFreeMiB { get; private set; }

    /// <summary>Devices nobody uses at all.</summary>
    public int FreeDevices { get; private set; }

    /// <summary>Devices that are free or held by guests only, and the CPU and memory with them.</summary>
    public int ReclaimableDevices { get; private set; }
    public int CpuReclaimableMilli { get; private set; }
    public long MemoryReclaimableMiB { get; private set; }

    /// <summary>Sequences of the allocations bound here, oldest first.</summary>
    public IReadOnlyCollection<long> Allocations => _allocations;

    public int UsedMilli(int device) => _usedMilli[device];

    public int FreeMilli(int device) => Limits.MilliPerDevice - _usedMilli[device];

    /// <summary>True when only guests, or nobody, hold the device.</summary>
    public bool IsReclaimable(int device) => _ownedMilli[device] == 0;

    internal void Bind(AllocationState allocation)
    {
        _allocations.Add(allocation.Sequence);
        Change(allocation, +1);
        Check(allocation);
    }

    internal void Release(AllocationState allocation)
    {
        if (!_allocations.Remove(allocation.Sequence))
            throw new InvariantBrokenException($"allocation {allocation.Sequence} is not bound on node {Id}");
        Change(allocation, -1);
        Check(allocation);
    }

    private void Change(AllocationState allocation, int sign)
    {
        var owned = !allocation.Guest;
        var perDevice = sign * (allocation.ShareMilli > 0 ? allocation.ShareMilli : Limits.MilliPerDevice);
        for (var mask = allocation.DeviceMask; mask != 0; mask &= mask - 1)
        {
            var device = BitOperations.TrailingZeroCount(mask);
            if (device >= Devices)
                throw new InvariantBrokenException($"node {Id} has no device {device}");
            _usedMilli[device] += perDevice;
            if (owned) _ownedMilli[device] += perDevice;
        }

        CpuFreeMilli -= sign * allocation.CpuMilli;
        MemoryFreeMiB -= sign * allocation.MemoryMiB;
        if (owned)
        {
            CpuReclaimableMilli -= sign * allocation.CpuMilli;
            MemoryReclaimableMiB -= sign * allocation.MemoryMiB;
        }

        Room.Change(allocation.DeviceMask, perDevice * sign, allocation.CpuMilli, allocation.MemoryMiB,
            new TaskShape(0, 0, BitOperations.PopCount(allocation.DeviceMask), allocation.ShareMilli).Kind, sign);
        FreeDevices = 0;
        ReclaimableDevices = 0;
        for (var device = 0; device < Devices; device++)
        {
            if (_usedMilli[device] == 0) FreeDevices++;
            if (_ownedMilli[device] == 0) ReclaimableDevices++;
        }
    }

    /// <summary>Runs after every change, in production too: a node over its capacity stops the cell.</summary>
    private void Check(AllocationState allocation)
    {
        foreach (var used in _usedMilli)
            if (used is < 0 or > Limits.MilliPerDevice)
                throw new InvariantBrokenException(
                    $"a device of node {Id} would be used {used}/1000 by allocation {allocation.Sequence}");
        if (CpuFreeMilli < 0 || CpuFreeMilli > Admitted.CpuMilli)
            throw new InvariantBrokenException($"node {Id} would have {CpuFreeMilli} milli-CPU free");
        if (MemoryFreeMiB < 0 || MemoryFreeMiB > Admitted.MemoryMiB)
            throw new InvariantBrokenException($"node {Id} would have {MemoryFreeMiB} MiB free");
    }
}

/// <summary>The state would be wrong; the cell stops instead of carrying on.</summary>
public sealed class InvariantBrokenException(string message) : Exception(message);
