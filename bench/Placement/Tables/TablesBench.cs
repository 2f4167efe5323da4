using Stockpile.Bench.Bounds;
using Stockpile.Lab.Saturation;

namespace Stockpile.Bench.Tables;

/// <param name="Arrived">Demand that arrived, in % of the capacity.</param>
/// <param name="Mean">Mean over seeds of what is allocated, in % of the capacity.</param>
/// <param name="Published">Published mean; null where there is none.</param>
/// <param name="Difference">Ours less the published one, in points.</param>
internal sealed record Point(int Arrived, double Mean, double? Published, double? Difference);

/// <summary>One policy on one trace; deviation, least and most are over seeds at the last of the points.</summary>
internal sealed record PolicyRow(
    string Policy,
    IReadOnlyList<Point> Points,
    double Deviation,
    double Least,
    double Most,
    double IdleDevices,
    double FragmentedPercent,
    double Placed,
    double Migrations,
    double MigrationsPercentOfPlaced);

/// <param name="Bounds">Null when no bound was asked for.</param>
internal sealed record TraceTable(string Trace, IReadOnlyList<PolicyRow> Policies, IReadOnlyList<BoundRow>? Bounds);

/// <summary>The experiment of Weng et al. (ATC'23) for every policy and trace, beside what they published.</summary>
internal static class TablesBench
{
    public const double Tune = 1.3;
    public const double MigrationBudget = 0.05;
    public const string Still = "stockpile, no moves";
    public const string Moving = "stockpile";

    /// <summary>How far a baseline's mean may be from the published one, in points.</summary>
    public const double BaselineMax = 0.6;

    public static readonly int[] Arrived = [95, 100, 110, 120, 130];
    public static readonly string[] Baselines = ["random", "dotprod", "clustering", "packing", "bestfit", "fgd"];

    public static BenchResult Run(Traces traces, IReadOnlyList<int> seeds, int boundSeeds)
    {
        var tables = new List<TraceTable>();
        var faults = new List<string>();
        foreach (var trace in traces.All)
        {
            Console.Error.WriteLine($"tables: {trace.Name}");
            var reports = Reports(traces, trace, seeds);
            var rows = reports.Select(r => RowOf(trace, r.Name, r.Report, traces)).ToList();
            var bounds = boundSeeds > 0
                ? BoundBench.Rows(traces, trace, reports, [.. seeds.Take(boundSeeds)], faults)
                : null;
            tables.Add(new TraceTable(trace.Name, rows, bounds));
            faults.AddRange(Faults(trace, rows));
        }

        var settings = new { Tune, MigrationBudget, Seeds = seeds, BoundSeeds = boundSeeds, BaselineMax };
        return new BenchResult(new { settings, traces = tables }, faults)
        {
            Page = ("placement.md", conditions => TablesPage.Of(conditions, seeds, tables)),
        };
    }

    /// <summary>Every policy with every seed, our own one also without moves.</summary>
    public static IReadOnlyList<(string Name, SaturationReport Report)> Reports(
        Traces traces, Trace trace, IReadOnlyList<int> seeds)
    {
        var names = Baselines.Append(Still).Append(Moving).ToList();
        var options = names.ConvertAll(name => name switch
        {
            Still => new SaturationOptions(Moving, Tune, 0),
            Moving => new SaturationOptions(Moving, Tune, MigrationBudget),
            _ => new SaturationOptions(name, Tune, 0),
        });
        var reports = SaturationReport.Run(
            traces.Nodes, trace.Pods, options, seeds, Environment.ProcessorCount, null, CancellationToken.None);
        return [.. names.Zip(reports)];
    }

    private static PolicyRow RowOf(Trace trace, string name, SaturationReport report, Traces traces)
    {
        var points = Arrived.Where(report.Mean.Curve.ContainsKey).Select(x =>
        {
            var mean = report.Mean.Curve[x];
            double? published = trace.Published.TryGetValue((name, x), out var known) ? known : null;
            return new Point(x, Rounded(mean), published, published is { } p ? Rounded(mean - p) : null);
        }).ToList();
        var last = points[^1].Arrived;
        var ends = report.Seeds.Select(s => s.Curve[last]).ToList();
        var average = ends.Average();
        var deviation = ends.Count < 2
            ? 0
            : Math.Sqrt(ends.Sum(e => (e - average) * (e - average)) / (ends.Count - 1));
        var placed = report.Seeds.Average(s => (double)s.Placed);
        var moved = report.Seeds.Average(s => (double)s.Migrations);
        return new PolicyRow(
            name, points, Rounded(deviation), Rounded(ends.Min()), Rounded(ends.Max()),
            Rounded((100 - average) / 100 * traces.CapacityMilli / 1000), Rounded(report.Mean.FragmentedPercent),
            placed, moved, Rounded(100 * moved / placed));
    }

    /// <summary>Baselines that are not the published ones, and ours where it is behind the published fgd.</summary>
    private static IEnumerable<string> Faults(Trace trace, IReadOnlyList<PolicyRow> rows)
    {
        foreach (var row in rows)
            foreach (var point in row.Points)
            {
                if (point.Difference is { } off && Math.Abs(off) > BaselineMax)
                    yield return $"{trace.Name}, {row.Policy} at {point.Arrived} %: {point.Mean} is {off} "
                        + $"points from the published {point.Published}; at most {BaselineMax} are allowed";
                if (row.Policy is Still or Moving
                    && trace.Published.TryGetValue(("fgd", point.Arrived), out var fgd) && point.Mean < fgd)
                    yield return $"{trace.Name}, {row.Policy} at {point.Arrived} %: {point.Mean} is below the "
                        + $"published fgd, {fgd}";
            }
    }

    public static double Rounded(double value) => Math.Round(value, 3);
}
