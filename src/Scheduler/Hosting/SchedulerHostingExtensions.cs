using System.Security.Cryptography;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Desks;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Hosting;

public static class SchedulerHostingExtensions
{
    /// <summary>Name of the shard region: <c>/system/sharding/cell</c>.</summary>
    public const string RegionName = "cell";

    /// <summary>Name of the key desks' shard region.</summary>
    public const string DeskRegionName = "key-desk";

    /// <summary>Role of the members that run cells.</summary>
    public const string Role = "scheduler";

    /// <summary>Threads that a flood of requests cannot take; see cluster.conf.</summary>
    private const string CellDispatcher = "akka.actor.cell-dispatcher";

    /// <summary>Longer than a membership is between two pictures, as when several are put out at once.</summary>
    private static readonly TimeSpan StrandedAfter = TimeSpan.FromSeconds(5);

    /// <summary>Where actors wait that only answer requests.</summary>
    public const string RequestDispatcher = "akka.actor.request-dispatcher";

    /// <summary>
    /// Starts the key desks' shard region, registered under <see cref="KeyDeskActor"/>, the cells', registered under
    /// <see cref="CellActor"/>, and the router at <c>/user/router</c>, registered under <see cref="RouterActor"/>.
    /// </summary>
    public static AkkaConfigurationBuilder WithStockpileScheduler(
        this AkkaConfigurationBuilder builder, CellOptions options)
    {
        // The router hears how the cells are, and the cells that run here read it: no cell has to hear all others.
        options = options with
        {
            Cells = new KnownCells(options.Real, RandomNumberGenerator.GetHexString(8)),
        };
        return builder
            // Before the cells: one that begins tells the desks its keys. A desk starts with its first message.
            .WithShardRegion<KeyDeskActor>(
                DeskRegionName,
                desk => KeyDeskSupervisor.Props(desk, options).WithDispatcher(CellDispatcher),
                new DeskMessageExtractor(),
                new ShardOptions
                {
                    Role = Role,
                    // Which desks there are is fixed: 64 more stores would only recover and be written when they move.
                    RememberEntities = false,
                    StateStoreMode = StateStoreMode.DData,
                    HandOffStopMessage = KeyDeskActor.StopDesk.Instance,
                    // They are few, and a recovery costs more than the memory.
                    ShouldPassivateIdleEntities = false,
                })
            .WithShardRegion<CellActor>(
                RegionName,
                cell => CellSupervisor.Props(cell, options).WithDispatcher(CellDispatcher),
                new CellMessageExtractor(),
                new ShardOptions
                {
                    Role = Role,
                    RememberEntities = true,
                    RememberEntitiesStore = RememberEntitiesStore.Eventsourced,
                    StateStoreMode = StateStoreMode.DData,
                    HandOffStopMessage = CellActor.StopCell.Instance,
                })
            .WithPutOutMember()
            .WithActors((system, registry) =>
            {
                var region = registry.Get<CellActor>();
                var journal = new JournalReader(system, options);
                // One look serves both; the router looks again where that one fails.
                var look = journal.CellsAsync();
                Task<IReadOnlyList<string>> Cells() =>
                    look is { IsCompleted: true, IsCompletedSuccessfully: false } ? journal.CellsAsync() : look;
                system.ActorOf(JournalWarmUp.Props(options, look), JournalWarmUp.ActorName);
                registry.Register<RouterActor>(system.ActorOf(
                    RouterActor.Props(region, registry.Get<KeyDeskActor>(), options, Cells)
                        .WithDispatcher(RequestDispatcher),
                    "router"));
            });
    }

    /// <summary>The proxy to the cells on a member that runs none, registered under <see cref="CellActor"/>. The member
    /// ends with <see cref="NoSchedulerLeft"/> when the last scheduler is gone.</summary>
    public static AkkaConfigurationBuilder WithStockpileCellsProxy(this AkkaConfigurationBuilder builder) =>
        builder
            .WithShardRegionProxy<CellActor>(RegionName, Role, new CellMessageExtractor())
            .WithPutOutMember()
            .WithActors((system, _) =>
                system.ActorOf(StrandedMember.Props(StrandedAfter), StrandedMember.ActorName));

    private static AkkaConfigurationBuilder WithPutOutMember(this AkkaConfigurationBuilder builder) =>
        builder.WithActors((system, _) => system.ActorOf(PutOutMember.Props, PutOutMember.ActorName));
}

/// <summary>Routes by the key desk that a message names; each desk is a shard of its own.</summary>
public sealed class DeskMessageExtractor : IMessageExtractor
{
    /// <summary>A name that no desk has goes nowhere.</summary>
    public string? EntityId(object message) =>
        message is IDeskMessage { Desk: var desk } && KeyDesks.IsDesk(desk) ? desk : null;

    public object EntityMessage(object message) => message;

    public string? ShardId(object message) => EntityId(message);

    public string ShardId(string entityId, object? messageHint = null) => entityId;
}

/// <summary>Routes by the cell that a message names. The hash is the same in every process.</summary>
public sealed class CellMessageExtractor() : HashCodeMessageExtractor(ShardsMax)
{
    /// <summary>Fixed for the life of a journal: a cell's shard follows from it.</summary>
    private const int ShardsMax = 64;

    /// <summary>A name that no actor could have goes nowhere.</summary>
    public override string? EntityId(object message) =>
        message is ICellMessage { Cell: var cell } && Names.IsName(cell) ? cell : null;
}
