using System.CommandLine;
using Spectre.Console;
using Stockpile.Cli.Demo;
using Stockpile.Cli.Forecasting;
using Stockpile.Cli.Local;
using Stockpile.Cli.Output;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Sources;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;

namespace Stockpile.Cli.Commands;

/// <summary>The main job: a local cluster, a scenario at scaled time, a report.</summary>
internal static class DemoCommand
{
    /// <summary>Simulated time of a demo in a folder of its own begins here, so that two runs print the same times.
    /// </summary>
    private static readonly DateTimeOffset SimulatedStart = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private sealed record Options(
        string? Data, string? Fleet, string? Jobs, double Speed, TimeSpan For, ulong Seed, double FaultHours,
        bool Json);

    public static Command Create(CliContext context)
    {
        var data = new Option<string?>("--data")
        {
            Description = "Folder of the journal (default: a fresh temporary one)",
        };
        var fleet = LocalInput.FleetOption();
        var jobs = new Option<string?>("--scenario", "--jobs")
        {
            Description = "Scenario file, job file, or openb:PODS.csv (default: the Hunyuan scenario)",
        };
        var speed = LocalInput.SpeedOption(2_400);
        var wall = new Option<string>("--for")
        {
            Description = "Bound of the wall time, such as 30s or 5m",
            DefaultValueFactory = _ => "60s",
            Validators =
            {
                result =>
                {
                    var text = result.GetValueOrDefault<string>() ?? "";
                    if (!Units.TryDuration(text, out var bound) || bound <= TimeSpan.Zero)
                        result.AddError("--for must be a duration above 0, such as 30s, 5m or 1h");
                },
            },
        };
        var seed = LocalInput.SeedOption("Decides arrivals and faults");
        var faults = LocalInput.NumberOption(
            "--fault-hours", "Mean simulated hours between two node faults; 0: none", 2, 0, 100_000);
        var json = new Option<bool>("--json") { Description = "Print the report as one JSON document" };
        var command = new Command("demo", "Run a scenario on a local cluster and report; needs no set-up")
        {
            data, fleet, jobs, speed, wall, seed, faults, json,
        };
        command.SetAction((parsed, cancel) =>
        {
            _ = Units.TryDuration(parsed.GetValue(wall)!, out var bound);
            return RunAsync(context, new Options(
                parsed.GetValue(data), parsed.GetValue(fleet), parsed.GetValue(jobs), parsed.GetValue(speed), bound,
                parsed.GetValue(seed), parsed.GetValue(faults), parsed.GetValue(json)), cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(CliContext context, Options options, CancellationToken cancel)
    {
        var input = LocalInput.Read(options.Fleet);
        var jobs = options.Jobs ?? StockpileConfig.PathOf("scenarios/hunyuan.conf");
        var scenario = LocalInput.OrRefuse(() =>
            JobSource.Read(jobs, input.Catalog, input.Policy, options.Seed));
        var forecast = scenario.Reserve is { } reserve
            ? ForecastVerb.InputOf(input.Fleet, reserve, input.Catalog, input.Policy)
            : null;
        var path = options.Data ?? Directory.CreateTempSubdirectory("stockpile-").FullName;
        using var folder = LocalInput.OrRefuse(() => DataFolder.Open(path));
        var clock = LocalInput.OrRefuse(() => folder.OpenClock(options.Speed, SimulatedStart, TimeProvider.System));
        var settings = LocalInput.OrRefuse(() => SettingLayers.Read(null, context.Variables, []));
        await using var cluster = await LocalCluster.StartAsync(
            new LocalClusterOptions(folder, input.Catalog, input.Policy, input.Fleet, clock, settings, Http: null,
                Inspector: null), cancel);
        await cluster.WaitUntilReadyAsync(cancel);
        var plan = new DemoPlan(
            input.Fleet, scenario, options.Seed, options.For, TimeSpan.FromHours(options.FaultHours));
        var run = new DemoRun(cluster, plan, input.Catalog, folder.FullPath);
        var screen = new Screen(context);
        var report = context.IsTerminal && !options.Json
            ? await ShowLiveAsync(run, cancel)
            : await ShowLinesAsync(context, run, cancel);
        if (forecast is not null)
            report = report with
            {
                Generations = report.Generations with { Forecast = DemoForecast.Of(forecast, options.Seed, cancel) },
            };
        if (options.Json) screen.Json(report);
        else DemoScreen.Show(screen, report);
        return report.Journal.All(j => j.Agrees) ? ExitCodes.Done : ExitCodes.Refused;
    }

    private static async Task<DemoReport> ShowLiveAsync(DemoRun run, CancellationToken cancel)
    {
        DemoReport? report = null;
        await AnsiConsole.Live(new Text("")).AutoClear(true).StartAsync(async live =>
        {
            report = await run.RunAsync(progress => live.UpdateTarget(progress.Table()), cancel);
        });
        return report!;
    }

    /// <summary>Without a terminal: a line every few seconds on standard error.</summary>
    private static Task<DemoReport> ShowLinesAsync(CliContext context, DemoRun run, CancellationToken cancel)
    {
        var shown = TimeSpan.MinValue;
        return run.RunAsync(progress =>
        {
            if (shown != TimeSpan.MinValue && progress.Wall - shown < TimeSpan.FromSeconds(5)) return;
            shown = progress.Wall;
            context.Error.WriteLine(progress.Line);
        }, cancel);
    }
}
