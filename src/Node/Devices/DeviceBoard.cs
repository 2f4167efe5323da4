using Stockpile.Core;

namespace Stockpile.Node.Devices;

/// <summary>What came of asking for devices.</summary>
public enum HoldResult
{
    /// <summary>They are held now.</summary>
    Held,

    /// <summary>The same allocation holds devices already; nothing changed.</summary>
    AlreadyHeld,

    /// <summary>Another allocation holds too much of one of them; nothing changed.</summary>
    Overlap,

    /// <summary>The node has no such devices, or the share is not one; nothing changed.</summary>
    Invalid,
}

/// <summary>
/// Which allocation holds how much of which device. It is the node's own safety net: the cell decides who gets what,
/// and should two cells ever disagree, a device is still never held beyond the whole of it.
/// </summary>
public sealed class DeviceBoard
{
    private readonly int[] _heldMilli;
    private readonly Dictionary<long, Hold> _holds = [];

    public DeviceBoard(int devices)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(devices);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(devices, Limits.DevicesPerNodeMax);
        _heldMilli = new int[devices];
    }

    /// <summary>Number of allocations that hold something, CPU-only ones included.</summary>
    public int Count => _holds.Count;

    /// <summary>Thousandths of a device that are held.</summary>
    public int HeldMilli(int device) => _heldMilli[device];

    /// <summary>Holds all of the asked or nothing.</summary>
    /// <param name="mask">Bit i is device i; no bit: nothing but the name (a CPU-only task).</param>
    /// <param name="shareMilli">Thousandths of the single device in the mask; 0: whole devices.</param>
    public HoldResult TryHold(long sequence, uint mask, int shareMilli)
    {
        if (_holds.ContainsKey(sequence)) return HoldResult.AlreadyHeld;
        if ((ulong)mask >> _heldMilli.Length != 0) return HoldResult.Invalid;
        if (shareMilli is < 0 or > Limits.MilliPerDevice) return HoldResult.Invalid;
        if (shareMilli > 0 && !uint.IsPow2(mask)) return HoldResult.Invalid;
        var hold = new Hold(mask, shareMilli == 0 ? Limits.MilliPerDevice : shareMilli);
        for (var device = 0; device < _heldMilli.Length; device++)
            if (hold.Has(device) && _heldMilli[device] + hold.Milli > Limits.MilliPerDevice)
                return HoldResult.Overlap;
        _holds.Add(sequence, hold);
        Book(hold, hold.Milli);
        return HoldResult.Held;
    }

    /// <summary>Frees what the allocation holds; false when it holds nothing.</summary>
    public bool Release(long sequence)
    {
        if (!_holds.Remove(sequence, out var hold)) return false;
        Book(hold, -hold.Milli);
        return true;
    }

    public void Clear()
    {
        _holds.Clear();
        Array.Clear(_heldMilli);
    }

    private void Book(Hold hold, int milli)
    {
        for (var device = 0; device < _heldMilli.Length; device++)
        {
            if (!hold.Has(device)) continue;
            _heldMilli[device] += milli;
            if (_heldMilli[device] is < 0 or > Limits.MilliPerDevice)
                throw new InvalidOperationException($"device {device} is held {_heldMilli[device]} thousandths");
        }
    }

    private readonly record struct Hold(uint Mask, int Milli)
    {
        public bool Has(int device) => (Mask >> device & 1) != 0;
    }
}
