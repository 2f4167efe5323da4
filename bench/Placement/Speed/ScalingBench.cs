using Stockpile.Bench.Tables;
using Stockpile.Core.Fleets;
using Stockpile.Lab.Saturation;

namespace Stockpile.Bench.Speed;

/// <summary>One fleet.</summary>
/// <param name="MicrosecondsEach">Wall time of one decision, at equal fill.</param>
/// <param name="ProcessorMicrosecondsEach">Processor time of the same.</param>
/// <param name="FillMicrosecondsEach">Wall time of one decision while the empty fleet is filled; every score is worked
/// out for the first time there.</param>
internal sealed record ScalingPoint(
    int Nodes,
    int TasksRunning,
    double MicrosecondsEach,
    double ProcessorMicrosecondsEach,
    double FillMicrosecondsEach);

/// <param name="Exponent">k of cost ~ nodes^k, by least squares on logarithms of the processor time.</param>
/// <param name="FillExponent">The same for the filling.</param>
internal sealed record ScalingRow(
    string Policy, double Exponent, double FillExponent, IReadOnlyList<ScalingPoint> Fleets);

/// <summary>
/// Cost of a decision by the size of the fleet. The fleets are the openb nodes repeated, filled to 60 % of their
/// devices with tasks drawn from the openb list. Then, so that the fill stays equal, each timed decision places one
/// task after a random running one has ended; both changes of nodes are part of its cost.
/// </summary>
internal static class ScalingBench
{
    private const int Seed = 42;
    private const double Fill = 0.6;

    private static readonly string[] Policies = ["bestfit", "fgd", "stockpile"];

    public static object Run(Traces traces, IReadOnlyList<int> sizes, int decisions)
    {
        var trace = traces.All.FirstOrDefault(t => t.Name == "default") ?? traces.All[0];
        var rows = Policies.Select(policy =>
        {
            // Compiles what the first fleet would otherwise wait for.
            Fleet(traces, trace, policy, sizes.Min(), decisions);
            var points = sizes.Select(size =>
            {
                Console.Error.WriteLine($"speed: {policy} on {size} nodes");
                return Fleet(traces, trace, policy, size, decisions);
            }).ToList();
            return new ScalingRow(
                policy, Exponent(points, p => p.ProcessorMicrosecondsEach),
                Exponent(points, p => p.FillMicrosecondsEach), points);
        }).ToList();
        return new
        {
            Trace = trace.Name,
            Fill,
            Decisions = decisions,
            Seed,
            Fleets = "openb nodes repeated; each timed decision follows the end of a random task, so the fill stays",
            Policies = rows,
        };
    }

    private static ScalingPoint Fleet(Traces traces, Trace trace, string policy, int size, int decisions)
    {
        var nodes = new List<NodeSpec>(size);
        var order = traces.Nodes.ToArray();
        new Random(Seed).Shuffle(order);
        for (var i = 0; i < size; i++) nodes.Add(order[i % order.Length]);
        var input = SaturationInput.Of(nodes, trace.Pods, tune: 0, Seed);
        var board = input.Board(policy, migrationBudget: 0, Seed);
        var (random, running, next) = (new Random(Seed), new List<int>(), 0);
        var goal = Fill * board.CapacityMilli;
        var filling = Timing.Of(() =>
        {
            while (board.AllocatedMilli < goal) Place();
        });
        var (filled, tasks) = (next, running.Count);
        var timed = Timing.Of(() =>
        {
            for (var i = 0; i < decisions; i++)
            {
                var ended = random.Next(running.Count);
                board.Release(running[ended]);
                running[ended] = running[^1];
                running.RemoveAt(running.Count - 1);
                Place();
            }
        });
        return new ScalingPoint(
            size, tasks, Each(timed.WallSeconds, decisions), Each(timed.ProcessorSeconds, decisions),
            Each(filling.WallSeconds, filled));

        void Place()
        {
            var arrival = input.Arrivals[random.Next(input.Arrivals.Count)];
            if (board.Place(next, arrival.Shape, arrival.Models)) running.Add(next);
            next++;
        }
    }

    private static double Each(double seconds, int decisions) => TablesBench.Rounded(1e6 * seconds / decisions);

    private static double Exponent(List<ScalingPoint> points, Func<ScalingPoint, double> cost)
    {
        if (points.Count < 2) return 0;
        var (x, y) = (points.Select(p => Math.Log(p.Nodes)).ToList(), points.Select(p => Math.Log(cost(p))).ToList());
        var (meanX, meanY) = (x.Average(), y.Average());
        return TablesBench.Rounded(x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum()
            / x.Sum(a => (a - meanX) * (a - meanX)));
    }
}
