using System.Diagnostics;
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
    private const int Runs = 5;

    /// <summary>Until the compiler has seen what is hot.</summary>
    private const double WarmUpSeconds = 2;

    private static readonly int[] Seeds = [.. Enumerable.Range(42, 10)];

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
            Seeds,
            Runs = $"median of {Runs} runs over all seeds, after runs of {WarmUpSeconds} s that are not counted",
            TablesBench.Tune,
            TablesBench.MigrationBudget,
            Cluster = $"{traces.Nodes.Count} nodes; a decision is a task that arrives in the saturation experiment, "
                + "placed or dropped; one thread; reading and shuffling are not timed",
        };
        return new BenchResult(new { settings, cluster, scaling }, []);
    }

    private static SpeedRow OnCluster(Traces traces, Trace trace, string policy)
    {
        var (name, budget) = policy switch
        {
            TablesBench.Still => (TablesBench.Moving, 0),
            TablesBench.Moving => (TablesBench.Moving, TablesBench.MigrationBudget),
            _ => (policy, 0),
        };
        var inputs = Seeds.Select(seed => SaturationInput.Of(traces.Nodes, trace.Pods, TablesBench.Tune, seed))
            .ToList();
        var warm = Stopwatch.StartNew();
        do Once(inputs, name, budget);
        while (warm.Elapsed.TotalSeconds < WarmUpSeconds);
        var runs = Enumerable.Range(0, Runs).Select(_ => Once(inputs, name, budget)).ToList();
        var (count, wall) = (inputs.Sum(i => i.Arrivals.Count), Timing.Median(runs.Select(r => r.WallSeconds)));
        return new SpeedRow(
            policy, trace.Name, count, Math.Round(count / wall),
            Math.Round(count / Timing.Median(runs.Select(r => r.ProcessorSeconds))),
            TablesBench.Rounded(1e6 * wall / count), runs);
    }

    private static Timing Once(List<SaturationInput> inputs, string policy, double budget)
    {
        var boards = inputs.Select((input, i) => input.Board(policy, budget, Seeds[i])).ToArray();
        return Timing.Of(() =>
        {
            for (var i = 0; i < boards.Length; i++)
                for (var task = 0; task < inputs[i].Arrivals.Count; task++)
                    boards[i].Place(task, inputs[i].Arrivals[task].Shape, inputs[i].Arrivals[task].Models);
        });
    }
}
