using Stockpile.Cli.Output;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Reserve;
using Stockpile.Formats.Sources;
using Stockpile.Hosting.Configuration;
using Stockpile.Lab.Plots;
using Stockpile.Lab.Reserve;

namespace Stockpile.Cli.Forecasting;

/// <summary><c>forecast</c>: reads what it is asked about, runs it, and shows it in every form wanted.</summary>
internal static class ForecastVerb
{
    public static async Task<int> RunAsync(CliContext context, ForecastOptions options, CancellationToken cancel)
    {
        foreach (var file in new[] { ("--plot", options.Plot), ("--report", options.Report) })
            CheckWritable(file.Item1, file.Item2);
        var catalog = LocalInput.OrRefuse(() => CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf")));
        var live = options.Live is { } server ? await LiveStock.ReadAsync(context, server, cancel) : null;
        var input = Read(options, catalog, live);
        var size = options.Sensitivity
            ? ForecastSize.Of(options.Runs)
            : ForecastSize.Of(options.Runs) with { Relaxed = 0, Varied = 0 };
        ForecastResult result = null!;
        await Task.Run(() => ReplayProgress.Show(
            context, options.Json, Forecast.RunsOf(input, size), progress => result =
                Forecast.Of(input, size, options.Seed, options.Threads, progress, cancel)), cancel);
        var view = new ForecastView(input, result, options.WhatIf.InWords, options.Live is not null);
        if (options.Plot is { } png)
            Write("--plot", png, () => ForecastPlot.Save(png, view.Title, view.Input, view.Forecast));
        if (options.Report is { } page) Write("--report", page, () => File.WriteAllText(page, ForecastPage.Of(view)));
        var screen = new Screen(context);
        if (options.Json) screen.Json(view.Document());
        else ForecastScreen.Print(screen, view);
        return ExitCodes.Done;
    }

    /// <summary>The forecast of a fleet under the scenario that another one names; for the demo's report.</summary>
    public static ForecastInput InputOf(FleetSpec fleet, string scenario, Catalog catalog, Policy policy) =>
        LocalInput.OrRefuse(() =>
        {
            var reserve = ReserveFile.Read(scenario, catalog, policy);
            return new ForecastInput(reserve, [policy], fleet, []);
        });

    private static ForecastInput Read(ForecastOptions options, Catalog catalog, LiveStock? live)
    {
        var policies = Policies.Read(options.Policies, catalog);
        var fleetFile = options.Fleet ?? StockpileConfig.PathOf("fleets/hunyuan.conf");
        var fleet = live?.Fleet ?? LocalInput.OrRefuse(() => FleetSource.Read(fleetFile, catalog));
        var reserve = LocalInput.OrRefuse(() => ReserveFile.Read(
            options.Scenario ?? StockpileConfig.PathOf("scenarios/hunyuan-reserve.conf"), catalog, policies[0],
            live is null ? fleetFile : null));
        foreach (var (option, model) in options.WhatIf.Bans.Select(b => ("--ban", b.Model))
            .Concat(options.WhatIf.Purchases.Select(p => ("--buy", p.Model))))
            if (reserve.Catalog.Find(model) is null)
                throw new CliException(ExitCodes.Usage,
                    $"{option}: '{Core.Names.Shorten(model)}' is not a known model; {reserve.Catalog.ModelNames}");
        var scenario = options.WhatIf.On(reserve.Scenario, model => CellFor(fleet, model));
        if (options.Years is { } years) scenario = scenario with { Length = TimeSpan.FromDays(365) * years };
        return new ForecastInput(reserve with { Scenario = scenario }, policies, fleet, live?.Training ?? []);
    }

    /// <summary>A lot joins the cell that has most of its model, so that gangs gain most; a new model gets its own.
    /// </summary>
    private static string CellFor(FleetSpec fleet, string model) => fleet.Nodes
        .Where(n => n.Model == model)
        .GroupBy(n => n.Cell, StringComparer.Ordinal)
        .OrderByDescending(c => c.Sum(n => n.Devices)).ThenBy(c => c.Key, StringComparer.Ordinal)
        .Select(c => c.Key).FirstOrDefault() ?? model;

    private static void Write(string option, string file, Action write)
    {
        try
        {
            write();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCodes.Refused, $"{option} {file}: {fault.Message}");
        }
    }

    private static void CheckWritable(string option, string? file)
    {
        if (file is null) return;
        var folder = Path.GetDirectoryName(Path.GetFullPath(file));
        if (!Directory.Exists(folder))
            throw new CliException(ExitCodes.Refused, $"{option} {file}: there is no folder {folder}");
    }
}
