using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Hosting;
using Stockpile.Node.Hosting;
using Stockpile.Protocol.Mapping;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Hosting;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cli.Local;

/// <summary>What a local cluster is made of.</summary>
/// <param name="HttpUrl">Where the API listens; null: nowhere.</param>
public sealed record LocalClusterOptions(
    DataFolder Data, Catalog Catalog, Policy Policy, FleetSpec Fleet, ScaledTimeProvider Clock, string? HttpUrl);

/// <summary>
/// A cluster in this process: the scheduler role and the node role in one member, with the journal in SQLite. The same
/// hosting extensions as in a cluster of many processes.
/// </summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(120);

    private readonly WebApplication _app;
    private readonly LocalClusterOptions _options;

    private LocalCluster(WebApplication app, LocalClusterOptions options, CellOptions cells)
    {
        _app = app;
        _options = options;
        var system = app.Services.GetRequiredService<ActorSystem>();
        Journal = new JournalReader(system, cells);
        Gateway = app.Services.GetRequiredService<IStockpileGateway>();
    }

    public IStockpileGateway Gateway { get; }

    public JournalReader Journal { get; }

    public ScaledTimeProvider Clock => _options.Clock;

    /// <summary>The addresses the API listens on; port 0 is replaced by the one that was free.</summary>
    public IEnumerable<string> Urls => _app.Urls;

    /// <exception cref="CliException">The API's address cannot be bound.</exception>
    public static async Task<LocalCluster> StartAsync(LocalClusterOptions options, CancellationToken cancel)
    {
        var cells = new CellOptions(options.Catalog, options.Policy, options.Clock, TimeProvider.System);
        var app = Build(options, cells);
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException fault)
        {
            await app.DisposeAsync();
            throw new CliException(ExitCodes.Refused, $"cannot listen on {options.HttpUrl}: {fault.Message}");
        }

        return new LocalCluster(app, options, cells);
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
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelCore();
        if (options.HttpUrl is { } url)
        {
            builder.WebHost.UseUrls(url);
            builder.WebHost.ConfigureKestrel(k => k.Limits.MaxRequestBodySize = Limits.HttpBodyBytesMax);
        }
        else
        {
            // A server that listens nowhere: the demo needs none, and no port may be in its way.
            builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.Server.IServer, NoServer>();
        }

        builder.Services.AddSerilog(new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", Serilog.Events.LogEventLevel.Warning)
            .WriteTo.File(
                Path.Combine(options.Data.FullPath, "stockpile.log"),
                fileSizeLimitBytes: 64 * 1024 * 1024, rollOnFileSizeLimit: true, retainedFileCountLimit: 4,
                formatProvider: System.Globalization.CultureInfo.InvariantCulture)
            .CreateLogger(), dispose: true);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(20));
        AddActors(builder.Services, options, cells);
        builder.Services.AddSingleton<IStockpileGateway>(services => new Gateway(
            services.GetRequiredService<IRequiredActor<RouterActor>>(),
            new JournalReader(services.GetRequiredService<ActorSystem>(), cells)));
        builder.Services.AddStockpileApi(new ApiOptions
        {
            Catalog = options.Catalog,
            Validate = spec => JobValidator.Validate(spec, options.Catalog, options.Policy),
            ToWire = spec => spec.ToWire(),
            FromWire = msg => msg.FromWire(),
        });
        var app = builder.Build();
        app.MapStockpileApi();
        return app;
    }

    private static void AddActors(IServiceCollection services, LocalClusterOptions options, CellOptions cells) =>
        services.AddAkka(StockpileConfig.SystemName, akka => akka
            .AddHocon(StockpileConfig.Sqlite(options.Data.ConnectionString), HoconAddMode.Prepend)
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            })
            .WithClustering(new ClusterOptions { Roles = [SchedulerHostingExtensions.Role, "node"] })
            .WithStockpileScheduler(cells)
            .WithNodeHost("local", options.Fleet.Nodes, options.Catalog, options.Clock,
                (_, registry) => registry.Get<CellActor>())
            .AddStartup((system, _) =>
            {
                var cluster = Cluster.Get(system);
                cluster.Join(cluster.SelfAddress);
            }));
}
