using System.CommandLine;
using Stockpile.Cli.Demo;
using Stockpile.Cli.Local;
using Stockpile.Cli.Processes;
using Stockpile.Core;
using Stockpile.Formats.Sources;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Processes;
using Stockpile.Inspect.Server;

namespace Stockpile.Cli.Commands;

/// <summary>A local cluster with its HTTP API, until it is told to stop.</summary>
internal static class UpCommand
{
    public static Command Create(CliContext context)
    {
        var data = new Option<string>("--data")
        {
            Description = "Folder of the journal; survives restarts",
            DefaultValueFactory = _ => "./.stockpile",
        };
        var http = new Option<string>("--http")
        {
            Description = "Address of the API; port 0 picks a free one",
            DefaultValueFactory = _ => "http://127.0.0.1:8080",
            Validators =
            {
                result =>
                {
                    if (!HttpAddress.TryParse(result.GetValueOrDefault<string>(), out _))
                        result.AddError($"--http must be {HttpAddress.Rule}");
                },
            },
        };
        var inspect = new Option<string?>("--inspect")
        {
            Description = $"Address of the inspector; else {new InspectorOptions()} if that is free; port 0 picks a "
                + "free one",
            HelpName = "HOST:PORT",
        };
        var fleet = LocalInput.FleetOption();
        var jobs = new Option<string?>("--jobs")
        {
            Description = "Scenario file, job file, or openb:PODS.csv, submitted as the simulated time passes",
        };
        var seed = LocalInput.SeedOption("Decides a scenario's arrivals");
        var speed = LocalInput.SpeedOption(1);
        var command = new Command("up", "Run a local cluster with its HTTP API until Ctrl+C")
        {
            data, http, inspect, fleet, jobs, seed, speed,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            context, parsed.GetValue(data)!, parsed.GetValue(http)!, parsed.GetValue(inspect),
            parsed.GetValue(fleet), parsed.GetValue(jobs), parsed.GetValue(seed), parsed.GetValue(speed), cancel));
        return command;
    }

    /// <summary>An address that was asked for must be had; the default one is a convenience.</summary>
    private static InspectorOptions Inspector(string? text, SettingLayers settings, HttpSettings api)
    {
        if (text is null) return new InspectorOptions { Required = false, Tokens = api.Tokens };
        var (host, port) = InspectCommand.ReadAddress(text, "--inspect", least: 0);
        settings.Override("stockpile.inspector.host", host, "--inspect");
        return LocalInput.OrRefuse(() => MemberInspector.Options(
            ProcessSettings.ReadInspector(settings) with { Port = port }, api));
    }

    private static async Task<int> RunAsync(
        CliContext context, string data, string http, string? inspect, string? fleet, string? jobs, ulong seed,
        double speed, CancellationToken cancel)
    {
        var settings = LocalInput.OrRefuse(() => SettingLayers.Read(null, context.Variables, []));
        settings.Override(HttpSettings.UrlPath, http, "--http");
        var api = LocalInput.OrRefuse(() => HttpSettings.ReadForApi(settings));
        var inspector = Inspector(inspect, settings, api);
        var input = LocalInput.Read(fleet);
        var feed = jobs is null
            ? null
            : LocalInput.OrRefuse(() => Formats.Sources.JobSource.Read(jobs, input.Catalog, input.Policy, seed));
        using var folder = LocalInput.OrRefuse(() => DataFolder.Open(data));
        var clock = LocalInput.OrRefuse(() => folder.OpenClock(speed, null, TimeProvider.System));
        await using var cluster = await LocalCluster.StartAsync(
            new LocalClusterOptions(
                folder, input.Catalog, input.Policy, input.Fleet, clock, settings, api, inspector),
            cancel);
        var down = await cluster.WaitUntilReadyAsync(cancel);
        context.Out.WriteLine($"stockpile is up: {string.Join(" ", cluster.Urls)}  "
            + $"({Wording.Count(input.Fleet.Nodes.Count, "node")} in "
            + $"{Wording.Count(input.Fleet.Cells.Count(), "cell")}, data in {folder.FullPath})");
        foreach (var line in down) context.Error.WriteLine($"stockpile: {line.TrimEnd('.')}; the other cells serve");
        if (cluster.Inspector is { Address: { } at })
            context.Out.WriteLine($"inspector: {at}  (stockpile inspect {at} help)");
        else if (cluster.Inspector is { Fault: { } fault })
            context.Error.WriteLine($"stockpile: {fault}; going on without it, --inspect HOST:PORT picks another");
        await context.Out.FlushAsync(cancel);
        var feeding = feed is null
            ? Task.CompletedTask
            : new JobFeed(cluster.Gateway, clock, clock.GetUtcNow(), feed.Jobs, $"feed-{feed.Name}-{seed}-")
                .RunAsync(cancel);
        try
        {
            await cluster.WaitForShutdownAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C is how it ends.
        }

        context.Out.WriteLine("stopping: cells finish their rounds");
        await feeding.ContinueWith(_ => { }, TaskScheduler.Default);
        return ExitCodes.Done;
    }
}
