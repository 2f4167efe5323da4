namespace Stockpile.Lab.Reserve;

/// <summary>Gangs: all or nothing, inside one cell, on one model.</summary>
public sealed partial class ReserveRun
{
    /// <summary>By pool: the gangs that run there.</summary>
    private List<Gang>[] _gangs = [];
    private long _evictions;

    /// <summary>Places the gangs of a class as long as they fit.</summary>
    /// <returns>Whether nothing of the class waits any more.</returns>
    private bool PlaceGangs(WorkClass work)
    {
        var waiting = _waiting[work.Index];
        while (waiting.TryPeek(out var gang, out _))
        {
            if (!PlaceGang(gang)) return false;
            waiting.Dequeue();
            _gangsWaiting--;
            if (gang.Generation >= 0) _generationWaits--;
        }

        return true;
    }

    private bool PlaceGang(Gang gang)
    {
        var spec = gang.Class.Spec;
        var step = gang.Class.Step;
        for (var choice = 0; choice < gang.Class.Choices.Length; choice++)
        {
            var pools = gang.Class.Choices[choice].Pools;
            for (var devices = spec.Devices; devices >= spec.LeastDevices; devices -= step)
            {
                var pool = Tightest(pools, devices, step, _fences == 0 ? 0 : EndOf(gang, choice, devices));
                if (pool < 0) pool = FewestGuests(pools, devices, step);
                if (pool < 0) continue;
                Start(gang, choice, pool, devices);
                return true;
            }
        }

        return PushOut(gang);
    }

    /// <summary>The pool with the fewest free devices that hold the gang, so that large rooms stay large.</summary>
    private int Tightest(int[] pools, int devices, int step, long end)
    {
        var best = -1;
        foreach (var pool in pools)
            if (Whole(Open(pool, end), step) >= devices && (best < 0 || _free[pool] < _free[best])) best = pool;
        return best;
    }

    /// <summary>The pool where fewest guests have to leave.</summary>
    private int FewestGuests(int[] pools, int devices, int step)
    {
        var best = -1;
        foreach (var pool in pools)
        {
            if (_fenceUntil[pool] != 0 || _guest[pool] == 0) continue;
            if (Whole(_free[pool] + _guest[pool], step) < devices) continue;
            if (best < 0 || _free[pool] > _free[best]) best = pool;
        }

        return best;
    }

    /// <summary>Whole devices, in whole nodes of the gang.</summary>
    private static long Whole(long milli, int step) => milli / 1000 / step * step;

    /// <summary>Gangs of a lower priority class leave as a whole where nothing else helps.</summary>
    private bool PushOut(Gang gang)
    {
        var spec = gang.Class.Spec;
        var step = gang.Class.Step;
        var needs = spec.LeastDevices;
        var (bestChoice, bestPool, least) = (-1, -1, long.MaxValue);
        for (var choice = 0; choice < gang.Class.Choices.Length; choice++)
            foreach (var pool in gang.Class.Choices[choice].Pools)
            {
                if (_fenceUntil[pool] != 0) continue;
                long lower = 0;
                foreach (var other in _gangs[pool])
                    if (MayPushOut(gang, other)) lower += other.Devices * 1000L;
                if (lower == 0) continue;
                var room = _free[pool] + _guest[pool];
                if (Whole(room + lower, step) < needs) continue;
                var missing = needs * 1000L - room;
                if (missing < least) (bestChoice, bestPool, least) = (choice, pool, missing);
            }

        if (bestPool < 0) return false;
        while (Whole(_free[bestPool] + _guest[bestPool], step) < needs) Evict(Cheapest(gang, bestPool));
        var fits = Math.Min(spec.Devices, Whole(_free[bestPool] + _guest[bestPool], step));
        Start(gang, bestChoice, bestPool, (int)fits);
        return true;
    }

    private bool MayPushOut(Gang gang, Gang other) =>
        PriorityOf(other.Class.Spec) < PriorityOf(gang.Class.Spec)
        && other.Placed + _model.Policy.Queue.Preemption.ProtectionAfter(other.Preemptions).TotalSeconds <= _now;

    /// <summary>Of those that may be pushed out: lowest class first, in it who lost least, so whoever started last.
    /// </summary>
    private Gang Cheapest(Gang gang, int pool)
    {
        Gang? cheapest = null;
        foreach (var other in _gangs[pool])
        {
            if (!MayPushOut(gang, other)) continue;
            if (cheapest is null
                || (PriorityOf(other.Class.Spec), -other.Placed, -other.Number)
                    .CompareTo((PriorityOf(cheapest.Class.Spec), -cheapest.Placed, -cheapest.Number)) < 0)
                cheapest = other;
        }

        return cheapest!;
    }

    private void Evict(Gang gang)
    {
        _counts.Preempted++;
        gang.Preemptions++;
        Stop(gang, saves: _model.Policy.Guests.Grace > TimeSpan.Zero);
        Enqueue(gang);
        _evictions++;
    }

    /// <summary>Device-hours on one H800 that it would do per second.</summary>
    private double RateOf(Gang gang, int choice, int devices)
    {
        var hourly = gang.Class.Choices[choice].Hourly;
        return hourly[(gang.Class.Spec.Devices - devices) / gang.Class.Step] * _factors.GangEfficiency / Hour;
    }

    private long EndOf(Gang gang, int choice, int devices) =>
        _now + Restart(gang) + (long)Math.Ceiling(gang.Left / RateOf(gang, choice, devices) - 1e-6);

    private long Restart(Gang gang) => gang.Restarts ? (long)_model.Policy.Gangs.Restart.TotalSeconds : 0;

    private void Start(Gang gang, int choice, int pool, int devices)
    {
        TakeGuests(pool, devices * 1000L);
        gang.Rate = RateOf(gang, choice, devices);
        gang.Choice = choice;
        gang.Pool = pool;
        gang.Devices = devices;
        gang.Placed = _now;
        gang.Working = _now + Restart(gang);
        gang.End = EndOf(gang, choice, devices);
        gang.Restarts = true;
        if (choice > 0) _below++;
        _gangs[pool].Add(gang);
        _free[pool] -= devices * 1000L;
        TakeOpen(pool, devices * 1000L);
        _ledger.Move(_model.Pools[pool].Tier, Use.Idle, Use.Training, devices * 1000L);
        if (gang.End <= _end) Schedule(gang.End, new Event(What.GangEnds, 0, gang, ++gang.Version));
    }

    /// <summary>Takes the gang off its devices; what is left to do is as its last checkpoint has it.</summary>
    private void Stop(Gang gang, bool saves)
    {
        gang.Left = gang.LeftAt(_now, saves);
        gang.Version++;
        if (gang.Choice > 0) _below--;
        var pool = gang.Pool;
        _gangs[pool].Remove(gang);
        gang.Pool = -1;
        _free[pool] += gang.Devices * 1000L;
        _ledger.Move(_model.Pools[pool].Tier, Use.Training, Use.Idle, gang.Devices * 1000L);
        Freed(pool);
    }

    private void GangEnds(Gang gang, int version)
    {
        if (version != gang.Version) return;
        Stop(gang, saves: true);
        _counts.JobsCompleted++;
        CountDone(gang.Class);
        if (gang.Generation >= 0) GenerationJobEnds(gang);
    }

    private void CountDone(WorkClass work) => _counts.CompletedByName[work.Spec.Name] =
        _counts.CompletedByName.GetValueOrDefault(work.Spec.Name) + 1;

    /// <summary>A fault hits a device of a pool: a gang on it breaks as a whole and waits with its last checkpoint.
    /// </summary>
    private void Hit(int pool, double where, int node)
    {
        var device = where * (_up[pool] - _off[pool]);
        foreach (var gang in _gangs[pool])
        {
            device -= gang.Devices;
            if (device >= 0) continue;
            Lose(gang);
            return;
        }
    }

    private void Lose(Gang gang)
    {
        var done = gang.LeftAt(_now, saves: true);
        Stop(gang, saves: false);
        _counts.HoursLostToFaults += gang.Left - done;
        Enqueue(gang);
    }

    private void Interrupts(int pool, int draw)
    {
        if (_up[pool] - _off[pool] <= 0) return;
        _counts.Interruptions++;
        Hit(pool, _draws.Uniform(Draw.Victim, pool, draw + (long)int.MaxValue), 0);
    }
}
