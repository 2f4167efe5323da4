using Akka.Actor;
using Akka.Event;
using Stockpile.Core.Fleets;
using Stockpile.Node.Devices;

namespace Stockpile.Node.Nodes;

/// <summary>The actor of one node: it wires <see cref="NodeEngine"/> to its allocations. Its parent is the host.
/// </summary>
public sealed class NodeActor : UntypedActor, INodePorts
{
    private readonly TimeProvider _clock;
    private readonly NodeEngine _engine;

    public NodeActor(NodeSpec spec, long incarnation, TimeProvider clock)
    {
        _clock = clock;
        _engine = new NodeEngine(spec, incarnation, clock, Context.GetLogger(), this);
    }

    public static Props Props(NodeSpec spec, long incarnation, TimeProvider clock) =>
        // By type and arguments: an expression would be compiled for each of thousands of nodes.
        Akka.Actor.Props.Create<NodeActor>(spec, incarnation, clock);

    IActorRef INodePorts.Self => Self;

    IActorRef INodePorts.Host => Context.Parent;

    IActorRef INodePorts.Run(long sequence, string allocation, RunningWork work) =>
        Context.ActorOf(
            Akka.Actor.Props.Create<AllocationActor>(sequence, work, _clock).WithDispatcher(Context.Dispatcher.Id),
            allocation);

    void INodePorts.End(IActorRef run) => Context.Stop(run);

    // One that was stopped just now still holds the actor name.
    bool INodePorts.IsEnding(string allocation) => !Context.Child(allocation).IsNobody();

    protected override void PreStart() => _engine.AdvertiseSelf();

    protected override void PostStop() => _engine.End();

    // An allocation that throws leaves its node in a state nobody planned, so the whole node fails and starts anew.
    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(_ => Directive.Escalate);

    protected override void OnReceive(object message)
    {
        if (!_engine.Receive(message, Sender)) Unhandled(message);
    }
}
