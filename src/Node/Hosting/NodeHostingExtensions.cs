using Akka;
using Akka.Actor;
using Akka.Hosting;
using Stockpile.Core.Fleets;
using Stockpile.Node.Hosts;

namespace Stockpile.Node.Hosting;

public static class NodeHostingExtensions
{
    /// <summary>
    /// Starts a host of simulated nodes at <c>/user/host</c>, registered under <see cref="HostActor"/>.
    /// </summary>
    /// <param name="clock">Simulated time.</param>
    /// <param name="cells">
    /// Finds the shard region of the cells or its proxy; whatever registers that stands before this call.
    /// </param>
    public static AkkaConfigurationBuilder WithNodeHost(
        this AkkaConfigurationBuilder builder,
        string hostName,
        IReadOnlyList<NodeSpec> nodes,
        Catalog catalog,
        TimeProvider clock,
        Func<ActorSystem, IActorRegistry, IActorRef> cells,
        HostOptions? options = null) =>
        builder.WithActors((system, registry) =>
            StartNodeHost(system, registry, hostName, nodes, catalog, clock, cells(system, registry), options));

    /// <summary>The same in a system that runs already, for a process that must learn the time first.</summary>
    /// <param name="cells">The shard region of the cells or its proxy.</param>
    public static void StartNodeHost(
        ActorSystem system,
        IActorRegistry registry,
        string hostName,
        IReadOnlyList<NodeSpec> nodes,
        Catalog catalog,
        TimeProvider clock,
        IActorRef cells,
        HostOptions? options = null)
    {
        var props = HostActor.Props(hostName, nodes, catalog, cells, clock, options ?? new HostOptions())
            .WithDispatcher(NodeDispatcher);
        var host = system.ActorOf(props, HostActor.ActorName);
        registry.Register<HostActor>(host);

        // The host tells its cells that its nodes leave while there still are cells here to hear it; and one that
        // still spoke while they hand over would keep their shard region waiting.
        CoordinatedShutdown.Get(system).AddTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind, "stop-node-host",
            async () =>
            {
                await host.GracefulStop(StopTimeout, LeaveHost.Instance).ConfigureAwait(false);
                return Done.Instance;
            });
    }

    /// <summary>Threads that a flood of requests cannot take; see cluster.conf.</summary>
    private const string NodeDispatcher = "akka.actor.node-dispatcher";

    /// <summary>Between <see cref="HostOptions.LeaveWithin"/> and the phase's own five seconds.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(4.7);
}
