using System.Globalization;
using Spectre.Console;
using Stockpile.Cli.Output;
using Stockpile.Formats.Traces;
using Stockpile.Lab.Plots;
using Stockpile.Lab.Saturation;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Replay;

/// <param name="Compress">Jobs arrive so many times closer together.</param>
/// <param name="Moves">Most tasks moved by policy stockpile, as a share of those placed.</param>
/// <param name="Cells">Numbers of cells that the nodes are dealt to, each a run of its own.</param>
/// <param name="StatusEvery">Arrivals between two statuses of the cells; 0: always fresh.</param>
internal sealed record ReplayOptions(
    string Nodes, string Jobs, IReadOnlyList<string> Policies, IReadOnlyList<int> Seeds, double Tune, double Moves,
    double Compress, IReadOnlyList<int> Cells, int StatusEvery, string? Plot, bool Json);

/// <summary><c>replay --arrivals saturate</c>.</summary>
internal static class SaturateReplay
{
    private static readonly int[] Columns = [90, 95, 100, 110, 120, 130];

    public static int Run(CliContext context, ReplayOptions options, CancellationToken cancel)
    {
        var nodes = LocalInput.OrRefuse(() => OpenbTrace.ReadNodes(options.Nodes, cells: 1)).Nodes;
        var pods = LocalInput.OrRefuse(() => OpenbTrace.ReadJobs(options.Jobs)).Select(j => j.Spec).ToList();
        if (options.Plot is { } file) CheckWritable(file);
        if (options.Cells.Max() > nodes.Count)
            throw new CliException(ExitCodes.Refused,
                $"--cells {options.Cells.Max()}: {options.Nodes} has only {nodes.Count} nodes");
        var policies = options.Policies.SelectMany(p => options.Cells.Select(c => OptionsOf(p, c, options))).ToList();
        var runs = policies.Count * options.Seeds.Count;
        IReadOnlyList<SaturationReport> reports = [];
        ReplayProgress.Show(context, options.Json, runs, progress => reports = SaturationReport.Run(
            nodes, pods, policies, options.Seeds, Environment.ProcessorCount, progress, cancel));
        if (options.Plot is { } png) Save(png, options, reports);
        var screen = new Screen(context);
        if (!options.Json) Print(screen, reports);
        else if (reports.Count == 1) screen.Json(reports[0]);
        else screen.Json(new { policies = reports });
        return ExitCodes.Done;
    }

    /// <summary>Only our own policy moves anything: the published ones are run as they were published.</summary>
    private static SaturationOptions OptionsOf(string policy, int cells, ReplayOptions options) =>
        new(policy, options.Tune, policy == "stockpile" ? options.Moves : 0)
        {
            Cells = cells, StatusEvery = options.StatusEvery,
        };

    private static void CheckWritable(string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file));
        if (!Directory.Exists(folder))
            throw new CliException(ExitCodes.Refused, $"--plot {file}: there is no folder {folder}");
    }

    private static void Save(string file, ReplayOptions options, IReadOnlyList<SaturationReport> reports)
    {
        try
        {
            var lines = reports.Select(r => r.Cells == 1 ? r : r with { Policy = $"{r.Policy}, {r.Cells} cells" });
            AllocationPlot.Save(file, Path.GetFileNameWithoutExtension(options.Jobs), [.. lines]);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCodes.Refused, $"--plot {file}: {fault.Message}");
        }
    }

    private static void Print(Screen screen, IReadOnlyList<SaturationReport> reports)
    {
        var columns = Columns.Where(x => reports.Any(r => r.Mean.Curve.ContainsKey(x))).ToList();
        screen.Line($"Allocated devices in % of the capacity, by arrived demand in %; means over "
            + $"{reports[0].Seeds.Count} seeds");
        var sharded = reports.Any(r => r.Cells > 1);
        IReadOnlyList<string> cells = sharded ? [">cells"] : [];
        IReadOnlyList<string> other = sharded ? [">other cell"] : [];
        screen.Table(
            ["policy", .. cells, .. columns.Select(x => $">{x} %"), ">end", ">±", ">idle devices", ">fragmented",
                ">placed",
                ">dropped", ">moved", .. other, ">decisions/s"],
            reports.Select(r => (IReadOnlyList<object?>)
            [
                r.Policy, .. sharded ? [Show.Number(r.Cells)] : Array.Empty<object?>(),
                .. columns.Select(x => r.Mean.Curve.TryGetValue(x, out var y) ? Fixed(y) : ""),
                Fixed(r.Mean.AllocatedPercent), Fixed(Deviation(r)), Fixed(r.Mean.UnallocatedDevices, 1),
                Fixed(r.Mean.FragmentedPercent), Show.Number(r.Mean.Placed), Show.Number(r.Mean.Dropped),
                Show.Number(r.Mean.Migrations),
                .. sharded ? [Show.Number(r.Mean.Transfers)] : Array.Empty<object?>(),
                Show.Number(Math.Round(r.Mean.DecisionsPerSecond)),
            ]));
    }

    /// <summary>Standard deviation over seeds of what is allocated at the end.</summary>
    private static double Deviation(SaturationReport report)
    {
        if (report.Seeds.Count < 2) return 0;
        var mean = report.Mean.AllocatedPercent;
        return Math.Sqrt(report.Seeds.Sum(s => Math.Pow(s.AllocatedPercent - mean, 2)) / (report.Seeds.Count - 1));
    }

    private static string Fixed(double value, int digits = 2) =>
        value.ToString("F" + digits, CultureInfo.InvariantCulture);
}
