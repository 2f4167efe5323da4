using Stockpile.Formats.Reserve;

namespace Stockpile.Lab.Reserve;

/// <summary>A service in a run: what is asked of it, and which replicas it has.</summary>
internal sealed class ServiceLoad
{
    private const int Hours = 168;

    private readonly double[] _week = new double[Hours];
    private readonly int[] _byChoice;
    private readonly List<(int Choice, int Slot, int Pool, int Count)> _placed = [];
    private readonly double _growth;
    private readonly double[] _each;
    private readonly (int Choice, int Slot)[][] _slots;
    private readonly double _leastEach;
    private double _grown = 1;
    private long _settled;

    public ServiceLoad(
        WorkClass work, ServicePlan plan, RunFactors factors, DateTimeOffset start, bool demanded)
    {
        Class = work;
        _byChoice = new int[work.Choices.Length];
        _growth = 1 + (plan.Growth - 1) * factors.DemandGrowth;
        var throughput = plan.Spec.Serving is null ? 1 : factors.ServingThroughput;
        _each = [.. work.Choices.Select(c => c.PerReplica * throughput)];
        _leastEach = _each.DefaultIfEmpty(0).Min();
        Least = work.Spec.MinReplicas;
        // Without a rate the most replicas are those of the demand's first peak, and so they grow with it.
        Most = plan.Spec.Serving is null ? int.MaxValue : work.Spec.MaxReplicas;
        Counts = new int[work.Choices.Sum(c => c.Pools.Length)];
        var slots = work.Choices.SelectMany((c, choice) => c.Pools.Select(pool => (Choice: choice, Pool: pool)))
            .Select((place, slot) => (place.Pool, place.Choice, Slot: slot)).ToList();
        _slots = [.. Enumerable.Range(0, slots.Select(p => p.Pool + 1).DefaultIfEmpty().Max())
            .Select(pool => slots.Where(p => p.Pool == pool).Select(p => (p.Choice, p.Slot)).ToArray())];
        for (var hour = 0; hour < Hours; hour++)
        {
            var at = start + TimeSpan.FromHours(hour);
            _week[hour] = demanded ? plan.Spec.Demand!.At(at) * factors.Demand : 0;
        }
    }

    public WorkClass Class { get; }

    /// <summary>Replicas by choice and pool, in the order of the choices.</summary>
    public int[] Counts { get; }

    /// <summary>The places in <see cref="Counts"/> that are in a pool.</summary>
    public ReadOnlySpan<(int Choice, int Slot)> Slots(int pool) => pool < _slots.Length ? _slots[pool] : [];

    public int Replicas { get; private set; }

    /// <summary>Requests per second wanted now.</summary>
    public double Rate { get; private set; }

    /// <summary>Requests per second that the replicas answer within their latency class.</summary>
    public double Capacity { get; private set; }

    /// <summary>Requests wanted and answered so far.</summary>
    public double Wanted { get; private set; }
    public double Served { get; private set; }

    /// <summary>Requests per second that one replica answers on a choice.</summary>
    public double PerReplica(int choice) => _each[choice];

    public int Least { get; }
    public int Most { get; }

    /// <summary>Whether another replica is wanted.</summary>
    public bool Wants => Replicas < Least || (Replicas < Most && Rate > Capacity * (1 + 1e-9));

    /// <summary>Where the replicas that came last are: the choice, its slot and pool, and how many came together.
    /// </summary>
    public (int Choice, int Slot, int Pool, int Count) Last => _placed[^1];

    /// <summary>Replicas come or go; the capacity is summed anew, so that nothing is left over of those that went.
    /// </summary>
    /// <param name="now">Seconds from the start of the run.</param>
    public void Change(int choice, int slot, int pool, int replicas, long now)
    {
        Settle(now);
        Counts[slot] += replicas;
        Replicas += replicas;
        _byChoice[choice] += replicas;
        Capacity = 0;
        for (var i = 0; i < _byChoice.Length; i++) Capacity += _byChoice[i] * _each[i];
        if (replicas > 0 && (_placed.Count == 0 || _placed[^1].Slot != slot))
            _placed.Add((choice, slot, pool, replicas));
        else if (replicas > 0) _placed[^1] = _placed[^1] with { Count = _placed[^1].Count + replicas };
        else Remove(slot, -replicas);
    }

    private void Remove(int slot, int replicas)
    {
        for (var i = _placed.Count - 1; i >= 0 && replicas > 0; i--)
        {
            if (_placed[i].Slot != slot) continue;
            var gone = Math.Min(replicas, _placed[i].Count);
            replicas -= gone;
            if (gone == _placed[i].Count) _placed.RemoveAt(i);
            else _placed[i] = _placed[i] with { Count = _placed[i].Count - gone };
        }
    }

    /// <summary>The demand of an hour. Growth is counted from day to day.</summary>
    public void At(long hour)
    {
        Settle(hour * 3_600);
        if (hour % 24 == 0) _grown = Math.Pow(_growth, hour / (24 * 365.0));
        Rate = _week[hour % Hours] * _grown;
    }

    /// <summary>Whether the demand may be met with a replica less.</summary>
    public bool HasOver => Replicas > Least && Capacity - Rate >= _leastEach * (1 - 1e-9);

    /// <summary>Adds up what was wanted and answered until an instant.</summary>
    public void Settle(long now)
    {
        var seconds = now - _settled;
        _settled = now;
        Wanted += Rate * seconds;
        Served += Math.Min(Rate, Capacity) * seconds;
    }
}
