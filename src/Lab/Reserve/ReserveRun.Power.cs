namespace Stockpile.Lab.Reserve;

/// <summary>The power cap: the least capable devices are switched off first.</summary>
public sealed partial class ReserveRun
{
    private void LimitPower()
    {
        if (Supply.Power is not { } cap) return;
        double watts = 0;
        foreach (var pool in _model.Pools) watts += _up[pool.Index] * pool.Watts;
        foreach (var pool in _model.LeastCapableFirst)
        {
            var each = pool.Watts;
            var nodes = each > 0 && watts > cap.CapWatts
                ? (int)Math.Ceiling((watts - cap.CapWatts) / (each * pool.DevicesPerNode))
                : 0;
            var off = Math.Min(_up[pool.Index], nodes * pool.DevicesPerNode);
            watts -= off * each;
            Switch(pool.Index, off);
        }
    }

    private void SwitchOn(int pool) => Switch(pool, 0);

    /// <summary>So many devices of a pool are off.</summary>
    private void Switch(int pool, int off)
    {
        var more = off - _off[pool];
        if (more == 0) return;
        if (more > 0) Vacate(pool, more);
        _off[pool] = off;
        _free[pool] -= more * 1000L;
        _ledger.Move(_model.Pools[pool].Tier, Use.Idle, Use.PowerOff, more * 1000L);
        if (more < 0) Freed(pool);
    }
}
