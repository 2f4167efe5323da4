using Akka.Actor;

namespace Stockpile.Node.Hosts;

/// <summary>
/// What a host needs of the process it runs in. In production that is its actor; the simulation of faults gives one
/// that runs without actors. Times are real, not simulated.
/// </summary>
public interface IHostPorts
{
    /// <summary>Where answers to the host go.</summary>
    IActorRef Self { get; }

    /// <summary>Passes a message on to the cell that it names.</summary>
    IActorRef Cells { get; }

    /// <summary>
    /// Starts a node, at the incarnation that its link says. When its program breaks, the host is told by
    /// <see cref="HostEngine.NodeBroke"/>.
    /// </summary>
    IActorRef StartNode(NodeLink node);

    /// <summary>Sends a message to the host itself again and again.</summary>
    void Every(TimeSpan interval, object message);

    /// <summary>Sends a message to the host itself once.</summary>
    void Once(TimeSpan after, object message);

    /// <summary>Ends all timers.</summary>
    void CancelTimers();

    /// <summary>The host has said all that it had to say.</summary>
    void Stop();
}
