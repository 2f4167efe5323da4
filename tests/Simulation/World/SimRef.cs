using Akka.Actor;

namespace Stockpile.Simulation.Tests.World;

/// <summary>
/// An address of the simulated world: it belongs to one life of one process, and what is told to it after that life is
/// lost. Who tells it is the process that takes the current step.
/// </summary>
public sealed class SimRef(SimProcess process, string name, Action<object, IActorRef> receive) : MinimalActorRef
{
    private static readonly ActorPath Root = new RootActorPath(new Address("sim", "world"));

    private readonly int _life = process.Life;

    public SimProcess Process => process;

    /// <summary>Sees every message at the moment it is told, before it is under way.</summary>
    public Action<object>? WhenTold { get; init; }

    /// <summary>Distinct for every reference of a world, which is all that equality looks at.</summary>
    public override ActorPath Path { get; } = Root / $"{process.Name}-{process.World.NextName()}-{name}";

    public override IActorRefProvider Provider =>
        throw new InvalidOperationException("the simulation has no actor system");

    protected override void TellInternal(object message, IActorRef sender)
    {
        WhenTold?.Invoke(message);
        process.World.Tell(this, message, sender);
    }

    /// <summary>False when it was told too late.</summary>
    public bool Receive(object message, IActorRef sender)
    {
        if (process.Life != _life || !process.Up) return false;
        receive(message, sender);
        return true;
    }

    /// <summary>When the last message of its own process arrives: those of one process stay in order.</summary>
    public TimeSpan LastLocal { get; set; }
}
