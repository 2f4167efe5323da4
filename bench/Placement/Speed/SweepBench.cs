using Stockpile.Bench.Tables;
using Stockpile.Lab.Saturation;

namespace Stockpile.Bench.Speed;

/// <summary>Wall time of a whole sweep on all cores: traces × the six published policies × seeds.</summary>
internal static class SweepBench
{
    /// <summary>What a sweep of the published size may take on 2 cores, in seconds.</summary>
    private const double WallSecondsMax = 600;

    public static BenchResult Run(Traces traces, IReadOnlyList<int> seeds, int count)
    {
        var policies = TablesBench.Baselines.Select(p => new SaturationOptions(p, TablesBench.Tune, 0)).ToList();
        var list = Enumerable.Range(0, count).Select(i => traces.All[i % traces.All.Count]).ToList();
        long placed = 0;
        var timing = Timing.Of(() =>
        {
            foreach (var trace in list)
            {
                Console.Error.WriteLine($"sweep: {trace.Name}");
                var reports = SaturationReport.Run(
                    traces.Nodes, trace.Pods, policies, seeds, Environment.ProcessorCount, null,
                    CancellationToken.None);
                placed += reports.Sum(r => r.Seeds.Sum(s => s.Placed));
            }
        });
        var runs = list.Count * policies.Count * seeds.Count;
        var result = new
        {
            Runs = runs,
            Traces = list.Count,
            TracesAtHand = traces.All.Select(t => t.Name),
            Note = list.Count > traces.All.Count ? $"the {traces.All.Count} traces at hand are repeated in turn" : null,
            Policies = TablesBench.Baselines,
            Seeds = seeds,
            TasksPlaced = placed,
            WallSeconds = TablesBench.Rounded(timing.WallSeconds),
            ProcessorSeconds = TablesBench.Rounded(timing.ProcessorSeconds),
            SecondsPerRun = TablesBench.Rounded(timing.ProcessorSeconds / runs),
        };
        return new BenchResult(result, timing.WallSeconds > WallSecondsMax
            ? [$"{runs} runs took {timing.WallSeconds:F0} s; at most {WallSecondsMax:F0} are allowed"]
            : []);
    }
}
