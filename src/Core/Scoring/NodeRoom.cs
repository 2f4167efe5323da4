using System.Numerics;

namespace Stockpile.Core.Scoring;

/// <summary>
/// What is free on one node. A ledger without names: cells and the Lab keep the same one, so that a policy sees the
/// same node in both.
/// </summary>
public sealed class NodeRoom
{
    private readonly int[] _free;
    private readonly int[] _tasksByKind = new int[TaskShape.Kinds];

    /// <param name="index">Its rank among the nodes: ties go to the lowest.</param>
    /// <param name="model">Its accelerator model.</param>
    public NodeRoom(int index, string model, int devices, int cpuMilli, long memoryMiB)
    {
        Index = index;
        Model = model;
        CpuMilli = CpuFreeMilli = cpuMilli;
        MemoryMiB = MemoryFreeMiB = memoryMiB;
        _free = new int[devices];
        Array.Fill(_free, Limits.MilliPerDevice);
        FreeDevices = devices;
        FreeMilliTotal = devices * Limits.MilliPerDevice;
        LargestFreeMilli = devices > 0 ? Limits.MilliPerDevice : 0;
    }

    private NodeRoom(NodeRoom other)
    {
        Index = other.Index;
        Name = other.Name;
        Model = other.Model;
        CpuMilli = other.CpuMilli;
        MemoryMiB = other.MemoryMiB;
        CpuFreeMilli = other.CpuFreeMilli;
        MemoryFreeMiB = other.MemoryFreeMiB;
        FreeDevices = other.FreeDevices;
        FreeMilliTotal = other.FreeMilliTotal;
        LargestFreeMilli = other.LargestFreeMilli;
        Tasks = other.Tasks;
        TasksMax = other.TasksMax;
        Open = other.Open;
        _free = [.. other._free];
        other._tasksByKind.CopyTo(_tasksByKind, 0);
    }

    /// <summary>One like it, to try on what others would leave.</summary>
    internal NodeRoom Copy() => new(this);

    public int Index { get; }

    /// <summary>For messages.</summary>
    public string Name { get; init; } = "";
    public string Model { get; }
    public int CpuMilli { get; }
    public long MemoryMiB { get; }
    public int Devices => _free.Length;

    public int CpuFreeMilli { get; private set; }
    public long MemoryFreeMiB { get; private set; }

    /// <summary>Devices that nobody uses at all.</summary>
    public int FreeDevices { get; private set; }

    /// <summary>Free thousandths of all devices together.</summary>
    public int FreeMilliTotal { get; private set; }

    /// <summary>Free thousandths of the device that has most.</summary>
    public int LargestFreeMilli { get; private set; }

    /// <summary>Tasks that run here.</summary>
    public int Tasks { get; private set; }

    /// <summary>Most tasks that may run here.</summary>
    public int TasksMax { get; init; } = int.MaxValue;

    /// <summary>False while it takes no new work: lost or draining.</summary>
    public bool Open { get; set; } = true;

    /// <summary>Free thousandths by device.</summary>
    public ReadOnlySpan<int> Free => _free;

    /// <summary>Tasks of one <see cref="TaskShape.Kind"/> that run here.</summary>
    public int TasksOf(int kind) => _tasksByKind[kind];

    /// <summary>Whether both are empty and alike in all but their index, so that every task finds them equally good.
    /// </summary>
    internal bool IsIdleLike(NodeRoom other) =>
        IsIdle && other.IsIdle && Devices == other.Devices && CpuMilli == other.CpuMilli
        && MemoryMiB == other.MemoryMiB && Model == other.Model;

    private bool IsIdle =>
        Tasks == 0 && FreeDevices == Devices && CpuFreeMilli == CpuMilli && MemoryFreeMiB == MemoryMiB;

    /// <summary>Whether the task fits by devices, CPU and number of tasks. Memory is looked at last, by itself: it is
    /// rarely what is short, and leaving it out lets tasks that differ in nothing else share an index.</summary>
    public bool Holds(in TaskShape task) =>
        Open && CpuFreeMilli >= task.CpuMilli && Tasks < TasksMax
        && (task.ShareMilli > 0 ? LargestFreeMilli >= task.ShareMilli : FreeDevices >= task.Devices);

    /// <summary>Binds (<paramref name="sign"/> +1) or releases (−1) a task on the devices of the mask.</summary>
    /// <exception cref="InvariantBrokenException">It would leave a dimension below zero or above the whole.</exception>
    public void Change(in TaskShape task, uint devices, int sign) =>
        Change(devices, task.MilliEach, task.CpuMilli, task.MemoryMiB, task.Kind, sign);

    internal void Change(uint devices, int milliEach, int cpuMilli, long memoryMiB, int kind, int sign)
    {
        for (var mask = devices; mask != 0; mask &= mask - 1)
        {
            var device = BitOperations.TrailingZeroCount(mask);
            _free[device] -= sign * milliEach;
            if (_free[device] is < 0 or > Limits.MilliPerDevice) throw Broken($"device {device}");
        }

        CpuFreeMilli -= sign * cpuMilli;
        MemoryFreeMiB -= sign * memoryMiB;
        if (CpuFreeMilli < 0 || CpuFreeMilli > CpuMilli) throw Broken("CPU");
        if (MemoryFreeMiB < 0 || MemoryFreeMiB > MemoryMiB) throw Broken("memory");
        Tasks += sign;
        _tasksByKind[kind] += sign;
        if (devices == 0) return;
        FreeDevices = 0;
        FreeMilliTotal = 0;
        LargestFreeMilli = 0;
        foreach (var free in _free)
        {
            if (free == Limits.MilliPerDevice) FreeDevices++;
            if (free > LargestFreeMilli) LargestFreeMilli = free;
            FreeMilliTotal += free;
        }
    }

    /// <summary>The first so many wholly free devices.</summary>
    public uint FirstFree(int devices)
    {
        uint mask = 0;
        for (var device = 0; device < _free.Length && devices > 0; device++)
        {
            if (_free[device] != Limits.MilliPerDevice) continue;
            mask |= 1u << device;
            devices--;
        }

        return mask;
    }

    /// <summary>The device with the least room that holds the share, or the first free devices.</summary>
    public uint Tightest(in TaskShape task)
    {
        if (task.ShareMilli == 0) return FirstFree(task.Devices);
        var best = -1;
        for (var device = 0; device < _free.Length; device++)
            if (_free[device] >= task.ShareMilli && (best < 0 || _free[device] < _free[best])) best = device;
        return best < 0 ? 0 : 1u << best;
    }

    private InvariantBrokenException Broken(string what) =>
        new($"{what} of node {(Name.Length > 0 ? Name : Index)} ({Model}) would be over-committed");
}
