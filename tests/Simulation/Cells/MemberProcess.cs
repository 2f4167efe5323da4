using Akka.Actor;
using Stockpile.Protocol;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Cells;

/// <summary>
/// A member of the cluster: it passes messages on to cells and key desks by what it believes of where they are, which
/// may be old.
/// </summary>
public abstract class MemberProcess(SimCluster cluster, string name, int index)
    : SimProcess(cluster.World, name, index)
{
    private const int HopsMax = 3;

    private readonly Dictionary<string, SchedulerProcess> _believed = new(StringComparer.Ordinal);

    private TimeSpan _lastLocal;

    public SimCluster Cluster { get; } = cluster;

    /// <summary>The shard region, or its proxy.</summary>
    public IActorRef Region { get; private set; } = null!;

    public void Believe(string cell, SchedulerProcess at) => _believed[cell] = at;

    protected override void OnStart() => Region = new RegionRef(this);

    /// <summary>False when whom the message names is not here.</summary>
    protected virtual bool Hosts(IWireMessage message, IActorRef sender) => false;

    /// <summary>The cell or the key desk that a message names.</summary>
    private static string EntityOf(IWireMessage message) => message switch
    {
        ICellMessage m => m.Cell,
        IDeskMessage m => m.Desk,
        _ => throw new ArgumentException($"a {message.GetType().Name} names nobody"),
    };

    /// <summary>Sees what this process says to cells, at the moment it is said.</summary>
    protected virtual void Said(ICellMessage message)
    {
    }

    private void Route(IWireMessage message, IActorRef sender, int hops)
    {
        var at = _believed.GetValueOrDefault(EntityOf(message));
        if (at == this && hops == 0)
        {
            // A message, not a call, also to a cell of the same process.
            var arrives = World.Now + TimeSpan.FromMicroseconds(World.Random.Next(200));
            if (arrives < _lastLocal) arrives = _lastLocal;
            _lastLocal = arrives;
            After(arrives - World.Now, "to own cell", () => Route(message, sender, hops: 1), message);
            return;
        }

        if (hops > 0 && Hosts(message, sender)) return;
        if (at is null || at == this || hops >= HopsMax)
        {
            World.Count("lost on the way to a cell");
            return;
        }

        World.Network.Transmit(this, at, "to cell", message,
            body => ((MemberProcess)at).Route((IWireMessage)body, sender, hops + 1));
    }

    private sealed class RegionRef(MemberProcess process) : MinimalActorRef
    {
        public override ActorPath Path { get; } =
            new RootActorPath(new Address("sim", "world")) / $"{process.Name}-{process.World.NextName()}-region";

        public override IActorRefProvider Provider =>
            throw new InvalidOperationException("the simulation has no actor system");

        protected override void TellInternal(object message, IActorRef sender)
        {
            if (message is ICellMessage said) process.Said(said);
            process.Route((IWireMessage)message, sender, hops: 0);
        }
    }
}
