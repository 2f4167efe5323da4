using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>What is left of one node beside a reservation, for work that would still run when it starts.</summary>
internal sealed class Headroom(QueueKey key, StartSlot slot, StartPiece piece)
{
    public QueueKey Key { get; } = key;
    public StartSlot Slot { get; } = slot;
    public uint FreeMask { get; } = piece.FreeMask;
    public int Devices { get; set; } = piece.HeadroomDevices;
    public int CpuMilli { get; set; } = piece.HeadroomCpuMilli;
    public long MemoryMiB { get; set; } = piece.HeadroomMemoryMiB;
}

/// <summary>
/// What keeps a job off the devices that are reserved for more urgent ones. The planners ask it for every node they
/// look at; where nothing is reserved there is no guard, and nothing is asked.
/// </summary>
public sealed class ReservationGuard
{
    private readonly CellState _state;
    private readonly JobSpec _spec;
    private readonly QueueKey _key;
    private readonly double _done;
    private readonly DateTimeOffset _now;
    private readonly IReadOnlyDictionary<int, List<Headroom>> _headrooms;

    internal ReservationGuard(
        CellState state, JobSpec spec, QueueKey key, double done, DateTimeOffset now,
        IReadOnlyDictionary<int, List<Headroom>> headrooms)
    {
        _state = state;
        _spec = spec;
        _key = key;
        _done = done;
        _now = now;
        _headrooms = headrooms;
    }

    /// <summary>The guard for work that starts now on a model with so many devices.</summary>
    public NodeGuard On(Alternative alternative, int devices)
    {
        var runTime = RunTimes.Of(_spec, _state.Catalog, _state.Policy.Gangs, alternative.Model, devices);
        return new NodeGuard(this, EarliestStart.EndOf(runTime, _now, _done), alternative.Guest);
    }

    internal IEnumerable<Headroom> At(NodeState node, DateTimeOffset end, bool guest)
    {
        if (!_headrooms.TryGetValue(node.Index, out var headrooms)) yield break;
        foreach (var headroom in headrooms)
        {
            // A gang takes its devices back from guests, so they may stay until it starts; a task does not.
            if (headroom.Slot.Start >= end || headroom.Key.CompareTo(_key) >= 0) continue;
            if (guest && headroom.Slot.GuestsLeave) continue;
            yield return headroom;
        }
    }

    internal JobSpec Spec => _spec;

    /// <summary>The job whose reservation was the first to take room away from this one; null: none did yet.</summary>
    internal long? Refuser { get; private set; }

    internal void Refused(Headroom headroom) => Refuser ??= headroom.Key.Number;
}

/// <summary>A <see cref="ReservationGuard"/> for work with a known end.</summary>
public readonly struct NodeGuard
{
    private readonly ReservationGuard _guard;
    private readonly DateTimeOffset _end;
    private readonly bool _guest;

    internal NodeGuard(ReservationGuard guard, DateTimeOffset end, bool guest)
    {
        _guard = guard;
        _end = end;
        _guest = guest;
    }

    /// <summary>Most ranks of a gang that the node may carry without touching what is reserved.</summary>
    public int Ranks(NodeState node, int ranks)
    {
        foreach (var headroom in _guard.At(node, _end, _guest))
        {
            var left = Fit.Ranks(headroom.Devices, headroom.CpuMilli, headroom.MemoryMiB, _guard.Spec);
            if (left >= ranks) continue;
            ranks = left;
            _guard.Refused(headroom);
        }

        return Math.Max(0, ranks);
    }

    /// <summary>Whether a task may have these devices of the node.</summary>
    public bool Admits(NodeState node, uint mask)
    {
        foreach (var headroom in _guard.At(node, _end, _guest))
            if (headroom.Devices < System.Numerics.BitOperations.PopCount(mask & headroom.FreeMask)
                || headroom.CpuMilli < _guard.Spec.CpuMilli || headroom.MemoryMiB < _guard.Spec.MemoryMiB)
            {
                _guard.Refused(headroom);
                return false;
            }

        return true;
    }

    /// <summary>Takes what was placed on a node from what is left beside the reservations there.</summary>
    internal void Take(NodeState node, uint mask, int ranks)
    {
        foreach (var headroom in _guard.At(node, _end, _guest))
        {
            headroom.Devices -= System.Numerics.BitOperations.PopCount(mask & headroom.FreeMask);
            headroom.CpuMilli -= ranks * _guard.Spec.CpuMilli;
            headroom.MemoryMiB -= ranks * _guard.Spec.MemoryMiB;
        }
    }
}
