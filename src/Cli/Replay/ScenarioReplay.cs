using System.Globalization;
using Stockpile.Cli.Output;
using Stockpile.Formats.Jobs;
using Stockpile.Lab.Sharding;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Replay;

/// <param name="Cells">Numbers of cells that the racks are dealt to, each a run of its own.</param>
/// <param name="StatusEvery">Between two statuses of a cell; null: as the Lab has it.</param>
internal sealed record ScenarioReplayOptions(
    string Fleet, string Scenario, IReadOnlyList<int> Cells, int Seed, TimeSpan? StatusEvery, bool Json);

/// <summary><c>replay --fleet FILE --scenario FILE</c>.</summary>
internal static class ScenarioReplay
{
    public static int Run(CliContext context, ScenarioReplayOptions options, CancellationToken cancel)
    {
        var input = LocalInput.Read(options.Fleet);
        var scenario = LocalInput.OrRefuse(() =>
            ScenarioFile.Read(options.Scenario, input.Catalog, input.Policy, (ulong)options.Seed));
        var results = new ShardedResult[options.Cells.Count];
        ReplayProgress.Show(context, options.Json, results.Length, progress =>
        {
            var done = 0;
            var parallel = new ParallelOptions
            {
                MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel,
            };
            Parallel.For(0, results.Length, parallel, run =>
            {
                var own = new ShardedOptions(options.Cells[run], options.StatusEvery ?? ShardedOptions.StatusDefault);
                results[run] = ShardedRun.Of(
                    input.Catalog, input.Policy, input.Fleet.Nodes, scenario.Jobs, own, cancel);
                progress?.Invoke(Interlocked.Increment(ref done));
            });
        });
        var screen = new Screen(context);
        if (!options.Json) Print(screen, input.Fleet.Name, scenario.Name, results);
        else if (results.Length == 1) screen.Json(results[0]);
        else screen.Json(new { runs = results });
        return ExitCodes.Done;
    }

    private static void Print(Screen screen, string fleet, string scenario, ShardedResult[] results)
    {
        screen.Line($"{scenario} on {fleet}, its racks dealt to cells, in virtual time");
        screen.Table(
            [">cells", ">jobs", ">left out", ">cut", ">completed", ">wait mean", ">p99", ">training wait mean", ">p99",
                $">{results[0].BestTier} on training", ">while it waits", ">waiting moved",
                ">running moved", ">hours"],
            results.Select(r => (IReadOnlyList<object?>)
            [
                Show.Number(r.Cells), Show.Number(r.Jobs), Show.Number(r.LeftOut), Show.Number(r.Cut),
                Show.Number(r.Completed),
                Time(r.Waiting.MeanSeconds), Time(r.Waiting.P99Seconds), Time(r.TrainingWaiting.MeanSeconds),
                Time(r.TrainingWaiting.P99Seconds), Percent(r.BestTierPercentAlways), Percent(r.BestTierPercent),
                Show.Number(r.WaitingMoved), Show.Number(r.RunningMoved),
                r.Hours.ToString("0.0", CultureInfo.InvariantCulture),
            ]));
    }

    private static string Percent(double percent) => percent.ToString("0.00", CultureInfo.InvariantCulture) + " %";

    private static string Time(double seconds) => TraceReplay.Time(seconds);
}
