using Stockpile.Formats.Fleets;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Policies;
using Stockpile.Formats.Traces;
using Stockpile.Lab.Saturation;
using Stockpile.Lab.Sharding;

namespace Stockpile.Bench.Sharding;

/// <param name="StatusEvery">Arrivals between two statuses of the cells; 0: always fresh.</param>
/// <param name="At100">Allocated % when 100 % of the capacity arrived, the mean over seeds.</param>
/// <param name="Below100">Points below one cell.</param>
internal sealed record SaturationRow(
    string Trace, int Cells, int StatusEvery, double At100, double At130, double Below100, double Below130,
    double Placed, double Moved, double OtherCell);

/// <param name="Faults">Aims that are missed.</param>
internal sealed record ShardingReport(
    IReadOnlyList<int> Seeds, IReadOnlyList<SaturationRow> Saturation, IReadOnlyList<ShardedResult> Scenario,
    IReadOnlyList<ShardedResult> OneCellCutAlike, IReadOnlyList<BurstResult> Bursts, StatusCosts Statuses,
    IReadOnlyList<string> Faults)
{
    private static readonly int[] Cells = [1, 4, 16, 64];
    private static readonly string[] Traces = ["default", "gpuspec33", "multigpu20"];

    /// <summary>Most points that so many cells may be below one.</summary>
    private static readonly Dictionary<int, double> BelowMax = new() { [4] = 0.3, [16] = 1, [64] = 3 };

    private const double BestTierMin = 99;

    public static ShardingReport Run(string data, string hocon)
    {
        int[] seeds = [.. Enumerable.Range(42, 10)];
        var nodes = OpenbTrace.ReadNodes(Path.Combine(data, "openb_node_list_gpu_node.csv"), cells: 1).Nodes;
        var pods = Traces.ToDictionary(t => t, t => OpenbTrace
            .ReadJobs(Path.Combine(data, $"openb_pod_list_{t}.csv")).Select(j => j.Spec).ToList());
        var faults = new List<string>();
        var saturation = new List<SaturationRow>();
        foreach (var trace in Traces)
            foreach (var every in trace == "gpuspec33" ? [0, 30] : new[] { 0 })
            {
                Note($"saturation, {trace}, a status every {every} arrivals");
                SaturationRow? one = null;
                foreach (var cells in Cells)
                {
                    var options = new SaturationOptions("stockpile", 1.3, 0.05) { Cells = cells, StatusEvery = every };
                    var mean = SaturationReport.Run(nodes, pods[trace], [options], seeds,
                        Environment.ProcessorCount, null, CancellationToken.None)[0].Mean;
                    var (at100, at130) = (Rounded(mean.Curve[100]), Rounded(mean.Curve[130]));
                    var row = new SaturationRow(
                        trace, cells, every, at100, at130, Rounded((one?.At100 ?? at100) - at100),
                        Rounded((one?.At130 ?? at130) - at130), mean.Placed, mean.Migrations, mean.Transfers);
                    one ??= row;
                    saturation.Add(row);
                    if (every == 0 && Math.Max(row.Below100, row.Below130) > BelowMax.GetValueOrDefault(cells))
                        faults.Add($"{trace}, {cells} cells: {row.Below100} and {row.Below130} points below one cell");
                }
            }

        var (scenario, alike) = Scenarios(hocon, faults);
        Note("bursts");
        var bursts = new List<BurstResult>();
        foreach (var isAlike in new[] { true, false })
            foreach (var cells in Cells.Skip(1))
                foreach (var routers in new[] { 1, 3 })
                    bursts.Add(BurstRun.Of(
                        nodes, pods["default"], new BurstOptions(cells, 1_000, routers, 60, isAlike), seeds[0]));
        faults.AddRange(bursts.Where(b => b.Options is { Routers: 1, Alike: true } && b.InVain > 0)
            .Select(b => $"burst on {b.Options.Cells} cells: {b.InVain} of equal jobs wait in vain"));
        Note("statuses");
        return new ShardingReport(seeds, saturation, scenario, alike, bursts, StatusCosts.Measure(hocon), faults);
    }

    private static (List<ShardedResult> Dealt, List<ShardedResult> Alike) Scenarios(string hocon, List<string> faults)
    {
        var catalog = CatalogFile.Read(Path.Combine(hocon, "accelerators.conf"));
        var policy = PolicyFile.Read(Path.Combine(hocon, "policy.conf"), catalog);
        var fleet = FleetFile.Read(Path.Combine(hocon, "fleets", "hunyuan.conf"), catalog);
        var jobs = ScenarioFile.Read(Path.Combine(hocon, "scenarios", "hunyuan.conf"), catalog, policy, seed: 1).Jobs;
        var runs = Cells.Select(c => new ShardedOptions(c, ShardedOptions.StatusDefault))
            .Concat(Cells.Skip(1).Select(c => new ShardedOptions(1, ShardedOptions.StatusDefault, AsIfCells: c)))
            .ToList();
        var results = new ShardedResult[runs.Count];
        Parallel.For(0, runs.Count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, run =>
        {
            Note($"scenario, {runs[run].Cells} cells, gangs cut as for {runs[run].AsIfCells}");
            results[run] = ShardedRun.Of(catalog, policy, fleet.Nodes, jobs, runs[run], CancellationToken.None);
        });
        var dealt = results.Take(Cells.Length).ToList();
        faults.AddRange(dealt.Where(r => r.BestTierPercent < BestTierMin)
            .Select(r => $"scenario on {r.Cells} cells: {Rounded(r.BestTierPercent)} % of the best tier on training"));
        return (dealt, [.. results.Skip(Cells.Length)]);
    }

    private static void Note(string what) => Console.Error.WriteLine($"sharding: {what}");

    private static double Rounded(double value) => Math.Round(value, 2);
}
