using Akka.Actor;
using Akka.Event;
using Stockpile.Core.Fleets;
using Stockpile.Node.Nodes;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Hosts;

/// <summary>
/// All nodes of one process, and their only voice towards the cells: it gathers what they say into few messages,
/// repeats it until it is answered, beats for all of them, and hands the cells' orders on. What it needs of its process
/// it has through <see cref="IHostPorts"/>. One thread at a time.
/// </summary>
public sealed partial class HostEngine
{
    private readonly ILoggingAdapter _log;
    private readonly Dictionary<string, CellLink> _cells = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NodeLink> _nodes = new(StringComparer.Ordinal);
    private readonly string _name;
    private readonly IHostPorts _ports;
    private readonly TimeProvider _clock;
    private readonly HostOptions _options;
    private readonly long _incarnation;
    private bool _flushIsDue;
    private bool _leaving;

    /// <param name="clock">Simulated time.</param>
    public HostEngine(
        string name, IReadOnlyList<NodeSpec> nodes, Catalog catalog, TimeProvider clock, HostOptions options,
        ILoggingAdapter log, IHostPorts ports)
    {
        _name = name;
        _ports = ports;
        _clock = clock;
        _options = options;
        _log = log;
        _incarnation = options.NextIncarnation();
        foreach (var spec in nodes)
        {
            if (!_cells.TryGetValue(spec.Cell, out var cell))
                _cells.Add(spec.Cell, cell = new CellLink(spec.Cell, name));
            var tier = spec.Tier.Length > 0 ? spec.Tier : catalog.Find(spec.Model)!.Tier;
            var node = new NodeLink(spec, tier, _incarnation);
            cell.Add(node);
            _nodes.Add(spec.Id, node);
        }
    }

    /// <summary>What it knows of each cell.</summary>
    public IReadOnlyCollection<CellLink> Cells => _cells.Values;

    public void Begin()
    {
        _ports.Self.Tell(new CreateNodes([.. _nodes.Values], 0), _ports.Self);
        _ports.Every(_options.BeatInterval, Beat.Instance);
        // Two ticks make one resend interval, so that a report waits for one to one and a half of it.
        _ports.Every(_options.ReportResendAfter / 2, ResendTick.Instance);
    }

    /// <summary>False when nobody here understands the message.</summary>
    public bool Receive(object message, IActorRef sender)
    {
        if (_leaving) return ReceiveLeaving(message, sender);
        switch (message)
        {
            case LeaveHost: Leave(); break;
            case GetHostStatus: sender.Tell(Status(), _ports.Self); break;
            default: return ReceiveFromSelf(message) || ReceiveFromNodes(message) || ReceiveFromCells(message, sender);
        }

        return true;
    }

    /// <summary>The program of a node broke.</summary>
    public void NodeBroke(string name)
    {
        var node = _nodes[name];
        if (_leaving)
        {
            IsDown(node, node.Incarnation, LeaveReason);
            return;
        }

        _log.Error("the actor of node {0} broke; a new one starts in {1}", node.Spec.Id, _options.NodeRestartAfter);
        Report(node, node.Incarnation, 0, ReportKind.NodeFailed, "the node's program broke");
        node.ActorGone();
        _ports.Once(_options.NodeRestartAfter, new RestartNode(node));
    }

    private bool ReceiveFromSelf(object message)
    {
        switch (message)
        {
            case CreateNodes create:
                var end = Math.Min(create.Nodes.Count, create.From + _options.NodesPerTurnMax);
                for (var i = create.From; i < end; i++) CreateNode(create.Nodes[i]);
                if (end < create.Nodes.Count) _ports.Self.Tell(create with { From = end }, _ports.Self);
                break;
            case Beat:
                OnBeat();
                break;
            case ResendTick:
                foreach (var cell in _cells.Values) cell.Outbox.Tick(ticks: 2);
                FlushSoon();
                break;
            case Flush:
                _flushIsDue = false;
                SendAll();
                break;
            case RestartNode restart:
                CreateNode(restart.Node);
                break;
            default:
                return false;
        }

        return true;
    }

    private void OnBeat()
    {
        var now = _clock.GetUtcNow();
        foreach (var cell in _cells.Values)
        {
            _ports.Cells.Tell(
                cell.Beat(_incarnation, now, _options.Real.GetUtcNow(), _options.ProgressPerBeatMax), _ports.Self);
            foreach (var node in cell.Nodes)
                if (node.IsDueOnBeat())
                    node.Actor?.Tell(Advertise.Instance, _ports.Self);
        }
    }

    private bool ReceiveFromNodes(object message)
    {
        switch (message)
        {
            case NodeAdvertised advert:
                _nodes[advert.Node].Advertised(advert);
                FlushSoon();
                break;
            case WorkNoticed notice:
                var node = _nodes[notice.Node];
                if (notice.Work is not null) node.Running[notice.Sequence] = notice.Work;
                else node.Running.Remove(notice.Sequence);
                node.Draining.Remove(notice.Sequence);
                Report(node, notice.Incarnation, notice.Sequence, notice.Kind, done: notice.Done);
                break;
            case WorkDraining draining:
                _nodes[draining.Node].Running.Remove(draining.Sequence);
                _nodes[draining.Node].Draining.Add(draining.Sequence);
                break;
            case WorkStretched change:
                _nodes[change.Node].Running[change.Sequence] = change.Work;
                break;
            case NodeFailed failed:
                _nodes[failed.Node].Failed();
                Report(_nodes[failed.Node], failed.Incarnation, 0, ReportKind.NodeFailed, failed.Reason);
                break;
            default:
                return false;
        }

        return true;
    }

    private bool ReceiveFromCells(object message, IActorRef sender)
    {
        switch (message)
        {
            case NodeOrders orders:
                WithCell(orders.Cell, cell => CarryOut(cell, orders));
                break;
            case AdvertiseReply reply:
                WithCell(reply.Cell, cell => TakeAnswers(cell, reply));
                break;
            case BeatReply reply:
                WithCell(reply.Cell, cell => TakeBeatReply(cell, reply));
                break;
            case WorkReportsAck ack:
                WithCell(ack.Cell, cell =>
                {
                    foreach (var id in ack.Ids)
                        if (cell.Outbox.Acknowledge(id) is { Kind: ReportKind.Completed } report)
                            _nodes[report.Node].Actor?.Tell(
                                new ForgetWork(report.Sequence, report.Incarnation), _ports.Self);
                });
                break;
            case AuditHost audit:
                WithCell(audit.Cell, cell => sender.Tell(cell.Audit(_incarnation, audit.From), _ports.Self));
                break;
            case FaultOrder order:
                WithCell(order.Cell, cell =>
                {
                    if (OrderReader.Read(order) is { } fault) NodeOf(cell, order.Node)?.Tell(fault, _ports.Self);
                });
                break;
            default:
                return false;
        }

        return true;
    }

    private void TakeBeatReply(CellLink cell, BeatReply reply)
    {
        if (reply.Epoch < cell.Epoch) return;
        NoteEpoch(cell, reply.Epoch);
        if (!reply.Advertise) return;
        // Those without an answer advertise with every beat already.
        foreach (var node in cell.Nodes)
            if (!node.IsUnanswered)
                node.AskToAdvertise();
    }

    private void CarryOut(CellLink cell, NodeOrders orders)
    {
        if (orders.Epoch < cell.Epoch)
        {
            cell.OrdersRefused++;
            _log.Debug("orders of {0} refused: epoch {1} is older than {2}", cell.Cell, orders.Epoch, cell.Epoch);
            return;
        }

        NoteEpoch(cell, orders.Epoch);
        foreach (var stop in orders.Stops) NodeOf(cell, stop.Node)?.Tell(OrderReader.Read(stop), _ports.Self);
        foreach (var start in orders.Starts)
        {
            if (OrderReader.Read(start) is { } work) NodeOf(cell, start.Node)?.Tell(work, _ports.Self);
            else _log.Warning("a malformed start order of {0} is ignored: {1}", cell.Cell, start);
        }
    }

    private void TakeAnswers(CellLink cell, AdvertiseReply reply)
    {
        if (reply.Epoch < cell.Epoch) return;
        NoteEpoch(cell, reply.Epoch);
        foreach (var refused in reply.Refused)
            if (cell.Find(refused.Node) is { } node && node.IsNewRefusal(refused.Message))
                _log.Warning("{0} refuses node {1}: {2}", cell.Cell, refused.Node, refused.Message);
        cell.Answered(reply, _options.RefusedRetryBeats);
    }

    private void NoteEpoch(CellLink cell, long epoch)
    {
        if (!cell.IsRecovered(epoch)) return;
        foreach (var node in cell.Nodes) node.AskToAdvertise();
        // What was on its way to the owner before may be lost with it.
        cell.Outbox.SendAgain();
        FlushSoon();
    }

    private void WithCell(string name, Action<CellLink> action)
    {
        if (_cells.TryGetValue(name, out var cell)) action(cell);
        else _log.Warning("a message of cell {0} is ignored: no node here is in that cell", name);
    }

    private IActorRef? NodeOf(CellLink cell, string name)
    {
        if (cell.Find(name) is { } node) return node.Actor;
        _log.Warning("an order of {0} for {1} is ignored: the node is not here, or in another cell", cell.Cell, name);
        return null;
    }

    private HostStatus Status() => new(_name, _incarnation, [.. _cells.Values.Select(c => c.Status())]);

    private void CreateNode(NodeLink node) => node.Actor = _ports.StartNode(node);

    private void Report(NodeLink node, long incarnation, long sequence, ReportKind kind, string reason = "",
        double done = 0)
    {
        _cells[node.Spec.Cell].Outbox.Add(node.Spec.Id, incarnation, sequence, kind, reason, done);
        FlushSoon();
    }

    private void FlushSoon()
    {
        if (_flushIsDue) return;
        _flushIsDue = true;
        _ports.Once(_options.FlushAfter, Flush.Instance);
    }

    private void SendAll()
    {
        foreach (var message in _cells.Values.SelectMany(c => c.TakeMessages()))
            _ports.Cells.Tell(message, _ports.Self);
    }

    private sealed record CreateNodes(IReadOnlyList<NodeLink> Nodes, int From);

    private sealed record RestartNode(NodeLink Node);

    private sealed record Beat
    {
        public static readonly Beat Instance = new();
    }

    private sealed record ResendTick
    {
        public static readonly ResendTick Instance = new();
    }

    private sealed record Flush
    {
        public static readonly Flush Instance = new();
    }
}
