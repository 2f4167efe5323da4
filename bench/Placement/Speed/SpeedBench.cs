using Stockpile.Bench.Tables;
using Stockpile.Lab.Saturation;

namespace Stockpile.Bench.Speed;

/// <summary>Decisions per second of one policy on the openb cluster: medians over the runs.</summary>
internal sealed record SpeedRow(
    string Policy,
    string Trace,
    int Decisions,
    double PerSecond,
    double PerProcessorSecond,
    double MicrosecondsEach,
    IReadOnlyList<Timing> Runs);

/// <summary>How fast one thread decides: on the openb cluster, and by the size of synthetic fleets.</summary>
internal static class SpeedBench
{
    private const int Seed = 42;
    private const int Runs = 5;

    private static readonly string[] Policies = ["bestfit", "fgd", TablesBench.Still, TablesBench.Moving];

    public static BenchResult Run(Traces traces, IReadOnlyList<int> sizes, int decisions)
    {
        var cluster = new List<SpeedRow>();
        foreach (var trace in traces.All)
            foreach (var policy in Policies)
            {
                Console.Error.WriteLine($"speed: {trace.Name}, {policy}");
                cluster.Add(OnCluster(traces, trace, policy));
            }

        var scaling = ScalingBench.Run(traces, sizes, decisions);
        var settings = new
        {
            Seed,
            Runs = $"median of {Runs} after one that is not counted",
            TablesBench.Tune,
            TablesBench.MigrationBudget,
            Cluster = $"{traces.Nodes.Count} nodes; a decision is a task that arrives in the saturation experiment, "
                + "placed or dropped; one thread; reading and shuffling are not timed",
        };
        return new BenchResult(new { settings, cluster, scaling }, []);
    }

    private static SpeedRow OnCluster(Traces traces, Trace trace, string policy)
    {
        var input = SaturationInput.Of(traces.Nodes, trace.Pods, TablesBench.Tune, Seed);
        var (name, budget) = policy switch
        {
            TablesBench.Still => (TablesBench.Moving, 0),
            TablesBench.Moving => (TablesBench.Moving, TablesBench.MigrationBudget),
            _ => (policy, 0),
        };
        var runs = new List<Timing>();
        for (var run = 0; run <= Runs; run++)
        {
            var board = input.Board(name, budget, Seed);
            var timing = Timing.Of(() =>
            {
                for (var i = 0; i < input.Arrivals.Count; i++)
                    board.Place(i, input.Arrivals[i].Shape, input.Arrivals[i].Models);
            });
            if (run > 0) runs.Add(timing);
        }

        var (count, wall) = (input.Arrivals.Count, Timing.Median(runs.Select(r => r.WallSeconds)));
        return new SpeedRow(
            policy, trace.Name, count, Math.Round(count / wall),
            Math.Round(count / Timing.Median(runs.Select(r => r.ProcessorSeconds))),
            TablesBench.Rounded(1e6 * wall / count), runs);
    }
}
