using Akka.Actor;
using Akka.Persistence;
using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Owners;

namespace Stockpile.Scheduler.Cells;

/// <summary>A cell that cannot write or recover says why to its <see cref="CellSupervisor"/> and stops.</summary>
public sealed partial class CellActor
{
    public override Recovery Recovery =>
        _options.IgnoreSnapshots ? new Recovery(SnapshotSelectionCriteria.None) : Recovery.Default;

    /// <summary>The journal alone is enough: a snapshot of no use only makes the recovery longer.</summary>
    private void OnSnapshot(SnapshotOffer offer)
    {
        try
        {
            if (offer.Snapshot is not CellSnapshot snapshot)
                throw new InvariantBrokenException($"it holds a {offer.Snapshot?.GetType().Name}");
            if (snapshot.Round != offer.Metadata.SequenceNr)
                throw new InvariantBrokenException(
                    $"snapshot {offer.Metadata.SequenceNr} holds round {snapshot.Round}");
            _engine.Restore(snapshot);
        }
        catch (Exception fault)
        {
            Fail(new OwnerFailed("could not use its snapshot", fault) { Snapshot = true });
            throw;
        }
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        Fail(new OwnerFailed("could not recover", reason) { Row = LastSequenceNr + 1 });

    /// <summary>A write failed or was refused: the state here ran ahead of the journal and must not be used.</summary>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Fail(new OwnerFailed($"could not write round {sequenceNr}", cause)
        {
            // One that has not written anything yet met the last row of the owner before, and goes after it.
            Contested = _serves && JournalRow.IsTaken(cause) ? sequenceNr : null,
        });

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        Fail(new OwnerFailed($"was refused round {sequenceNr} by the journal", cause));
        Context.Stop(Self);
    }

    private static void Fail(OwnerFailed failure) => Context.Parent.Tell(failure);
}
