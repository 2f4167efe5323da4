using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Configuration;
using Akka.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Processes;
using Stockpile.Node.Hosting;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Hosting;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using Stockpile.Tests.Shared;

namespace Stockpile.Scheduler.Tests.Hosting;

/// <summary>
/// Members of one cluster in this process, each an actor system of its own: schedulers over one SQLite journal, and
/// hosts of nodes.
/// </summary>
public sealed class Members : IAsyncDisposable
{
    private readonly DataFolder _folder = DataFolder.Open(Directory.CreateTempSubdirectory("members-").FullName);
    private readonly List<(IHost Host, ActorSystem System)> _hosts = [];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Catalog Catalog { get; } = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));

    public static Policy Policy { get; } = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static CellOptions Options { get; } = new(Catalog, Policy, TimeProvider.System, TimeProvider.System);

    /// <summary>The members in the order in which they were started.</summary>
    public IReadOnlyList<ActorSystem> Systems => [.. _hosts.Select(h => h.System)];

    /// <summary>Whoever has written to the journal.</summary>
    public IReadOnlyList<string> Writers()
    {
        using var connection = new SqliteConnection(_folder.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT DISTINCT persistence_id FROM journal";
        using var rows = command.ExecuteReader();
        var writers = new List<string>();
        while (rows.Read()) writers.Add(rows.GetString(0));
        return writers;
    }

    public Task<Scheduler> StartSchedulerAsync() => StartAsync(
        SchedulerHostingExtensions.Role, akka => akka.WithStockpileScheduler(Options), host => new Scheduler(host));

    public Task<IHost> StartNodeHostAsync(string name, IReadOnlyList<NodeSpec> nodes) =>
        StartAsync("node", akka => akka
            .WithStockpileCellsProxy()
            .WithNodeHost(name, nodes, Catalog, TimeProvider.System,
                (_, registry) => registry.Get<CellActor>()), host => host);

    private async Task<T> StartAsync<T>(string role, Action<AkkaConfigurationBuilder> actors, Func<IHost, T> wrap)
    {
        var host = new HostBuilder().ConfigureServices(services => services.AddAkka(
            StockpileConfig.SystemName, akka => actors(akka
                .AddHocon(ConfigurationFactory.ParseString(
                    """
                    akka.loglevel = OFF
                    # A kill must not say goodbye.
                    akka.coordinated-shutdown.run-by-actor-system-terminate = off
                    """).WithFallback(StoreConfig.Sqlite(_folder.ConnectionString)), HoconAddMode.Prepend)
                .WithClustering(new ClusterOptions { Roles = [role] })))).Build();
        await host.StartAsync(Cancel);
        var system = host.Services.GetRequiredService<ActorSystem>();
        _hosts.Add((host, system));
        // The first forms the cluster; whoever comes later joins one that is still there.
        var (_, seed) = _hosts.First(h => !h.System.WhenTerminated.IsCompleted);
        await Cluster.Get(system).JoinAsync(Cluster.Get(seed).SelfAddress, Cancel).WaitAsync(Patience, Cancel);
        return wrap(host);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_hosts.Select(h => h.System.Terminate()));
        foreach (var (host, _) in _hosts) host.Dispose();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
        TestFolders.Delete(_folder.FullPath);
    }

    /// <summary>A member that runs cells and answers for all of them.</summary>
    public sealed class Scheduler(IHost host)
    {
        public ActorSystem System { get; } = host.Services.GetRequiredService<ActorSystem>();

        public IStockpileGateway Gateway { get; } = new Gateway(
            host.Services.GetRequiredService<IRequiredActor<RouterActor>>(),
            new JournalReader(host.Services.GetRequiredService<ActorSystem>(), Options));

        public string Address => Cluster.Get(System).SelfAddress.ToString();

        /// <summary>As a process that is told to stop: cells hand over, the member leaves.</summary>
        public Task LeaveAsync() => host.StopAsync(Cancel).WaitAsync(Patience, Cancel);

        /// <summary>As a process that is gone from one moment to the next.</summary>
        public Task KillAsync() => System.Terminate();
    }
}
