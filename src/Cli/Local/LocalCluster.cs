using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog.Events;
using Stockpile.Cli.Processes;
using Stockpile.Core.Fleets;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Processes;
using Stockpile.Inspect.Hosting;
using Stockpile.Inspect.Server;
using Stockpile.Node.Hosting;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Hosting;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cli.Local;

/// <summary>What a local cluster is made of.</summary>
/// <param name="Settings">Of the actor system.</param>
/// <param name="Http">Where the API listens; null: nowhere.</param>
/// <param name="Inspector">Where the inspector listens; null: nowhere.</param>
public sealed record LocalClusterOptions(
    DataFolder Data, Catalog Catalog, Policy Policy, FleetSpec Fleet, ScaledTimeProvider Clock,
    SettingLayers Settings, HttpSettings? Http, InspectorOptions? Inspector);

/// <summary>
/// A cluster in this process: the scheduler role and the node role in one member, with the journal in SQLite. The same
/// hosting extensions as in a cluster of many processes.
/// </summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(120);

    /// <summary>A cell whose journal answers late is down for a moment only.</summary>
    private static readonly TimeSpan DownTimeout = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;
    private readonly LocalClusterOptions _options;
    private readonly StartGate _gate;

    private LocalCluster(WebApplication app, LocalClusterOptions options)
    {
        _app = app;
        _options = options;
        _gate = app.Services.GetRequiredService<StartGate>();
        Journal = app.Services.GetRequiredService<JournalReader>();
        Gateway = app.Services.GetRequiredService<IStockpileGateway>();
    }

    public IStockpileGateway Gateway { get; }

    public JournalReader Journal { get; }

    public ScaledTimeProvider Clock => _options.Clock;

    /// <summary>The addresses the API listens on; port 0 is replaced by the one that was free.</summary>
    public IEnumerable<string> Urls => _app.Urls;

    /// <summary>Null: none was asked for.</summary>
    public InspectorServer? Inspector => _app.Services.GetService<InspectorServer>();

    /// <exception cref="CliException">The API's address cannot be bound.</exception>
    public static async Task<LocalCluster> StartAsync(LocalClusterOptions options, CancellationToken cancel)
    {
        var cells = new CellOptions(options.Catalog, options.Policy, options.Clock, TimeProvider.System);
        var app = Build(options, cells);
        await app.StartOrRefuseAsync(options.Http?.Address, cancel);
        return new LocalCluster(app, options);
    }

    /// <summary>
    /// Waits until every node of the fleet is admitted by its cell and a job would be taken. Cells that are down do not
    /// keep the others from serving, so their nodes are waited for a short while only.
    /// </summary>
    /// <returns>Why cells do not serve, a line for each.</returns>
    /// <exception cref="CliException">Nodes of cells that serve are not admitted within two minutes, or no cell serves.
    /// </exception>
    public async Task<IReadOnlyList<string>> WaitUntilReadyAsync(CancellationToken cancel)
    {
        var nodes = _options.Fleet.Nodes.GroupBy(node => node.Cell, StringComparer.Ordinal)
            .ToDictionary(cell => cell.Key, cell => cell.Count(), StringComparer.Ordinal);
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var cells = await TryCellsAsync(cancel);
            var missing = nodes.Where(cell => cells.FirstOrDefault(c => c.Cell == cell.Key) is not { } view
                || view.Nodes - view.NodesLost < cell.Value).Select(cell => cell.Key).ToList();
            var notYet = missing.Count == 0 ? (await Gateway.StandingAsync(cancel)).NotYet : null;
            if (missing.Count == 0 && notYet is null)
            {
                _gate.Open();
                return [];
            }

            var waited = TimeProvider.System.GetElapsedTime(since);
            if (waited >= DownTimeout)
            {
                var down = (await Gateway.StandingAsync(cancel)).Down;
                var silent = missing.Where(cell => cells.All(c => c.Cell != cell)).ToList();
                if (down.Count >= nodes.Count && silent.Count == nodes.Count)
                    throw new CliException(ExitCodes.Refused, string.Join("; ", down));
                if (missing.Count > 0 && silent.Count == missing.Count && down.Count >= silent.Count)
                {
                    _gate.Open();
                    return down;
                }
            }

            if (waited >= ReadyTimeout)
                throw new CliException(ExitCodes.Refused, notYet
                    ?? $"nodes of {string.Join(", ", missing)} did not join within {ReadyTimeout.TotalSeconds:0} s; "
                    + $"see the log in {_options.Data.FullPath}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancel);
        }
    }

    public Task WaitForShutdownAsync(CancellationToken cancel) => _app.WaitForShutdownAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task<IReadOnlyList<Protocol.V1.CellView>> TryCellsAsync(CancellationToken cancel)
    {
        try
        {
            return await Gateway.CellsAsync(cancel);
        }
        catch (ClusterUnavailableException)
        {
            return [];
        }
    }

    private static WebApplication Build(LocalClusterOptions options, CellOptions cells)
    {
        var settings = options.Settings;
        settings.UseSqlite(options.Data.ConnectionString);
        var log = MemberInspector.Log(LogEventLevel.Information);
        var builder = LocalInput.OrRefuse(() => MemberApp.CreateBuilder(
            options.Http, ProcessLog.ToFile(Path.Combine(options.Data.FullPath, "stockpile.log"), log)));
        builder.Services.AddMember(settings.ToAkka(), [SchedulerHostingExtensions.Role, NodeProcess.Role], akka => akka
            .WithStockpileScheduler(cells)
            .WithStockpileInspector()
            .WithNodeHost("local", options.Fleet.Nodes, options.Catalog, options.Clock,
                (_, registry) => registry.Get<CellActor>())
            .AddStartup((system, _) =>
            {
                var cluster = Cluster.Get(system);
                cluster.Join(cluster.SelfAddress);
            }));
        builder.Services.AddSchedulerApi(cells, options.Http?.Tokens ?? AccessTokens.None);
        builder.Services.AddSingleton<StartGate>();
        if (options.Inspector is { } where) builder.Services.AddInspector(where, log, options.Policy);
        var app = builder.Build();
        app.MapStockpileApi();
        return app;
    }
}
