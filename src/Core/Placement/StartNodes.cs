using System.Numerics;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>
/// Room on the ready nodes of one model at an instant that moves forward: it begins with what is free now, and work
/// that ends adds to it. A node is looked at closely only when something on it changes.
/// </summary>
internal sealed class StartNodes
{
    private sealed class Room
    {
        public required NodeState Node { get; init; }

        /// <summary>Thousandths in use of each device; null until something on the node changes.</summary>
        public int[]? Held;
        public int Free;
        public int CpuMilli;
        public long MemoryMiB;

        /// <summary>Promised to others.</summary>
        public int Taken;
        public int Ranks;
        public DateTimeOffset FreedAt;
    }

    private readonly CellState _state;
    private readonly StartDemand _demand;
    private readonly SortedDictionary<int, Room> _rooms = [];

    public StartNodes(CellState state, JobSpec spec, StartDemand demand, string model)
    {
        _state = state;
        _demand = demand;
        foreach (var node in state.Nodes)
        {
            if (!node.Ready || node.Accelerator.Model != model || !Feasibility.HasLabels(node, spec.Labels)) continue;
            var guests = demand.GuestsLeave;
            var room = new Room
            {
                Node = node,
                Free = guests ? node.ReclaimableDevices : node.FreeDevices,
                CpuMilli = guests ? node.CpuReclaimableMilli : node.CpuFreeMilli,
                MemoryMiB = guests ? node.MemoryReclaimableMiB : node.MemoryFreeMiB,
            };
            _rooms.Add(node.Index, room);
            Count(room);
        }
    }

    /// <summary>Ranks that all nodes together hold now.</summary>
    public long Ranks { get; private set; }

    /// <summary>Takes devices for somebody else, or gives them back with a negative number of ranks.</summary>
    public void Promise(int node, int devices, int cpuMilli, long memoryMiB, DateTimeOffset at)
    {
        if (!_rooms.TryGetValue(node, out var room)) return;
        room.Taken += devices;
        room.CpuMilli -= cpuMilli;
        room.MemoryMiB -= memoryMiB;
        if (devices < 0) room.FreedAt = at;
        Count(room);
    }

    /// <summary>Gives back what an allocation holds; false when that changes nothing here.</summary>
    public bool Release(AllocationState allocation, DateTimeOffset at)
    {
        if (_demand.GuestsLeave && allocation.Guest) return false;
        if (!_rooms.TryGetValue(allocation.Node.Index, out var room)) return false;
        var held = room.Held ??= Look(room.Node);
        var milli = allocation.ShareMilli > 0 ? allocation.ShareMilli : Limits.MilliPerDevice;
        for (var mask = allocation.DeviceMask; mask != 0; mask &= mask - 1)
        {
            var device = BitOperations.TrailingZeroCount(mask);
            held[device] -= milli;
            if (held[device] == 0) room.Free++;
        }

        room.CpuMilli += allocation.CpuMilli;
        room.MemoryMiB += allocation.MemoryMiB;
        room.FreedAt = at;
        Count(room);
        return true;
    }

    /// <summary>
    /// Nodes for the ranks that are wanted, once there is room: one node where one is enough, the tightest; else the
    /// widest first, and of equals the one that was freed last, so that what is idle today stays open to others.
    /// </summary>
    public List<StartPiece> Choose()
    {
        var step = Math.Max(1, _demand.PerNode);
        var fits = _rooms.Values.Where(r => r.Ranks >= step).ToList();
        if (_demand.PerNode == 0 && fits.Where(r => r.Ranks >= _demand.Ranks).MinBy(r => r.Ranks) is { } one)
            return [Piece(one, _demand.Ranks)];
        var left = _demand.Ranks;
        var pieces = new List<StartPiece>();
        foreach (var room in fits.OrderByDescending(r => r.Ranks).ThenByDescending(r => r.FreedAt)
                     .ThenBy(r => r.Node.Index))
        {
            if (left <= 0) break;
            var take = Math.Min(left, room.Ranks);
            pieces.Add(Piece(room, take));
            left -= take;
        }

        return pieces;
    }

    private StartPiece Piece(Room room, int ranks)
    {
        var devices = _demand.DevicesOf(ranks);
        var held = room.Held ?? Look(room.Node);
        uint free = 0;
        for (var device = 0; device < held.Length; device++)
            if (held[device] == 0) free |= 1u << device;
        return new StartPiece(
            room.Node, ranks, devices, ranks * _demand.CpuMilli, ranks * _demand.MemoryMiB, free,
            room.Free - room.Taken - devices, room.CpuMilli - ranks * _demand.CpuMilli,
            room.MemoryMiB - ranks * _demand.MemoryMiB);
    }

    private void Count(Room room)
    {
        Ranks -= room.Ranks;
        room.Ranks = RanksOf(room);
        Ranks += room.Ranks;
    }

    private int RanksOf(Room room)
    {
        var free = Math.Max(0, room.Free - room.Taken);
        var ranks = _demand.ShareMilli > 0 ? Shares(room)
            : _demand.Devices > 0 ? free / _demand.Devices
            : Limits.TasksPerJobMax;
        if (_demand.CpuMilli > 0) ranks = Math.Min(ranks, Math.Max(0, room.CpuMilli) / _demand.CpuMilli);
        if (_demand.MemoryMiB > 0) ranks = (int)Math.Min(ranks, Math.Max(0, room.MemoryMiB) / _demand.MemoryMiB);
        if (_demand.PerNode > 0) return ranks >= _demand.PerNode ? _demand.PerNode : 0;
        return ranks;
    }

    private int Shares(Room room)
    {
        var shares = 0;
        for (var device = 0; device < room.Node.Devices; device++)
        {
            var free = room.Held is { } held ? Limits.MilliPerDevice - held[device] : room.Node.FreeMilli(device);
            shares += free / _demand.ShareMilli;
        }

        return Math.Max(0, shares - room.Taken * (Limits.MilliPerDevice / _demand.ShareMilli));
    }

    private int[] Look(NodeState node)
    {
        var held = new int[node.Devices];
        foreach (var sequence in node.Allocations)
        {
            var allocation = _state.FindAllocation(sequence)!;
            if (_demand.GuestsLeave && allocation.Guest) continue;
            var milli = allocation.ShareMilli > 0 ? allocation.ShareMilli : Limits.MilliPerDevice;
            for (var mask = allocation.DeviceMask; mask != 0; mask &= mask - 1)
                held[BitOperations.TrailingZeroCount(mask)] += milli;
        }

        return held;
    }
}
