using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Akka.Persistence;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Hosting;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Owners;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// The actor of one cell: it wires <see cref="CellEngine"/> to the journal, the timers and the cluster. A failed write
/// stops it: its state ran ahead of the journal, so it recovers from the journal.
/// </summary>
public sealed partial class CellActor : UntypedPersistentActor, IWithTimers, ICellPorts
{
    /// <summary>Asks the cell to stop once the round in flight is durable; sharding sends it on a hand-over.</summary>
    public sealed record StopCell : INoSerializationVerificationNeeded
    {
        public static readonly StopCell Instance = new();
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private readonly string _cell;
    private readonly CellOptions _options;
    private readonly ILoggingAdapter _log;
    private readonly CellEngine _engine;
    private bool _serves;

    public CellActor(string cell, CellOptions options)
    {
        _cell = cell;
        _options = options;
        _log = Context.GetLogger();
        _engine = new CellEngine(cell, options, _log, this);
    }

    public static Props Props(string cell, CellOptions options) =>
        Akka.Actor.Props.Create(() => new CellActor(cell, options));

    public override string PersistenceId => CellOptions.PersistenceIdOf(_cell);

    public ITimerScheduler Timers { get; set; } = null!;

    IActorRef ICellPorts.Self => Self;

    IActorRef ICellPorts.Cells =>
        ClusterSharding.Get(Context.System).ShardRegion(SchedulerHostingExtensions.RegionName);

    IActorRef ICellPorts.Desks => _options.Cells is not null
        ? ClusterSharding.Get(Context.System).ShardRegion(SchedulerHostingExtensions.DeskRegionName)
        : ActorRefs.Nobody;

    Address ICellPorts.Member => ((ExtendedActorSystem)Context.System).Provider.DefaultAddress;

    void ICellPorts.Persist(RoundCommitted round, Action whenDurable) => PersistAsync(round, _ =>
    {
        if (!_serves) Context.Parent.Tell(OwnerServes.Instance);
        _serves = true;
        whenDurable();
    });

    void ICellPorts.SaveSnapshot(CellSnapshot snapshot) => SaveSnapshot(snapshot);

    void ICellPorts.Publish(CellView digest) => Mediator.Tell(new Publish(CellOptions.StatusTopic, digest));

    void ICellPorts.Stop() => Context.Stop(Self);

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer offer:
                OnSnapshot(offer);
                break;
            case RecoveryCompleted:
                Timers.StartPeriodicTimer("tick", Tick.Instance, _options.TickInterval);
                _engine.Begin();
                break;
            default:
                // A snapshot may stand for rows that are gone, so the row before is the state's.
                _engine.Replay(JournalRow.Read(_cell, _engine.State.RoundNumber, LastSequenceNr, message));
                break;
        }
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case ICellMessage m: _engine.Receive(m, Sender); break;
            case BindKeysReply bound: _engine.OnBound(bound); break;
            case JobReply part: _engine.OnPart(part); break;
            case Tick: _engine.Tick(); break;
            case StopCell: _engine.StopWhenDurable(); break;
            case SaveSnapshotSuccess saved:
                DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1));
                break;
            case SaveSnapshotFailure failed:
                _log.Warning(failed.Cause, "cell {0} could not save a snapshot; the journal alone is enough", _cell);
                break;
            case DeleteSnapshotsSuccess or DeleteSnapshotsFailure:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private static IActorRef Mediator => DistributedPubSub.Get(Context.System).Mediator;
}
