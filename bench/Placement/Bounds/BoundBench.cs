using Stockpile.Bench.Tables;
using Stockpile.Lab.Saturation;

namespace Stockpile.Bench.Bounds;

/// <summary>An upper bound beside what was reached, all in % of the capacity and on the same seeds.</summary>
/// <param name="For">Which policies it binds: any, or those that drop no task before ours, without moves, first drops
/// one of its kind.</param>
/// <param name="OwedPercent">Demand of the tasks that such a policy can not refuse; null for any policy.</param>
/// <param name="StillGapClosed">(stockpile without moves − fgd) / (bound − fgd); null where fgd is at the bound.
/// </param>
/// <param name="MovingGapClosed">The same with moves.</param>
internal sealed record BoundRow(
    int Arrived,
    string For,
    double BoundPercent,
    double? OwedPercent,
    double FgdPercent,
    double StillPercent,
    double MovingPercent,
    double? StillGapClosed,
    double? MovingGapClosed,
    IReadOnlyList<int> Seeds,
    IReadOnlyList<double> BoundBySeed);

/// <summary>Bounds per trace, and how near to them the policies come.</summary>
internal static class BoundBench
{
    private const string Any = "any policy";

    /// <summary>Any policy that drops no task before ours, without moves, first drops one of its kind; see
    /// <see cref="BoundProblem"/>.</summary>
    private const string Steady = "no drop before ours";

    /// <summary>Solvers are exact to about this many points.</summary>
    private const double Tolerance = 1e-4;

    private static readonly int[] Arrived = [100, 130];

    public static BenchResult Run(Traces traces, IReadOnlyList<int> seeds, int boundSeeds)
    {
        var faults = new List<string>();
        IReadOnlyList<int> used = [.. seeds.Take(Math.Max(1, boundSeeds))];
        var tables = traces.All.Select(trace => new
        {
            Trace = trace.Name,
            Bounds = Rows(traces, trace, TablesBench.Reports(traces, trace, used), used, faults),
        }).ToList();
        return new BenchResult(new { TablesBench.Tune, traces = tables }, faults);
    }

    /// <param name="reports">Of every policy, with these seeds at least.</param>
    /// <param name="faults">Takes up what was allocated above a bound, which can not be.</param>
    public static IReadOnlyList<BoundRow> Rows(
        Traces traces,
        Trace trace,
        IReadOnlyList<(string Name, SaturationReport Report)> reports,
        IReadOnlyList<int> seeds,
        List<string> faults)
    {
        var problems = seeds.Select(seed => BoundProblem.Of(
            SaturationInput.Of(traces.Nodes, trace.Pods, TablesBench.Tune, seed), TablesBench.Moving, seed)).ToList();
        var pool = new ConfigurationPool(trace.Pods.Where(p => p.ShareMilli > 0).Select(p => p.ShareMilli));
        var rows = new List<BoundRow>();
        foreach (var arrived in Arrived)
            foreach (var forced in new[] { false, true })
            {
                Console.Error.WriteLine($"bound: {trace.Name} at {arrived} %, {(forced ? Steady : Any)}");
                var bounds = problems.ConvertAll(p => p.BoundPercent(arrived, forced, pool));
                double Reached(string policy) => reports.Where(r => r.Name == policy)
                    .Average(r => seeds.Average(seed => At(r.Report, seed, arrived)));
                var (bound, fgd) = (bounds.Average(), Reached("fgd"));
                var (still, moving) = (Reached(TablesBench.Still), Reached(TablesBench.Moving));
                double? Closed(double ours) =>
                    bound - fgd > 0.01 ? TablesBench.Rounded((ours - fgd) / (bound - fgd)) : null;
                rows.Add(new BoundRow(
                    arrived, forced ? Steady : Any, TablesBench.Rounded(bound),
                    forced ? TablesBench.Rounded(problems.Average(p => p.OwedPercent(arrived))) : null,
                    TablesBench.Rounded(fgd), TablesBench.Rounded(still), TablesBench.Rounded(moving),
                    Closed(still), Closed(moving), seeds, bounds.ConvertAll(TablesBench.Rounded)));
                for (var i = 0; i < seeds.Count; i++)
                    faults.AddRange(reports
                        .Where(r => !forced || r.Name is TablesBench.Still or TablesBench.Moving)
                        .Where(r => At(r.Report, seeds[i], arrived) > bounds[i] + Tolerance)
                        .Select(r => $"{trace.Name}, {r.Name}, seed {seeds[i]} at {arrived} %: "
                            + $"{At(r.Report, seeds[i], arrived)} is above the bound {bounds[i]} ({rows[^1].For})"));
            }

        return rows;
    }

    private static double At(SaturationReport report, int seed, int arrived) =>
        report.Seeds.First(s => s.Seed == seed).Curve[arrived];
}
