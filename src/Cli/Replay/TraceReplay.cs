using System.Globalization;
using Stockpile.Cli.Output;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Traces;
using Stockpile.Hosting.Configuration;
using Stockpile.Lab.Virtual;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Replay;

/// <summary><c>replay --arrivals trace</c>.</summary>
internal static class TraceReplay
{
    public static int Run(CliContext context, ReplayOptions options, CancellationToken cancel)
    {
        var catalog = LocalInput.OrRefuse(() => CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf")));
        var nodes = LocalInput.OrRefuse(() => OpenbTrace.ReadNodes(options.Nodes, cells: 1, catalog)).Nodes;
        var jobs = LocalInput.OrRefuse(() => OpenbTrace.ReadJobs(options.Jobs, catalog))
            .Select(j => j with { Arrival = j.Arrival / options.Compress }).ToList();
        var runs = options.Policies.Count * options.Seeds.Count;
        var results = new TraceResult[options.Policies.Count, options.Seeds.Count];
        ReplayProgress.Show(context, options.Json, runs, progress =>
        {
            var done = 0;
            var parallel = new ParallelOptions
            {
                MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel,
            };
            Parallel.For(0, runs, parallel, run =>
            {
                var (policy, seed) = (run / options.Seeds.Count, run % options.Seeds.Count);
                var name = options.Policies[policy];
                results[policy, seed] = TraceRun.Of(
                    catalog, TraceRun.PolicyOf(name, catalog, name == "stockpile" ? options.Moves : 0), nodes, jobs,
                    options.Seeds[seed]);
                progress?.Invoke(Interlocked.Increment(ref done));
            });
        });
        var reports = options.Policies.Select((name, policy) => TraceRun.Report(
            name, [.. Enumerable.Range(0, options.Seeds.Count).Select(seed => results[policy, seed])])).ToList();
        var screen = new Screen(context);
        if (!options.Json) Print(screen, reports);
        else if (reports.Count == 1) screen.Json(reports[0]);
        else screen.Json(new { policies = reports });
        return ExitCodes.Done;
    }

    private static void Print(Screen screen, List<TraceReport> reports)
    {
        screen.Line($"{Show.Number(reports[0].Mean.Jobs)} jobs with the times of the trace; means over "
            + $"{reports[0].Seeds.Count} seeds");
        screen.Table(
            ["policy", ">refused", ">completed", ">wait mean", ">p50", ">p99", ">max", ">completion mean", ">p50",
                ">p99", ">moved", ">jobs/s"],
            reports.Select(r => (IReadOnlyList<object?>)
            [
                r.Policy, Show.Number(r.Mean.Refused), Show.Number(r.Mean.Completed),
                Time(r.Mean.Waiting.MeanSeconds), Time(r.Mean.Waiting.P50Seconds), Time(r.Mean.Waiting.P99Seconds),
                Time(r.Mean.Waiting.MaxSeconds), Time(r.Mean.Completion.MeanSeconds),
                Time(r.Mean.Completion.P50Seconds), Time(r.Mean.Completion.P99Seconds),
                Show.Number(r.Mean.Migrations), Show.Number(Math.Round(r.Mean.DecisionsPerSecond)),
            ]));
        screen.Heading("Utilisation by model, from the first arrival to the last");
        var models = reports[0].Mean.Utilisation.Keys.ToList();
        screen.Table(
            ["policy", .. models.Select(m => ">" + m)],
            reports.Select(r => (IReadOnlyList<object?>)
                [r.Policy, .. models.Select(m => Show.Percent(r.Mean.Utilisation[m]))]));
    }

    internal static string Time(double seconds) => seconds < 1
        ? seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s"
        : Show.Duration(TimeSpan.FromSeconds(Math.Round(seconds)));
}
