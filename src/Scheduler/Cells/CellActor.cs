using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Akka.Persistence;
using Stockpile.Core;
using Stockpile.Core.Cells;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// One cell: the only writer of its nodes' capacity. It wires the pure <see cref="CellDecider"/> and
/// <see cref="SchedulingCycle"/> to the journal, the clock and the node hosts. While a round is being written, whatever
/// arrives gathers for the next one; nobody is answered, and no order is given, before the round that holds the answer
/// is durable. A failed write stops the actor: its state ran ahead of the journal, so it recovers from the journal.
/// </summary>
public sealed partial class CellActor : UntypedPersistentActor, IWithTimers
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

    /// <summary>Runs inside a round; what it returns runs when the round is durable.</summary>
    private delegate Action? RoundWork(RoundWriter round);

    private readonly string _cell;
    private readonly CellOptions _options;
    private readonly ILoggingAdapter _log;
    private readonly HostDesk _hosts;
    private readonly ProgressBoard _progress = new();
    private readonly Queue<RoundWork> _inbox = new();
    private CellState _state;
    private bool _writing;
    private bool _stopping;
    private int _eventsSinceSnapshot;
    private long _digestAt;
    private long _keptHouseAt;
    private bool _ready;

    public CellActor(string cell, CellOptions options)
    {
        _cell = cell;
        _options = options;
        _log = Context.GetLogger();
        _state = new CellState(cell, options.Catalog, options.Policy);
        _hosts = new HostDesk(options);
    }

    public static Props Props(string cell, CellOptions options) =>
        Akka.Actor.Props.Create(() => new CellActor(cell, options));

    public override string PersistenceId => CellOptions.PersistenceIdOf(_cell);

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: CellSnapshot snapshot }:
                _state = CellState.Restore(snapshot.FromWire(), _options.Catalog, _options.Policy);
                break;
            case RoundCommitted round:
                _state.Replay(round.FromWire());
                _eventsSinceSnapshot += round.Events.Count;
                break;
            case RecoveryCompleted:
                _log.Info("cell {0} recovered at round {1}: {2} nodes, {3} unfinished jobs, {4} allocations",
                    _cell, _state.RoundNumber, _state.Nodes.Count, _state.ActiveJobs, _state.Allocations.Count);
                if (_options.HandOver) Mediator.Tell(new Subscribe(CellOptions.DigestTopic, Self));
                Timers.StartPeriodicTimer("tick", Tick.Instance, _options.TickInterval);
                Enqueue(round =>
                {
                    round.Run(new RaiseEpoch());
                    return () => _ready = true;
                });
                break;
            default:
                throw new InvariantBrokenException($"the journal of cell {_cell} holds a {message.GetType().Name}");
        }
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case ICellMessage when _inbox.Count >= Limits.InboxCommandsMax:
                // A cell that has too much to do must not take its hosts for silent ones.
                if (message is HostBeat beat) _hosts.Seen(beat.Host, Sender, beat.HostIncarnation);
                Sender.Tell(new CellBusy
                {
                    Cell = _cell,
                    Message = $"cell {_cell} has {_inbox.Count} requests waiting",
                    RetryAfterMs = 1_000,
                });
                break;
            case AdvertiseNodes m: OnAdvertise(m, Sender); break;
            case HostBeat m: OnBeat(m, Sender); break;
            case WorkReports m: OnReports(m, Sender); break;
            case OfferJob m: OnOffer(m); break;
            case OfferTaken m: OnTaken(m); break;
            case SettleOffer m: OnSettled(m); break;
            case AuditHost m: OnAuditHost(m, Sender); break;
            case ICellMessage m: OnRequest(m, Sender); break;
            case CellView digest: OnDigest(digest); break;
            case SubscribeAck: break;
            case Tick: OnTick(); break;
            case StopCell:
                _stopping = true;
                if (!_writing) Context.Stop(Self);
                break;
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

    /// <summary>A write failed or was refused: the state here ran ahead of the journal and must not be used.</summary>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        _log.Error(
            cause, "cell {0} could not write round {1}; it recovers from the journal", _cell, _state.RoundNumber);

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        _log.Error(cause, "the journal refused round {0} of cell {1}; it recovers", _state.RoundNumber, _cell);
        Context.Stop(Self);
    }

    private void Enqueue(RoundWork work)
    {
        _inbox.Enqueue(work);
        if (!_writing) RunRounds();
    }

    private void RunRounds()
    {
        while (!_writing && RunRound())
        {
            // A round without events is over at once, and the next one may begin.
        }
    }

    /// <summary>One round; true when another may follow at once.</summary>
    private bool RunRound()
    {
        // 1  Take what has gathered, and decide it.
        var round = new RoundWriter(_state, _options.Clock.GetUtcNow());
        var whenDurable = new List<Action>();
        for (var taken = 0;
             taken < Limits.CommandsPerRoundMax && round.Count < Limits.EventsPerRoundMax
             && _inbox.TryDequeue(out var work);
             taken++)
            if (work(round) is { } action)
                whenDurable.Add(action);

        // 2  Place what fits.
        var cycle = SchedulingCycle.Run(_state, round);

        // 3  Nothing happened: nothing is to be written, and whoever asked can be answered.
        if (round.Close() is not { } closed)
        {
            foreach (var action in whenDurable) action();
            return _inbox.Count > 0;
        }

        // 4  Write the round; then answer, give the orders, and go on.
        _writing = true;
        PersistAsync(closed.ToWire(), _ => OnDurable(round, closed, whenDurable, cycle.More));
        return false;
    }

    private void OnDurable(RoundWriter round, Round closed, List<Action> whenDurable, bool more)
    {
        _writing = false;
        _hosts.Ended(round.Ended, NameOf);
        foreach (var (allocation, _) in round.Ended) _progress.Forget(allocation.Sequence);
        foreach (var action in whenDurable) action();
        SendOrders(closed);
        _eventsSinceSnapshot += closed.Events.Count;
        SnapshotWhenDue();
        if (_stopping)
        {
            Context.Stop(Self);
            return;
        }

        KeepHouse();
        if (more || _inbox.Count > 0) RunRounds();
    }

    /// <summary>A snapshot costs as much as the state is large, so a large state waits for more events.</summary>
    private void SnapshotWhenDue()
    {
        var due = Math.Max(_options.SnapshotEventsMin, _state.Jobs.Count + _state.Allocations.Count);
        if (_eventsSinceSnapshot < due) return;
        _eventsSinceSnapshot = 0;
        SaveSnapshot(_state.Capture().ToWire());
    }

    private void OnTick()
    {
        // While a write hangs nobody can be lost durably; the desk takes the gap for a pause of the cell itself.
        if (_writing) return;
        foreach (var host in _hosts.Silent(_state)) LoseHost(host);
        if (_writing) return;
        RunRounds();
        if (!_writing) KeepHouse();
    }

    /// <summary>Repeats orders and tells the routers how the cell is. Only between rounds: all it says is durable.
    /// </summary>
    private void KeepHouse()
    {
        var now = _options.Real.GetTimestamp();
        if (_keptHouseAt != 0 && _options.Real.GetElapsedTime(_keptHouseAt, now) < _options.TickInterval) return;
        _keptHouseAt = now;
        _hosts.SendDue(_state, _state.Unstarted, NameOf, Self);
        OfferWaiting();
        if (_digestAt != 0 && _options.Real.GetElapsedTime(_digestAt, now) < _options.DigestInterval) return;
        _digestAt = now;
        Mediator.Tell(new Publish(CellOptions.DigestTopic, View()));
    }

    private static IActorRef Mediator => DistributedPubSub.Get(Context.System).Mediator;

    private CellView View(string allocationsDigest = "")
    {
        var view = CellViews.Cell(_state);
        view.AllocationsDigest = allocationsDigest;
        return view;
    }

    private string NameOf(JobState job) => _state.NameOf(job);
}
