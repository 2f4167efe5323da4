using Akka.Actor;
using Akka.Event;
using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.State;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Mapping;
using Stockpile.Scheduler.Notes;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// One cell: the only writer of its nodes' capacity. It wires the pure <see cref="CellDecider"/> and
/// <see cref="SchedulingCycle"/> to the journal, the clock and the node hosts, all of which it has through
/// <see cref="ICellPorts"/>. While a round is being written, whatever arrives gathers for the next one; nobody is
/// answered, and no order is given, before the round that holds the answer is durable. One thread at a time.
/// </summary>
public sealed partial class CellEngine
{
    /// <summary>Runs inside a round; what it returns runs when the round is durable.</summary>
    private delegate Action? RoundWork(RoundWriter round);

    private readonly string _cell;
    private readonly CellOptions _options;
    private readonly ILoggingAdapter _log;
    private readonly ICellPorts _ports;
    private readonly CellHosts _hosts;
    private readonly RefusedNodes _refused = new();
    private readonly AuditParts _audits = new();
    private readonly CellClock _clocks;
    private readonly KeyMoves _keys;
    private readonly ProgressBoard _progress = new();
    private readonly RecentSubmissions _recent = new();
    private readonly StartsTold _starts = new();
    private readonly Queue<RoundWork> _inbox = new();
    private CellState _state;
    private bool _writing;
    private bool _stopping;
    private bool _cycleIsDue = true;
    private int _eventsSinceSnapshot;
    private long _digestAt;
    private long _keptHouseAt;
    private bool _ready;

    public CellEngine(string cell, CellOptions options, ILoggingAdapter log, ICellPorts ports)
    {
        _cell = cell;
        _options = options;
        _log = log;
        _ports = ports;
        _state = new CellState(cell, options.Catalog, options.Policy);
        _hosts = new CellHosts(options);
        _clocks = new CellClock(cell, options.Clock, options.Real);
        _keys = new KeyMoves(cell, options);
    }

    /// <summary>Runs ahead of the journal while a round is written.</summary>
    public CellState State => _state;

    /// <summary>Recovery begins here, where there is a snapshot.</summary>
    public void Restore(CellSnapshot snapshot) =>
        _state = CellState.Restore(snapshot.FromWire(), _options.Catalog, _options.Policy);

    /// <summary>Recovery: the next round of the journal.</summary>
    /// <exception cref="JournalRowException">The round does not follow the ones before.</exception>
    public void Replay(Round round)
    {
        JournalRow.Replay(_state, round);
        _eventsSinceSnapshot += round.Events.Count;
    }

    /// <inheritdoc cref="Replay(Round)"/>
    public void Replay(RoundCommitted round) => Replay(round.FromWire());

    /// <summary>Recovery is over: the cell raises its epoch and begins its work.</summary>
    public void Begin()
    {
        _log.Info("cell {0} recovered at round {1}: {2} nodes, {3} unfinished jobs, {4} allocations",
            _cell, _state.RoundNumber, _state.Nodes.Count, _state.ActiveJobs, _state.Allocations.Count);
        _clocks.Begin(_state.At);
        if (_clocks.Line is { Length: > 0 } note) _log.Warning("{0}", note);
        Enqueue(round =>
        {
            round.Run(new RaiseEpoch());
            BeginKeys(round);
            return () => _ready = true;
        });
    }

    public void Receive(ICellMessage message, IActorRef sender)
    {
        switch (message)
        {
            case ICellMessage when _inbox.Count >= SchedulerLimits.InboxCommandsMax:
                // A cell that has too much to do must not take its hosts for silent ones.
                if (message is HostBeat beat) _hosts.Seen(beat.Host, sender, beat.HostIncarnation);
                sender.Tell(new CellBusy
                {
                    Cell = _cell,
                    Message = $"cell {_cell} has {_inbox.Count} requests waiting",
                    RetryAfterMs = 1_000,
                });
                break;
            case AdvertiseNodes m: OnAdvertise(m, sender); break;
            case HostBeat m: OnBeat(m, sender); break;
            case WorkReports m: OnReports(m, sender); break;
            case OfferJob m: OnOffer(m); break;
            case OfferTaken m: OnTaken(m); break;
            case SettleOffer m: OnSettled(m); break;
            case AuditHost m: OnAuditHost(m, sender); break;
            default: OnRequest(message, sender); break;
        }
    }

    /// <summary>To be called every <see cref="CellOptions.TickInterval"/>.</summary>
    public void Tick()
    {
        // While a write hangs nobody can be lost durably; the desk takes the gap for a pause of the cell itself.
        if (_writing) return;
        foreach (var host in _hosts.Silent(_state)) LoseHost(host);
        if (_writing) return;
        _cycleIsDue = true;
        RunRounds();
        if (!_writing) KeepHouse();
    }

    /// <summary>Stops as soon as the round in flight, if there is one, is durable.</summary>
    public void StopWhenDurable()
    {
        _stopping = true;
        if (!_writing) _ports.Stop();
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
        var round = new RoundWriter(_state, _clocks.Now);
        var whenDurable = new List<Action>();
        for (var taken = 0;
             taken < SchedulerLimits.CommandsPerRoundMax && round.Count < Limits.EventsPerRoundMax
             && _inbox.TryDequeue(out var work);
             taken++)
            if (work(round) is { } action)
                whenDurable.Add(action);

        // 2  Place what fits. Questions change nothing, so they do not bring about a cycle: with many classes one costs
        //    far more than an answer. What time alone changes, the next tick finds.
        var cycle = round.Count > 0 || _cycleIsDue ? SchedulingCycle.Run(_state, round) : default;
        _cycleIsDue = cycle.More;

        // 3  Nothing happened: nothing is to be written, and whoever asked can be answered.
        if (round.Close() is not { } closed)
        {
            foreach (var action in whenDurable) action();
            return _inbox.Count > 0;
        }

        // 4  Write the round; then answer, give the orders, and go on.
        _writing = true;
        _ports.Persist(closed.ToWire(), () => OnDurable(round, closed, whenDurable, cycle.More));
        return false;
    }

    private void OnDurable(RoundWriter round, Round closed, List<Action> whenDurable, bool more)
    {
        _writing = false;
        _hosts.Ended(_state, round.Ended, NameOf);
        foreach (var (allocation, _) in round.Ended) _progress.Forget(allocation.Sequence);
        foreach (var action in whenDurable) action();
        SendOrders(closed);
        _eventsSinceSnapshot += closed.Events.Count;
        SnapshotWhenDue();
        if (_stopping)
        {
            _ports.Stop();
            return;
        }

        // Nodes that came or went change what can be routed here at all, so that is told at once.
        if (closed.Events.Any(e => e is NodeAdmitted or NodeLost)) _digestAt = 0;
        TellLastWords();
        KeepHouse();
        if (more || _inbox.Count > 0) RunRounds();
    }

    /// <summary>A snapshot costs as much as the state is large, so a large state waits for more events.</summary>
    private void SnapshotWhenDue()
    {
        var due = Math.Max(_options.SnapshotEventsMin, _state.Jobs.Count + _state.Allocations.Count);
        if (_eventsSinceSnapshot < due) return;
        _eventsSinceSnapshot = 0;
        _ports.SaveSnapshot(_state.Capture().ToWire());
    }

    /// <summary>Repeats orders and tells the routers how the cell is. Only between rounds: all it says is durable.
    /// </summary>
    private void KeepHouse()
    {
        var now = _options.Real.GetTimestamp();
        if (_keptHouseAt != 0 && _options.Real.GetElapsedTime(_keptHouseAt, now) < _options.TickInterval) return;
        _keptHouseAt = now;
        _hosts.SendDue(_state, _state.Unstarted, NameOf, _ports.Self);
        var due = new List<CellCommand>();
        OfferTransfers(due);
        LookAfterParts(due);
        _keys.SendDue(_ports.Desks, _ports.Self);
        if (_digestAt == 0 || _options.Real.GetElapsedTime(_digestAt, now) >= _options.StatusInterval)
        {
            _digestAt = now;
            _ports.Publish(View());
        }

        // A round begins here, and nothing more is said before it is durable.
        if (due.Count == 0) return;
        Enqueue(round =>
        {
            foreach (var command in due) round.Run(command);
            return null;
        });
    }

    private CellView View(string allocationsDigest = "")
    {
        var view = CellMapping.Cell(_state, _clocks.Now);
        view.Clock = _clocks.Line;
        view.AllocationsDigest = allocationsDigest;
        view.Inbox = _inbox.Count;
        view.KeysAtDesks = _state.HasKeysAtDesks;
        view.HostGapMs = (long)_hosts.LongestGap.TotalMilliseconds;
        return view;
    }

    private string NameOf(JobState job) => _state.NameOf(job);
}
