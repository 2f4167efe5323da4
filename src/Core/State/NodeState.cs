using System.Numerics;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Scoring;

namespace Stockpile.Core.State;

/// <summary>A node as its cell sees it: its shape, whether it may be used, and what is bound on it.</summary>
public sealed class NodeState
{
    private readonly int[] _ownedMilli;
    private readonly SortedSet<long> _allocations = [];

    internal NodeState(int index, NodeAdmitted admitted, Accelerator accelerator)
    {
        Index = index;
        Admitted = admitted;
        Accelerator = accelerator;
        Rack = Topology.DomainOf(admitted.Labels, TopologyLevel.Rack);
        Pod = Topology.DomainOf(admitted.Labels, TopologyLevel.Pod);
        _ownedMilli = new int[admitted.Devices];
        CpuReclaimableMilli = admitted.CpuMilli;
        MemoryReclaimableMiB = admitted.MemoryMiB;
        ReclaimableDevices = admitted.Devices;
        Shape = new NodeShape(accelerator.Model, accelerator.Tier, admitted.Devices, admitted.CpuMilli,
            admitted.MemoryMiB, NodeShape.LabelsOf(admitted.Labels));
        Room = new NodeRoom(index, accelerator.Model, admitted.Devices, admitted.CpuMilli, admitted.MemoryMiB)
        {
            Name = admitted.Node,
        };
    }

    /// <summary>What is free here, as scoring policies see it.</summary>
    public NodeRoom Room { get; }

    /// <summary>What it is, as routing tells nodes apart.</summary>
    public NodeShape Shape { get; }

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

    /// <summary>What it failed of late, and whether it rests.</summary>
    public NodeHealth Health { get; internal set; } = NodeHealth.Steady;

    /// <summary>New work may be placed here.</summary>
    public bool Ready => !Lost && !Draining && !Health.Rests;

    public int CpuFreeMilli => Room.CpuFreeMilli;
    public long MemoryFreeMiB => Room.MemoryFreeMiB;

    /// <summary>Devices nobody uses at all.</summary>
    public int FreeDevices => Room.FreeDevices;

    /// <summary>Devices that are free or held by guests only, and the CPU and memory with them.</summary>
    public int ReclaimableDevices { get; private set; }
    public int CpuReclaimableMilli { get; private set; }
    public long MemoryReclaimableMiB { get; private set; }

    /// <summary>Sequences of the allocations bound here, oldest first.</summary>
    public IReadOnlyCollection<long> Allocations => _allocations;

    public int UsedMilli(int device) => Limits.MilliPerDevice - FreeMilli(device);

    public int FreeMilli(int device) => Room.Free[device];

    /// <summary>True when only guests, or nobody, hold the device.</summary>
    public bool IsReclaimable(int device) => _ownedMilli[device] == 0;

    /// <summary>Thousandths of the device that work at home holds.</summary>
    internal int OwnedMilli(int device) => _ownedMilli[device];

    internal void Bind(AllocationState allocation)
    {
        _allocations.Add(allocation.Sequence);
        Change(allocation, +1);
    }

    internal void Release(AllocationState allocation)
    {
        if (!_allocations.Remove(allocation.Sequence))
            throw new InvariantBrokenException($"allocation {allocation.Sequence} is not bound on node {Id}");
        Change(allocation, -1);
    }

    private void Change(AllocationState allocation, int sign)
    {
        var home = !allocation.Guest;
        var perDevice = sign * (allocation.ShareMilli > 0 ? allocation.ShareMilli : Limits.MilliPerDevice);
        for (var mask = allocation.DeviceMask; mask != 0; mask &= mask - 1)
        {
            var device = BitOperations.TrailingZeroCount(mask);
            if (device >= Devices)
                throw new InvariantBrokenException($"node {Id} has no device {device}");
            if (home) _ownedMilli[device] += perDevice;
        }

        if (home)
        {
            CpuReclaimableMilli -= sign * allocation.CpuMilli;
            MemoryReclaimableMiB -= sign * allocation.MemoryMiB;
        }

        Room.Change(allocation.DeviceMask, perDevice * sign, allocation.CpuMilli, allocation.MemoryMiB,
            new TaskShape(0, 0, BitOperations.PopCount(allocation.DeviceMask), allocation.ShareMilli).Kind, sign);
        ReclaimableDevices = 0;
        foreach (var owned in _ownedMilli)
            if (owned == 0) ReclaimableDevices++;
    }
}
