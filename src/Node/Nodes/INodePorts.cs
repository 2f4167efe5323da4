using Akka.Actor;
using Stockpile.Node.Devices;

namespace Stockpile.Node.Nodes;

/// <summary>
/// What a node needs of the process it runs in. In production that is its actor; the simulation of faults gives one
/// that runs without actors.
/// </summary>
public interface INodePorts
{
    /// <summary>Where answers to the node go.</summary>
    IActorRef Self { get; }

    /// <summary>Who speaks with the cell for it.</summary>
    IActorRef Host { get; }

    /// <summary>
    /// Starts an allocation. It tells the node with an <see cref="AllocationDone"/> when its work is due, and takes a
    /// <see cref="RunningWork"/> for a change of its speed.
    /// </summary>
    /// <param name="allocation">Its id, unique among those that run.</param>
    IActorRef Run(long sequence, string allocation, RunningWork work);

    /// <summary>Ends what <see cref="Run"/> started; it says nothing any more.</summary>
    void End(IActorRef run);

    /// <summary>True while an ended allocation of this id is not gone yet.</summary>
    bool IsEnding(string allocation);
}
