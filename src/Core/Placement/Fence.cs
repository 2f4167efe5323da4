using Stockpile.Core.Cells;
using Stockpile.Core.Queueing;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Placement;

/// <summary>What is left of one node beside a reservation, for work that would still run when it starts.</summary>
internal sealed class Spare(QueueKey key, OutlookSlot slot, OutlookPiece piece)
{
    public QueueKey Key { get; } = key;
    public OutlookSlot Slot { get; } = slot;
    public uint FreeMask { get; } = piece.FreeMask;
    public int Devices { get; set; } = piece.SpareDevices;
    public int CpuMilli { get; set; } = piece.SpareCpuMilli;
    public long MemoryMiB { get; set; } = piece.SpareMemoryMiB;
}

/// <summary>
/// What keeps a job off the devices that are reserved for more urgent ones. The planners ask it for every node they
/// look at; where nothing is reserved there is no fence, and nothing is asked.
/// </summary>
public sealed class Fence
{
    private readonly CellState _state;
    private readonly JobSpec _spec;
    private readonly QueueKey _key;
    private readonly double _done;
    private readonly DateTimeOffset _now;
    private readonly IReadOnlyDictionary<int, List<Spare>> _spares;

    internal Fence(
        CellState state, JobSpec spec, QueueKey key, double done, DateTimeOffset now,
        IReadOnlyDictionary<int, List<Spare>> spares)
    {
        _state = state;
        _spec = spec;
        _key = key;
        _done = done;
        _now = now;
        _spares = spares;
    }

    /// <summary>The fence for work that starts now on a model with so many devices.</summary>
    public NodeFence On(Alternative alternative, int devices)
    {
        var runTime = RunTimes.Of(_spec, _state.Catalog, _state.Policy.Gangs, alternative.Model, devices);
        return new NodeFence(this, Outlook.EndOf(runTime, _now, _done), alternative.Guest);
    }

    internal IEnumerable<Spare> At(NodeState node, DateTimeOffset end, bool guest)
    {
        if (!_spares.TryGetValue(node.Index, out var spares)) yield break;
        foreach (var spare in spares)
        {
            // A gang takes its devices back from guests, so they may stay until it starts; a task does not.
            if (spare.Slot.Start >= end || spare.Key.CompareTo(_key) >= 0) continue;
            if (guest && spare.Slot.GuestsLeave) continue;
            yield return spare;
        }
    }

    internal JobSpec Spec => _spec;

    /// <summary>The job whose reservation was the first to take room away from this one; null: none did yet.</summary>
    internal long? Refuser { get; private set; }

    internal void Refused(Spare spare) => Refuser ??= spare.Key.Number;
}

/// <summary>A <see cref="Fence"/> for work with a known end.</summary>
public readonly struct NodeFence
{
    private readonly Fence _fence;
    private readonly DateTimeOffset _end;
    private readonly bool _guest;

    internal NodeFence(Fence fence, DateTimeOffset end, bool guest)
    {
        _fence = fence;
        _end = end;
        _guest = guest;
    }

    /// <summary>Most ranks of a gang that the node may carry without touching what is reserved.</summary>
    public int Ranks(NodeState node, int ranks)
    {
        foreach (var spare in _fence.At(node, _end, _guest))
        {
            var left = Fit.Ranks(spare.Devices, spare.CpuMilli, spare.MemoryMiB, _fence.Spec);
            if (left >= ranks) continue;
            ranks = left;
            _fence.Refused(spare);
        }

        return Math.Max(0, ranks);
    }

    /// <summary>Whether a task may have these devices of the node.</summary>
    public bool Admits(NodeState node, uint mask)
    {
        foreach (var spare in _fence.At(node, _end, _guest))
            if (spare.Devices < System.Numerics.BitOperations.PopCount(mask & spare.FreeMask)
                || spare.CpuMilli < _fence.Spec.CpuMilli || spare.MemoryMiB < _fence.Spec.MemoryMiB)
            {
                _fence.Refused(spare);
                return false;
            }

        return true;
    }

    /// <summary>Takes what was placed on a node from what is left beside the reservations there.</summary>
    internal void Take(NodeState node, uint mask, int ranks)
    {
        foreach (var spare in _fence.At(node, _end, _guest))
        {
            spare.Devices -= System.Numerics.BitOperations.PopCount(mask & spare.FreeMask);
            spare.CpuMilli -= ranks * _fence.Spec.CpuMilli;
            spare.MemoryMiB -= ranks * _fence.Spec.MemoryMiB;
        }
    }
}
