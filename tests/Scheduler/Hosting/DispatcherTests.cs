using Akka.Actor;
using Akka.Actor.Internal;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;

namespace Stockpile.Scheduler.Tests.Hosting;

/// <summary>A flood of requests takes no thread of those that keep the cluster together.</summary>
public sealed class DispatcherTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string[] OwnThreads = ["akka.actor.default-dispatcher", "akka.actor.internal-dispatcher"];

    private static readonly string[] ClusterPaths =
    [
        "/system/cluster/heartbeatReceiver", "/system/cluster/core/daemon",
        "/system/cluster/core/daemon/heartbeatSender", "/system/cluster/core/daemon/downingProvider",
        "/system/sharding/cell", "/system/sharding/cellCoordinator/singleton/coordinator",
        "/system/sharding/schedulerReplicator", "/system/distributedPubSubMediator",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cells_nodes_and_the_cluster_run_on_threads_of_their_own()
    {
        await using var members = new Members();
        var scheduler = await members.StartSchedulerAsync();
        await members.StartNodeHostAsync("h1", [new NodeSpec("n1", "north", "H800", 8, 128_000, 1 << 20,
            new Dictionary<string, string>())]);
        await UntilNodesAsync(scheduler).WaitAsync(Patience, Cancel);

        var system = scheduler.System;
        Assert.Equal("akka.actor.cell-dispatcher", await DispatcherAsync(system, "/system/sharding/cell/*/north"));
        Assert.Equal("akka.actor.cell-dispatcher", await DispatcherAsync(system, "/system/sharding/cell/*/north/*"));
        // Where Akka puts its own differs from release to release; never among the requests.
        foreach (var path in ClusterPaths) Assert.Contains(await DispatcherAsync(system, path), OwnThreads);
        Assert.Equal("akka.actor.request-dispatcher", await DispatcherAsync(system, "/user/router"));
        foreach (var path in new[] { "/user/host", "/user/host/n1" })
            Assert.Equal("akka.actor.node-dispatcher", await DispatcherAsync(members.Systems[1], path));
    }

    [Fact]
    public void The_dispatchers_have_threads_of_their_own_and_the_buffer_of_moving_shards_is_the_one_of_the_limits()
    {
        var config = StoreConfig.Sqlite("Data Source=nowhere");
        foreach (var name in new[] { "default", "cell", "node", "journal" })
            Assert.Equal("fork-join-executor", config.GetString($"akka.actor.{name}-dispatcher.executor"));
        foreach (var plugin in new[] { "journal", "snapshot-store" })
            Assert.Equal("akka.actor.journal-dispatcher",
                config.GetString($"akka.persistence.{plugin}.sql.materializer-dispatcher"));
        Assert.Equal(SchedulerLimits.ShardBufferMessagesMax, config.GetInt("akka.cluster.sharding.buffer-size"));
    }

    private static async Task UntilNodesAsync(Members.Scheduler scheduler)
    {
        while ((await scheduler.Gateway.CellsAsync(Cancel)).Sum(c => c.Nodes) == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancel);
    }

    private static async Task<string> DispatcherAsync(ActorSystem system, string path)
    {
        var actor = await system.ActorSelection(path).ResolveOne(Patience, Cancel);
        return ((ActorRefWithCell)actor).Underlying is ActorCell cell ? cell.Dispatcher.Id : "not started";
    }
}
