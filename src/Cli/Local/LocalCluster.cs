using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog.Events;
using Stockpile.Core.Fleets;
using Stockpile.Cli.Processes;
using Stockpile.Hosting;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Inspect.Hosting;
using Stockpile.Inspect.Server;
using Stockpile.Node.Hosting;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Hosting;
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

    private readonly WebApplication _app;
    private readonly LocalClusterOptions _options;

    private LocalCluster(WebApplication app, LocalClusterOptions options)
    {
        _app = app;
        _options = options;
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

    /// <summary>Waits until every node of the fleet is admitted by its cell.</summary>
    /// <exception cref="CliException">They are not within two minutes.</exception>
    public async Task WaitUntilReadyAsync(CancellationToken cancel)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(since) < ReadyTimeout)
        {
            var cells = await TryCellsAsync(cancel);
            if (cells.Sum(c => c.Nodes - c.NodesLost) >= _options.Fleet.Nodes.Count) return;
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancel);
        }

        throw new CliException(ExitCodes.Refused,
            $"the nodes did not join within {ReadyTimeout.TotalSeconds:0} s; see the log in {_options.Data.FullPath}");
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
        if (options.Inspector is { } where) builder.Services.AddInspector(where, log, options.Policy);
        var app = builder.Build();
        app.MapStockpileApi();
        return app;
    }
}
