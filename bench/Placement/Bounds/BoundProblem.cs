using Stockpile.Core.Scoring;
using Stockpile.Lab.Saturation;

namespace Stockpile.Bench.Bounds;

/// <summary>One seed of the experiment as the bound sees it.</summary>
/// <param name="Owed">By arrival: whether it comes before our policy, without moves, first drops one of its kind: with
/// the same models and as many devices, or a share too. A policy that always uses what it has places such a task, also
/// where it would do better to refuse it: a share of 810 thousandths spoils a device.</param>
internal sealed record BoundProblem(SaturationInput Input, IReadOnlyList<bool> Owed)
{
    public static BoundProblem Of(SaturationInput input, string policy, int seed)
    {
        var board = input.Board(policy, migrationBudget: 0, seed);
        var dropped = new HashSet<(int, string)>();
        var owed = new bool[input.Arrivals.Count];
        for (var i = 0; i < owed.Length; i++)
        {
            var arrival = input.Arrivals[i];
            var kind = (arrival.Shape.Kind, KeyOf(arrival));
            if (!board.Place(i, arrival.Shape, arrival.Models)) dropped.Add(kind);
            owed[i] = !dropped.Contains(kind);
        }

        return new BoundProblem(input, owed);
    }

    /// <summary>Demand of the owed tasks among those that have arrived by so many %, in % of the capacity.</summary>
    public double OwedPercent(int arrivedPercent)
    {
        long sum = 0;
        long owed = 0;
        for (var i = 0; i < Owed.Count && Input.PercentOf(sum) <= arrivedPercent; i++)
        {
            sum += Input.Arrivals[i].Shape.DeviceMilli;
            if (Owed[i]) owed += Input.Arrivals[i].Shape.DeviceMilli;
        }

        return 100.0 * owed / Input.CapacityMilli;
    }

    /// <summary>Most that can be allocated, in % of the capacity, of what has arrived by so many %.</summary>
    /// <param name="forced">Whether all that arrived before the first drop must be placed.</param>
    public double BoundPercent(int arrivedPercent, bool forced, ConfigurationPool configurations)
    {
        var classes = new Dictionary<(TaskShape, string), TaskClass>();
        long sum = 0;
        for (var i = 0; i < Input.Arrivals.Count; i++)
        {
            var arrival = Input.Arrivals[i];
            sum += arrival.Shape.DeviceMilli;
            if (Input.PercentOf(sum) > arrivedPercent) break;
            var key = (arrival.Shape, KeyOf(arrival));
            var known = classes.GetValueOrDefault(key, new TaskClass(arrival.Shape, arrival.Models, 0, 0));
            var must = forced && Owed[i] ? 1 : 0;
            classes[key] = known with { Arrived = known.Arrived + 1, Forced = known.Forced + must };
        }

        var types = Input.Ranked.GroupBy(n => (n.Model, n.Devices, n.CpuMilli, n.MemoryMiB))
            .Select(g => new NodeType(g.Key.Model, g.Key.Devices, g.Key.CpuMilli, g.Key.MemoryMiB, g.Count()));
        var bound = new ConfigurationLp([.. types], [.. classes.Values], configurations).BoundMilli();
        return 100 * bound / Input.CapacityMilli;
    }

    private static string KeyOf(Arrival arrival) => string.Join('|', arrival.Models.Order(StringComparer.Ordinal));
}
