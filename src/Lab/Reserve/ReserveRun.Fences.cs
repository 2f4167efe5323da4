namespace Stockpile.Lab.Reserve;

/// <summary>
/// Reservations, coarser than a cell's: the head of a class that is old enough and finds no room closes the pool that
/// can hold it soonest to everybody behind it who would not be done by then, except for what it leaves over.
/// </summary>
public sealed partial class ReserveRun
{
    private long[] _fenceUntil = [];
    private long[] _fenceSpare = [];
    private int _fences;
    private readonly List<(long End, int Devices)> _ends = [];

    private void MakeFences() =>
        (_fenceUntil, _fenceSpare) = (new long[_model.Pools.Length], new long[_model.Pools.Length]);

    private void ClearFences()
    {
        if (_fences == 0) return;
        Array.Clear(_fenceUntil);
        _fences = 0;
    }

    /// <summary>Thousandths of a device of a pool that work until <paramref name="end"/> may take.</summary>
    private long Open(int pool, long end) => _fenceUntil[pool] == 0 || end <= _fenceUntil[pool]
        ? _free[pool]
        : Math.Min(_free[pool], _fenceSpare[pool]);

    private void TakeOpen(int pool, long milli)
    {
        if (_fenceUntil[pool] != 0) _fenceSpare[pool] = Math.Max(0, _fenceSpare[pool] - milli);
    }

    private void Fence(WorkClass work)
    {
        var backfill = _model.Policy.Backfill;
        if (!backfill.Enabled || _fences >= backfill.Reservations) return;
        if (!_waiting[work.Index].TryPeek(out var gang, out _)) return;
        if (_now - gang.Arrived < backfill.After.TotalSeconds) return;
        var (best, when, spare) = (-1, long.MaxValue, 0L);
        foreach (var choice in work.Choices)
            foreach (var pool in choice.Pools)
            {
                if (_fenceUntil[pool] != 0) continue;
                var (at, over) = Soonest(pool, work.Spec.LeastDevices);
                if (at < when) (best, when, spare) = (pool, at, over);
            }

        if (best < 0) return;
        _fenceUntil[best] = when;
        _fenceSpare[best] = spare;
        _fences++;
    }

    /// <summary>When running gangs leave so many devices of a pool, and what is over then.</summary>
    private (long At, long SpareMilli) Soonest(int pool, int devices)
    {
        _ends.Clear();
        foreach (var gang in _gangs[pool]) _ends.Add((gang.End, gang.Devices));
        _ends.Sort();
        var free = _free[pool] + _guest[pool];
        foreach (var (end, freed) in _ends)
        {
            free += freed * 1000L;
            if (free >= devices * 1000L) return (end, free - devices * 1000L);
        }

        return (long.MaxValue, 0);
    }
}
