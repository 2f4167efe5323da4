using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Owners;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// What sharding starts for a cell. It keeps the <see cref="CellActor"/> below it running: one that could not write,
/// recover or go on is started again after a rest that grows with each failure (<see cref="Backoff"/>), so that a
/// journal that is away for an hour meets no storm. Meanwhile it answers for the cell, and tells the routers, with a
/// <see cref="CellDown"/> that says why. A cell whose journal holds a row that nobody can use is stopped: it is tried
/// only now and then, in case somebody has repaired the row.
/// </summary>
public sealed class CellSupervisor : UntypedActor, IWithTimers
{
    private sealed record Start
    {
        public static readonly Start Instance = new();
    }

    private sealed record Announce
    {
        public static readonly Announce Instance = new();
    }

    /// <summary>What was found in the journal after a recovery that failed; null: nothing, or it cannot be reached.
    /// </summary>
    private sealed record Diagnosed(OwnerFailed Failure, JournalRowException? Fault);

    /// <summary>Whether the round that could not be written is there.</summary>
    private sealed record Contest(OwnerFailed Failure, bool Lost);

    private sealed record Keys(IReadOnlySet<string>? Known);

    private readonly string _cell;
    private readonly CellOptions _options;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Backoff _backoff;
    private readonly JournalReader _journal;
    private IActorRef? _running;
    private OwnerFailed? _failure;
    private Exception? _thrown;
    private CellDown? _down;
    private IReadOnlySet<string>? _keys;
    private bool _stopping;
    private bool _serving;
    private int _waiting;

    public CellSupervisor(string cell, CellOptions options)
    {
        _cell = cell;
        _options = options;
        _backoff = new Backoff(options.RestFirst, options.RestMost, options.Real);
        _journal = new JournalReader(Context.System, options);
    }

    public static Props Props(string cell, CellOptions options) =>
        Akka.Actor.Props.Create(() => new CellSupervisor(cell, options));

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => StartCell(_options);

    /// <summary>A cell that throws ran into a state it must not go on with; it recovers as after a failed write.
    /// </summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(fault =>
    {
        // It may have told why; that comes later, because this is a system message.
        _thrown = fault;
        return Directive.Stop;
    }, loggingEnabled: false);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case OwnerFailed failed when _running is not null && Sender.Equals(_running): _failure ??= failed; break;
            case OwnerServes when _running is not null && Sender.Equals(_running): OnServes(); break;
            case Terminated gone when gone.ActorRef.Equals(_running): OnGone(); break;
            case Diagnosed found: Rest(found.Failure, found.Fault); break;
            case Contest contest: RestAfter(contest); break;
            case Start: StartCell(_options); break;
            case Announce: Publish(); break;
            case Keys keys: _keys = keys.Known; break;
            case CellActor.StopCell:
                _stopping = true;
                if (_running is null) Context.Stop(Self);
                else _running.Tell(message);
                break;
            // While it recovers from a failure, whoever asks is told why; what hosts and cells say is for the cell.
            case ICellMessage asked when _down is not null && IsQuestion(asked): Answer(asked); break;
            case ICellMessage m: Pass(m); break;
            default: Unhandled(message); break;
        }
    }

    private void StartCell(CellOptions options)
    {
        _failure = null;
        _thrown = null;
        _waiting = 0;
        _serving = false;
        // On the supervisor's own threads, whichever it was given.
        var props = CellActor.Props(_cell, options).WithDispatcher(Context.Dispatcher.Id);
        _running = Context.Watch(Context.ActorOf(props));
    }

    /// <summary>While the cell recovers its messages wait in it: so many, and no more.</summary>
    private void Pass(ICellMessage message)
    {
        if (_running is null) return;
        if (_serving || ++_waiting <= SchedulerLimits.RecoveryMessagesMax) _running.Forward(message);
        else if (IsQuestion(message))
            Sender.Tell(new CellBusy
            {
                Cell = _cell,
                Message = $"cell {_cell} recovers and has {SchedulerLimits.RecoveryMessagesMax} messages waiting",
                RetryAfterMs = 1_000,
            });
    }

    private void OnServes()
    {
        _serving = true;
        _backoff.Serves();
        if (_down is null) return;
        _log.Info("cell {0} serves again", _cell);
        _down = null;
        _keys = null;
        Timers.Cancel(Announce.Instance);
    }

    private void OnGone()
    {
        _running = null;
        if (_stopping)
        {
            Context.Stop(Self);
            return;
        }

        var failure = _failure
            ?? new OwnerFailed("broke", _thrown ?? new InvalidOperationException("it ended and did not say why"));
        if (failure.Snapshot)
        {
            // Nothing is lost, so nothing has to wait.
            _log.Warning("cell {0}: its snapshot cannot be used, it replays its journal from the first row: {1}",
                _cell, OneLine(failure.Cause));
            StartCell(_options with { IgnoreSnapshots = true });
        }
        else if (failure.Contested is { } round)
            _journal.HasRowAsync(_cell, round, CancellationToken.None).PipeTo(Self, Self,
                success: there => new Contest(failure, there), failure: _ => new Contest(failure, false));
        else if (failure.Cause is JournalRowException fault) Rest(failure, fault);
        else if (failure.Row is not { } row || JournalRow.IsOfStore(failure.Cause)) Rest(failure, null);
        else
            _journal.FaultAsync(_cell, row, CancellationToken.None).PipeTo(Self, Self,
                success: found => new Diagnosed(failure, found), failure: _ => new Diagnosed(failure, null));
    }

    /// <summary>
    /// A cell that another scheduler has is left to it. To recover at once would raise the epoch above that owner's and
    /// put it out instead, from a process that was paused or cut off and is about to be put out of the cluster itself.
    /// </summary>
    private void RestAfter(Contest contest)
    {
        if (!contest.Lost)
        {
            Rest(contest.Failure, null);
            return;
        }

        var overtaken = contest.Failure with
        {
            What = $"was taken over by another scheduler, which has written round {contest.Failure.Contested}",
        };
        Rest(overtaken, null, _options.RestWhenOvertaken);
    }

    private void Rest(OwnerFailed failure, JournalRowException? fault, TimeSpan atLeast = default)
    {
        if (_stopping)
        {
            Context.Stop(Self);
            return;
        }

        var rest = _backoff.Failed();
        if (fault is not null) rest = _options.RestWhenStopped;
        else if (rest < atLeast) rest = atLeast;
        var why = fault is null
            ? $"cell {_cell} {failure.What}: {OneLine(failure.Cause)}"
            : $"cell {_cell} is stopped: {fault.Message}";
        _down = new CellDown
        {
            Cell = _cell,
            Message = why,
            RetryAfterMs = (int)rest.TotalMilliseconds,
            Stopped = fault is not null,
        };
        _log.Error("{0}; it is started again in {1:0.#} s, failure {2} in a row",
            why, rest.TotalSeconds, _backoff.Failures);
        // A fault of the program needs its place; the disk and the database do not, every time.
        if (_failure is null) _log.Error(failure.Cause, "cell {0} broke here", _cell);
        else _log.Debug("cell {0}: {1}", _cell, failure.Cause);
        if (fault is not null && _keys is null)
            _journal.KeysAsync(_cell, CancellationToken.None).PipeTo(Self, Self,
                success: keys => new Keys(keys), failure: _ => new Keys(null));
        Timers.StartSingleTimer(Start.Instance, Start.Instance, rest);
        Timers.StartPeriodicTimer(Announce.Instance, Announce.Instance, TimeSpan.Zero, _options.StatusInterval);
    }

    /// <summary>Routers that start later, or missed it, hear it too.</summary>
    private void Publish() =>
        DistributedPubSub.Get(Context.System).Mediator.Tell(new Publish(CellOptions.StatusTopic, _down));

    private static bool IsQuestion(ICellMessage message) => message is not
        (AdvertiseNodes or HostBeat or WorkReports or OfferJob or OfferTaken or SettleOffer or AuditHost);

    /// <summary>
    /// A key of a cell that is stopped for good must not be given to another job elsewhere, and all other keys must
    /// not wait for the repair: its journal still tells which they are.
    /// </summary>
    private void Answer(ICellMessage asked)
    {
        if (asked is FindKeys find && _down!.Stopped && _keys is { } known)
            Sender.Tell(new FindKeysReply { Cell = _cell, Known = { find.Keys.Where(known.Contains) } });
        else
            Sender.Tell(_down);
    }

    private static string OneLine(Exception fault) =>
        string.Join(' ', fault.GetBaseException().Message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
