using Akka.Actor;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// What a cell needs of the process it runs in. In production that is its actor; the simulation of faults gives one
/// that loses, delays and repeats. Addresses are plain references: nothing here needs a running actor system.
/// </summary>
public interface ICellPorts
{
    /// <summary>Where answers to the cell go.</summary>
    IActorRef Self { get; }

    /// <summary>Passes a message on to the cell that it names.</summary>
    IActorRef Cells { get; }

    /// <summary>Passes a message on to the key desk that it names.</summary>
    IActorRef Desks { get; }

    /// <summary>The member of the cluster that runs the cell.</summary>
    Address Member { get; }

    /// <summary>
    /// Writes a round. What follows a failed write is the end of this cell: <paramref name="whenDurable"/> is never
    /// called, and the cell recovers from the journal.
    /// </summary>
    void Persist(RoundCommitted round, Action whenDurable);

    /// <summary>May fail or be lost: the journal alone is enough.</summary>
    void SaveSnapshot(CellSnapshot snapshot);

    /// <summary>Tells all routers and cells how this one is.</summary>
    void Publish(CellView digest);

    /// <summary>The cell was asked to stop, and all it began is durable.</summary>
    void Stop();
}
