using Akka.Actor;
using Akka.Event;
using Stockpile.Core.Fleets;
using Stockpile.Node.Nodes;

namespace Stockpile.Node.Hosts;

/// <summary>The actor of one host: it wires <see cref="HostEngine"/> to its nodes, the timers and the cells.</summary>
public sealed class HostActor : UntypedActor, IWithTimers, IHostPorts
{
    public const string ActorName = "host";

    private readonly IActorRef _cells;
    private readonly TimeProvider _clock;
    private readonly HostEngine _engine;

    public HostActor(
        string name, IReadOnlyList<NodeSpec> nodes, Catalog catalog, IActorRef cells, TimeProvider clock,
        HostOptions options)
    {
        _cells = cells;
        _clock = clock;
        _engine = new HostEngine(name, nodes, catalog, clock, options, Context.GetLogger(), this);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="cells">The shard region of the cells, or its proxy.</param>
    /// <param name="clock">Simulated time.</param>
    /// <exception cref="ArgumentException">The nodes cannot be hosted; the message says which and why.</exception>
    public static Props Props(
        string hostName, IReadOnlyList<NodeSpec> nodes, Catalog catalog, IActorRef cells, TimeProvider clock,
        HostOptions options)
    {
        HostedNodes.Check(hostName, nodes, catalog);
        return Akka.Actor.Props.Create(() => new HostActor(hostName, nodes, catalog, cells, clock, options));
    }

    IActorRef IHostPorts.Self => Self;

    IActorRef IHostPorts.Cells => _cells;

    IActorRef IHostPorts.StartNode(NodeLink node) =>
        Context.Watch(Context.ActorOf(
            NodeActor.Props(node.Spec, node.Incarnation, _clock).WithDispatcher(Context.Dispatcher.Id), node.Spec.Id));

    void IHostPorts.Every(TimeSpan interval, object message) =>
        Timers.StartPeriodicTimer(message, message, interval);

    void IHostPorts.Once(TimeSpan after, object message) => Timers.StartSingleTimer(message, message, after);

    void IHostPorts.CancelTimers() => Timers.CancelAll();

    void IHostPorts.Stop() => Context.Stop(Self);

    protected override void PreStart() => _engine.Begin();

    // A node that throws does not carry on with a state nobody planned: it fails with all it runs, and comes back as
    // a new incarnation, as a real machine does after a crash.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void OnReceive(object message)
    {
        if (message is Terminated gone) _engine.NodeBroke(gone.ActorRef.Path.Name);
        else if (!_engine.Receive(message, Sender)) Unhandled(message);
    }
}
