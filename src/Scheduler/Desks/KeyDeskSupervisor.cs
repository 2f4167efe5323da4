using Akka.Actor;
using Akka.Event;
using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Owners;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Desks;

/// <summary>
/// What sharding starts for a key desk. It keeps the <see cref="KeyDeskActor"/> below it running: one that could not
/// write, recover or go on is started again after a rest that grows with each failure (<see cref="Backoff"/>), and
/// meanwhile it answers for the desk with a <see cref="CellDown"/> that says why. A desk that another scheduler has is
/// left to it for a while, as a cell is.
/// </summary>
public sealed class KeyDeskSupervisor : UntypedActor, IWithTimers
{
    private sealed record Start
    {
        public static readonly Start Instance = new();
    }

    /// <summary>Whether the row that could not be written is there.</summary>
    private sealed record Contest(OwnerFailed Failure, bool Lost);

    private readonly string _desk;
    private readonly CellOptions _options;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Backoff _backoff;
    private readonly JournalReader _journal;
    private IActorRef? _running;
    private OwnerFailed? _failure;
    private Exception? _thrown;
    private CellDown? _down;
    private bool _stopping;
    private bool _serving;
    private int _waiting;

    public KeyDeskSupervisor(string desk, CellOptions options)
    {
        _desk = desk;
        _options = options;
        _backoff = new Backoff(options.RestFirst, options.RestMost, options.Real);
        _journal = new JournalReader(Context.System, options);
    }

    public static Props Props(string desk, CellOptions options) =>
        Akka.Actor.Props.Create(() => new KeyDeskSupervisor(desk, options));

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => StartDesk(_options);

    /// <summary>A desk that throws ran into a state it must not go on with; it recovers as after a failed write.
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
            case OwnerFailed failed when Sender.Equals(_running): _failure ??= failed; break;
            case OwnerServes when Sender.Equals(_running): OnServes(); break;
            case Terminated gone when gone.ActorRef.Equals(_running): OnGone(); break;
            case Contest contest: RestAfter(contest); break;
            case Start: StartDesk(_options); break;
            case KeyDeskActor.StopDesk:
                _stopping = true;
                if (_running is null) Context.Stop(Self);
                else _running.Tell(message);
                break;
            case IDeskMessage when _down is not null: Sender.Tell(_down); break;
            case IDeskMessage m: Pass(m); break;
            default: Unhandled(message); break;
        }
    }

    private void StartDesk(CellOptions options)
    {
        _failure = null;
        _thrown = null;
        _waiting = 0;
        _serving = false;
        // On the supervisor's own threads, whichever it was given.
        var props = KeyDeskActor.Props(_desk, options).WithDispatcher(Context.Dispatcher.Id);
        _running = Context.Watch(Context.ActorOf(props));
    }

    /// <summary>While the desk recovers its messages wait in it: so many, and no more. Between its end and the word
    /// on what it was they are lost, and repeated.</summary>
    private void Pass(IDeskMessage message)
    {
        if (_running is null) return;
        if (_serving || ++_waiting <= SchedulerLimits.DeskInboxMessagesMax) _running.Forward(message);
        else
            Sender.Tell(new CellBusy
            {
                Cell = _desk,
                Message = $"key desk {_desk} recovers and has {SchedulerLimits.DeskInboxMessagesMax} messages waiting",
                RetryAfterMs = 1_000,
            });
    }

    private void OnServes()
    {
        _serving = true;
        _backoff.Serves();
        if (_down is not null) _log.Info("key desk {0} serves again", _desk);
        _down = null;
    }

    private void OnGone()
    {
        _running = null;
        if (_stopping)
        {
            Context.Stop(Self);
            return;
        }

        var failure = _failure ?? new OwnerFailed(
            "broke", _thrown ?? new InvalidOperationException("it ended and did not say why"));
        if (failure.Snapshot)
        {
            // Nothing is lost, so nothing has to wait.
            _log.Warning("key desk {0}: its snapshot cannot be used, it replays its journal from the first row: {1}",
                _desk, OneLine(failure.Cause));
            StartDesk(_options with { IgnoreSnapshots = true });
        }
        else if (failure.Contested is { } row)
            _journal.HasDeskRowAsync(_desk, row).PipeTo(Self, Self,
                success: there => new Contest(failure, there), failure: _ => new Contest(failure, false));
        else Rest(failure);
    }

    /// <summary>
    /// The process may have been paused or cut off and not know yet that it was put out. To take the desk back at once
    /// would put its new owner out instead.
    /// </summary>
    private void RestAfter(Contest contest)
    {
        if (!contest.Lost) Rest(contest.Failure);
        else
            Rest(contest.Failure with
            {
                What = $"was taken over by another scheduler, which has written row {contest.Failure.Contested}",
            }, _options.RestWhenOvertaken);
    }

    private void Rest(OwnerFailed failure, TimeSpan atLeast = default)
    {
        if (_stopping)
        {
            Context.Stop(Self);
            return;
        }

        var rest = _backoff.Failed();
        // What the journal holds cannot be used: somebody has to repair it.
        var stopped = failure.Row is not null && !JournalRow.IsOfStore(failure.Cause);
        if (stopped) rest = _options.RestWhenStopped;
        else if (rest < atLeast) rest = atLeast;
        _down = new CellDown
        {
            Cell = _desk,
            Message = $"key desk {_desk} {failure.What}: {OneLine(failure.Cause)}",
            RetryAfterMs = (int)rest.TotalMilliseconds,
            Stopped = stopped,
        };
        _log.Error("{0}; it is started again in {1:0.#} s, failure {2} in a row",
            _down.Message, rest.TotalSeconds, _backoff.Failures);
        // A fault of the program needs its place; the disk and the database do not, every time.
        if (_failure is null) _log.Error(failure.Cause, "key desk {0} broke here", _desk);
        else _log.Debug("key desk {0}: {1}", _desk, failure.Cause);
        Timers.StartSingleTimer(Start.Instance, Start.Instance, rest);
    }

    private static string OneLine(Exception fault) =>
        string.Join(' ', fault.GetBaseException().Message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
