using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Owners;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Desks;

/// <summary>
/// The actor of one key desk: it wires <see cref="KeyDeskEngine"/> to the journal. A failed write stops it: its state
/// ran ahead of the journal, so it recovers from the journal.
/// </summary>
public sealed class KeyDeskActor : UntypedPersistentActor, IKeyDeskPorts
{
    /// <summary>Asks the desk to stop once the row in flight is durable; sharding sends it on a hand-over.</summary>
    public sealed record StopDesk : INoSerializationVerificationNeeded
    {
        public static readonly StopDesk Instance = new();
    }

    private readonly string _desk;
    private readonly bool _ignoreSnapshots;
    private readonly ILoggingAdapter _log;
    private readonly KeyDeskEngine _engine;
    private bool _serves;

    public KeyDeskActor(string desk, CellOptions options)
    {
        _desk = desk;
        _ignoreSnapshots = options.IgnoreSnapshots;
        _log = Context.GetLogger();
        _engine = new KeyDeskEngine(desk, options.SnapshotEventsMin, _log, this);
    }

    public static Props Props(string desk, CellOptions options) =>
        Akka.Actor.Props.Create(() => new KeyDeskActor(desk, options));

    public override string PersistenceId => KeyDesks.PersistenceIdOf(_desk);

    public override Recovery Recovery =>
        _ignoreSnapshots ? new Recovery(SnapshotSelectionCriteria.None) : Recovery.Default;

    IActorRef IKeyDeskPorts.Self => Self;

    void IKeyDeskPorts.Persist(KeysBound row, Action whenDurable) => PersistAsync(row, _ =>
    {
        if (!_serves) Context.Parent.Tell(OwnerServes.Instance);
        _serves = true;
        whenDurable();
    });

    void IKeyDeskPorts.SaveSnapshot(KeyDeskSnapshot snapshot) => SaveSnapshot(snapshot);

    void IKeyDeskPorts.Stop() => Context.Stop(Self);

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer offer: OnSnapshot(offer); break;
            case RecoveryCompleted: _engine.Begin(); break;
            case KeysBound row when row.Number == LastSequenceNr: _engine.Replay(row); break;
            default:
                throw new InvariantBrokenException(
                    $"row {LastSequenceNr} of {PersistenceId} is a {message.GetType().Name}, or out of its place");
        }
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case IDeskMessage m: _engine.Receive(m, Sender); break;
            case StopDesk: _engine.StopWhenDurable(); break;
            case SaveSnapshotSuccess saved:
                DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1));
                break;
            case SaveSnapshotFailure failed:
                _log.Warning(failed.Cause, "key desk {0} could not save a snapshot; the journal is enough", _desk);
                break;
            case DeleteSnapshotsSuccess or DeleteSnapshotsFailure:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>The journal alone is enough: a snapshot of no use only makes the recovery longer.</summary>
    private void OnSnapshot(SnapshotOffer offer)
    {
        try
        {
            if (offer.Snapshot is not KeyDeskSnapshot snapshot || snapshot.Row != offer.Metadata.SequenceNr)
                throw new InvariantBrokenException(
                    $"snapshot {offer.Metadata.SequenceNr} of {PersistenceId} is not of this row");
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

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        Fail(new OwnerFailed($"could not write row {sequenceNr}", cause)
        {
            // One that has not written anything yet met the last row of the owner before, and goes after it.
            Contested = _serves && JournalRow.IsTaken(cause) ? sequenceNr : null,
        });

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        Fail(new OwnerFailed($"was refused row {sequenceNr} by the journal", cause));
        Context.Stop(Self);
    }

    private static void Fail(OwnerFailed failure) => Context.Parent.Tell(failure);
}
