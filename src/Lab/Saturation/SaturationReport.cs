using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Lab.Saturation;

/// <summary>One policy over all its seeds.</summary>
/// <param name="Mean">Mean of each figure; its seed is 0.</param>
public sealed record SaturationReport(
    string Policy, IReadOnlyList<SaturationResult> Seeds, SaturationResult Mean)
{
    /// <summary>Cells that the nodes were dealt to.</summary>
    public int Cells { get; init; } = 1;

    /// <summary>Runs every policy with every seed, as many at a time as there are cores.</summary>
    /// <param name="progress">Called after each run with the number of runs done; from any thread.</param>
    public static IReadOnlyList<SaturationReport> Run(
        IReadOnlyList<NodeSpec> nodes,
        IReadOnlyList<JobSpec> pods,
        IReadOnlyList<SaturationOptions> policies,
        IReadOnlyList<int> seeds,
        int parallel,
        Action<int>? progress,
        CancellationToken cancel)
    {
        var results = new SaturationResult[policies.Count, seeds.Count];
        var done = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancel };
        Parallel.For(0, policies.Count * seeds.Count, options, run =>
        {
            var (policy, seed) = (run / seeds.Count, run % seeds.Count);
            results[policy, seed] = SaturationRun.Of(nodes, pods, policies[policy], seeds[seed]);
            progress?.Invoke(Interlocked.Increment(ref done));
        });
        return [.. policies.Select((options, policy) =>
        {
            var own = Enumerable.Range(0, seeds.Count).Select(seed => results[policy, seed]).ToList();
            return new SaturationReport(options.Policy, own, MeanOf(own)) { Cells = options.Cells };
        })];
    }

    /// <summary>The mean over seeds. The curve has the arrived percents that every seed reached.</summary>
    internal static SaturationResult MeanOf(IReadOnlyList<SaturationResult> seeds) => new(
        Seed: 0,
        seeds.Average(s => s.ArrivedPercent),
        seeds.Average(s => s.AllocatedPercent),
        seeds.Average(s => s.UnallocatedDevices),
        seeds.Average(s => s.FragmentedPercent),
        (long)Math.Round(seeds.Average(s => s.Placed)),
        (long)Math.Round(seeds.Average(s => s.Dropped)),
        (long)Math.Round(seeds.Average(s => s.Migrations)),
        seeds.Average(s => s.DecisionsPerSecond),
        seeds[0].Curve.Keys.Where(x => seeds.All(s => s.Curve.ContainsKey(x))).Order()
            .ToDictionary(x => x, x => seeds.Average(s => s.Curve[x])))
    {
        Transfers = (long)Math.Round(seeds.Average(s => s.Transfers)),
    };
}
