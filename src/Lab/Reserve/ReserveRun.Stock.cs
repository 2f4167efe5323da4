using Stockpile.Formats.Fleets;

namespace Stockpile.Lab.Reserve;

/// <summary>The stock: what breaks, comes back, arrives and leaves.</summary>
public sealed partial class ReserveRun
{
    /// <summary>By pool: devices that work, those switched off among them, and those whose node is out.</summary>
    private int[] _up = [];
    private int[] _off = [];
    private int[] _nodeOut = [];

    /// <summary>By pool: places that a broken device left empty.</summary>
    private int[] _missing = [];

    /// <summary>By pool: thousandths of a device that nobody holds, and those that guests hold.</summary>
    private long[] _free = [];
    private long[] _guest = [];

    /// <summary>By model.</summary>
    private int[] _spares = [];
    private int[] _broken = [];
    private bool[] _retired = [];

    /// <summary>By pool: the lots it is made of, with the second they were put into service.</summary>
    private List<(int Devices, long Since)>[] _lots = [];

    private Supply Supply => _model.Scenario.Supply;

    private string NameOf(int model) => _model.Catalog.Models[model].Model;

    private void MakeStock()
    {
        var pools = _model.Pools.Length;
        var models = _model.Catalog.Models.Count;
        (_up, _off, _nodeOut, _missing) = (new int[pools], new int[pools], new int[pools], new int[pools]);
        (_free, _guest, _freed) = (new long[pools], new long[pools], new long[pools]);
        (_spares, _broken, _retired) = (new int[models], new int[models], new bool[models]);
        _lots = [.. _model.Pools.Select(_ => new List<(int, long)>())];
        foreach (var pool in _model.Pools)
        {
            if (pool.Devices == 0) continue;
            var since = Supply.Installed.TryGetValue(NameOf(pool.Model), out var date)
                ? (long)(date - _model.Scenario.Start).TotalSeconds
                : 0;
            Join(pool.Index, pool.Devices, Math.Min(0, since));
        }

        foreach (var (name, spares) in Supply.Spares)
        {
            var model = _model.ModelOf(name);
            if (!_model.Pools.Any(p => p.Model == model)) continue;
            _spares[model] = spares;
            var tier = TierOf(model);
            _ledger.ChangeStock(tier, spares);
            _ledger.Change(tier, Use.Spare, spares);
        }

        for (var i = 0; i < Supply.Purchases.Count; i++)
            ScheduleDate(Supply.Purchases[i].Date, new Event(What.LotArrives, i), _factors.DelayDays);
        for (var i = 0; i < Supply.Retirements.Count; i++)
            ScheduleDate(Supply.Retirements[i].Date, new Event(What.Retires, i), 0);
        LimitPower();
    }

    private int TierOf(int model) => _model.Catalog.RankOf(NameOf(model));

    private void ScheduleDate(DateTimeOffset date, Event what, double delayDays)
    {
        var at = (long)(date - _model.Scenario.Start).TotalSeconds + (long)(delayDays * Day);
        if (at < _end) Schedule(Math.Max(0, at), what);
    }

    /// <summary>Devices come into a pool and into the stock.</summary>
    private void Join(int pool, int devices, long since)
    {
        _lots[pool].Add((devices, since));
        var tier = _model.Pools[pool].Tier;
        _ledger.ChangeStock(tier, devices);
        _ledger.Change(tier, Use.Idle, devices);
        Gain(pool, devices);
    }

    private void Gain(int pool, int devices)
    {
        _up[pool] += devices;
        _free[pool] += devices * 1000L;
        Freed(pool);
    }

    private void LotArrives(int index)
    {
        var lot = Supply.Purchases[index];
        var devices = _model.DevicesOf(lot);
        // The ban counts on the day a lot was ordered for: what is delayed beyond it does not come either.
        if (Supply.BannedFrom(lot.Model) is { } banned
            && _model.Scenario.Start.AddSeconds(_now) >= banned)
        {
            _counts.NotDelivered += devices;
            return;
        }

        Join(_model.PoolOf(lot), devices, _now);
        LimitPower();
    }

    private void Retires(int index)
    {
        var model = _model.ModelOf(Supply.Retirements[index].Model);
        _retired[model] = true;
        var tier = TierOf(model);
        foreach (var pool in _model.Pools)
        {
            if (pool.Model != model) continue;
            // Nodes that are out leave when they would come back.
            Leave(pool.Index, _up[pool.Index]);
            _missing[pool.Index] = 0;
        }

        _ledger.ChangeStock(tier, -_spares[model]);
        _ledger.Change(tier, Use.Spare, -_spares[model]);
        _spares[model] = 0;
        LimitPower();
    }

    /// <summary>Devices of a pool leave the stock.</summary>
    private void Leave(int pool, int devices)
    {
        if (devices <= 0) return;
        SwitchOn(pool);
        Vacate(pool, devices);
        var tier = _model.Pools[pool].Tier;
        _up[pool] -= devices;
        _free[pool] -= devices * 1000L;
        _ledger.Change(tier, Use.Idle, -devices);
        _ledger.ChangeStock(tier, -devices);
    }

    private void BeginWear(long day)
    {
        if (_model.Relaxed == Relaxed.Wear) return;
        foreach (var pool in _model.Pools)
        {
            var devices = _up[pool.Index] - _off[pool.Index];
            if (devices == 0) continue;
            var rate = pool.Wear;
            var failures = rate.Failures * AgeFactor(pool.Index, rate.Age) * _factors.Wear;
            Spread(What.Breaks, Draw.Failures, pool.Index, day, devices * failures / 365);
            Spread(What.Interrupts, Draw.Interruptions, pool.Index, day,
                devices * rate.Interruptions * _factors.Wear / 365);
        }
    }

    private void Spread(What what, Draw purpose, int pool, long day, double mean)
    {
        var count = _draws.Poisson(purpose, pool, day, mean);
        for (var i = 0; i < count; i++)
        {
            var moment = _draws.Uniform(Draw.Moment, pool * 2 + (what == What.Breaks ? 0 : 1), day * 1_000 + i);
            var at = day * Day + (long)(moment * Day);
            if (at < _end) Schedule(at, new Event(what, pool, null, (int)(day * 1_000 + i)));
        }
    }

    /// <summary>Mean of the age factors over the lots of a pool.</summary>
    private double AgeFactor(int pool, IReadOnlyList<double> factors)
    {
        if (factors.Count == 1) return factors[0];
        double sum = 0;
        long devices = 0;
        foreach (var (count, since) in _lots[pool])
        {
            var year = (int)Math.Min(factors.Count - 1, (_now - since) / (365 * Day));
            sum += count * factors[year];
            devices += count;
        }

        return sum / devices;
    }

    /// <summary>A device breaks: its node is out until it is swapped, and the device itself is repaired, replaced or
    /// scrapped.</summary>
    private void Breaks(int pool, int draw)
    {
        var at = _model.Pools[pool];
        var node = Math.Min(at.DevicesPerNode, _up[pool] - _off[pool]);
        if (node <= 0) return;
        _counts.Failures++;
        Hit(pool, _draws.Uniform(Draw.Victim, pool, draw), node);
        Vacate(pool, node);
        _up[pool] -= node;
        _free[pool] -= node * 1000L;
        _nodeOut[pool] += node - 1;
        _ledger.Move(at.Tier, Use.Idle, Use.NodeOut, (node - 1) * 1000L);
        _ledger.Move(at.Tier, Use.Idle, Use.Broken, 1000);
        _broken[at.Model]++;
        _missing[pool]++;
        Schedule(_now + (long)Supply.Repair.Swap.TotalSeconds, new Event(What.NodeBack, pool, null, node - 1));

        var repaired = _draws.Uniform(Draw.Repairable, pool, draw)
            < Math.Min(1, Supply.Repair.Share * _factors.RepairShare);
        var banned = Supply.BannedFrom(NameOf(at.Model)) is { } from
            && _model.Scenario.Start.AddSeconds(_now) >= from;
        if (!repaired && banned)
        {
            _counts.Scrapped++;
            _broken[at.Model]--;
            _ledger.Change(at.Tier, Use.Broken, -1);
            _ledger.ChangeStock(at.Tier, -1);
            return;
        }

        var mean = Supply.Repair.Time.TotalSeconds * _factors.RepairTime;
        var takes = repaired
            ? -mean * Math.Log(1 - _draws.Uniform(Draw.RepairTime, pool, draw))
            : Supply.Repair.Replace.TotalSeconds;
        Schedule(_now + (long)takes, new Event(What.DeviceBack, at.Model));
    }

    private void NodeBack(int pool, int devices)
    {
        var at = _model.Pools[pool];
        _nodeOut[pool] -= devices;
        if (_retired[at.Model])
        {
            _ledger.Change(at.Tier, Use.NodeOut, -devices);
            _ledger.ChangeStock(at.Tier, -devices);
            return;
        }

        _ledger.Move(at.Tier, Use.NodeOut, Use.Idle, devices * 1000L);
        Gain(pool, devices);
        if (_spares[at.Model] > 0 && _missing[pool] > 0)
        {
            _spares[at.Model]--;
            _missing[pool]--;
            _ledger.Move(at.Tier, Use.Spare, Use.Idle, 1000);
            Gain(pool, 1);
        }

        LimitPower();
    }

    private void DeviceBack(int model)
    {
        var tier = TierOf(model);
        _broken[model]--;
        if (_retired[model])
        {
            _ledger.Change(tier, Use.Broken, -1);
            _ledger.ChangeStock(tier, -1);
            return;
        }

        var pool = -1;
        foreach (var candidate in _model.Pools)
            if (candidate.Model == model && _missing[candidate.Index] > (pool < 0 ? 0 : _missing[pool]))
                pool = candidate.Index;
        if (pool < 0)
        {
            _spares[model]++;
            _ledger.Move(tier, Use.Broken, Use.Spare, 1000);
            return;
        }

        _missing[pool]--;
        _ledger.Move(tier, Use.Broken, Use.Idle, 1000);
        Gain(pool, 1);
        LimitPower();
    }
}
