using Akka.Actor;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Desks;

/// <summary>
/// What a key desk needs of the process it runs in. In production that is its actor; the simulation of faults gives one
/// that loses, delays and repeats.
/// </summary>
public interface IKeyDeskPorts
{
    /// <summary>Where answers to the desk go.</summary>
    IActorRef Self { get; }

    /// <summary>
    /// Writes a row. What follows a failed write is the end of this desk: <paramref name="whenDurable"/> is never
    /// called, and the desk recovers from the journal.
    /// </summary>
    void Persist(KeysBound row, Action whenDurable);

    /// <summary>May fail or be lost: the journal alone is enough.</summary>
    void SaveSnapshot(KeyDeskSnapshot snapshot);

    /// <summary>The desk was asked to stop, and all it began is durable.</summary>
    void Stop();
}
