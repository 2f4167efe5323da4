using Akka.Actor;
using Akka.Event;
using Stockpile.Core.Fleets;
using Stockpile.Node.Nodes;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Hosts;

/// <summary>
/// All nodes of one process, and their only voice towards the cells: it gathers what they say into few messages,
/// repeats it until it is answered, beats for all of them, and hands the cells' orders on.
/// </summary>
public sealed partial class HostActor : ReceiveActor, IWithTimers
{
    public const string ActorName = "host";

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, CellLink> _cells = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NodeLink> _nodes = new(StringComparer.Ordinal);
    private readonly string _name;
    private readonly IActorRef _cellRegion;
    private readonly TimeProvider _clock;
    private readonly HostOptions _options;
    private readonly long _incarnation;
    private bool _flushIsDue;

    public HostActor(
        string name, IReadOnlyList<NodeSpec> nodes, Catalog catalog, IActorRef cells, TimeProvider clock,
        HostOptions options)
    {
        _name = name;
        _cellRegion = cells;
        _clock = clock;
        _options = options;
        _incarnation = options.NextIncarnation();
        foreach (var spec in nodes)
        {
            if (!_cells.TryGetValue(spec.Cell, out var cell))
                _cells.Add(spec.Cell, cell = new CellLink(spec.Cell, name));
            var node = new NodeLink(spec, catalog.Find(spec.Model)!.Tier, _incarnation);
            cell.Add(node);
            _nodes.Add(spec.Id, node);
        }

        ReceiveFromSelf();
        ReceiveFromNodes();
        ReceiveFromCells();
        Receive<LeaveHost>(_ => Leave());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="cells">The shard region of the cells, or its proxy.</param>
    /// <param name="clock">Simulated time.</param>
    /// <exception cref="ArgumentException">The nodes cannot be hosted; the message says which and why.</exception>
    public static Props Props(
        string hostName, IReadOnlyList<NodeSpec> nodes, Catalog catalog, IActorRef cells, TimeProvider clock,
        HostOptions options)
    {
        HostedNodes.Check(hostName, nodes, catalog);
        return Akka.Actor.Props.Create(() => new HostActor(hostName, nodes, catalog, cells, clock, options));
    }

    protected override void PreStart()
    {
        Self.Tell(new CreateNodes([.. _nodes.Values], 0));
        Timers.StartPeriodicTimer(nameof(Beat), new Beat(), _options.BeatInterval);
        // Two ticks make one resend interval, so that a report waits for one to one and a half of it.
        Timers.StartPeriodicTimer(nameof(ResendTick), new ResendTick(), _options.ReportResendAfter / 2);
    }

    // A node that throws does not carry on with a state nobody planned: it fails with all it runs, and comes back as
    // a new incarnation, as a real machine does after a crash.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private void ReceiveFromSelf()
    {
        Receive<CreateNodes>(create =>
        {
            var end = Math.Min(create.Nodes.Count, create.From + _options.NodesPerTurnMax);
            for (var i = create.From; i < end; i++) CreateNode(create.Nodes[i]);
            if (end < create.Nodes.Count) Self.Tell(create with { From = end });
        });
        Receive<Beat>(_ =>
        {
            var now = _clock.GetUtcNow();
            foreach (var cell in _cells.Values)
            {
                _cellRegion.Tell(cell.Beat(_incarnation, now, _options.ProgressPerBeatMax), Self);
                foreach (var node in cell.Nodes)
                    if (node.IsDueOnBeat())
                        node.Actor?.Tell(Advertise.Instance);
            }
        });
        Receive<ResendTick>(_ =>
        {
            foreach (var cell in _cells.Values) cell.Outbox.Tick(ticks: 2);
            FlushSoon();
        });
        Receive<Flush>(_ =>
        {
            _flushIsDue = false;
            foreach (var message in _cells.Values.SelectMany(c => c.TakeMessages())) _cellRegion.Tell(message, Self);
        });
        Receive<RestartNode>(restart => CreateNode(restart.Node));
        Receive<GetHostStatus>(_ => Sender.Tell(Status()));
    }

    private void ReceiveFromNodes()
    {
        Receive<NodeAdvertised>(advert =>
        {
            _nodes[advert.Node].Advertised(advert);
            FlushSoon();
        });
        Receive<WorkNoticed>(notice =>
        {
            var node = _nodes[notice.Node];
            if (notice.Work is not null) node.Running[notice.Sequence] = notice.Work;
            else node.Running.Remove(notice.Sequence);
            node.Draining.Remove(notice.Sequence);
            Report(node, notice.Incarnation, notice.Sequence, notice.Kind, done: notice.Done);
        });
        Receive<WorkDraining>(draining =>
        {
            var node = _nodes[draining.Node];
            node.Running.Remove(draining.Sequence);
            node.Draining.Add(draining.Sequence);
        });
        Receive<WorkStretched>(change => _nodes[change.Node].Running[change.Sequence] = change.Work);
        Receive<NodeFailed>(failed =>
        {
            var node = _nodes[failed.Node];
            node.Failed();
            Report(node, failed.Incarnation, 0, ReportKind.NodeFailed, failed.Reason);
        });
        Receive<Terminated>(gone =>
        {
            var node = _nodes[gone.ActorRef.Path.Name];
            _log.Error("the actor of node {0} broke; a new one starts in {1}", node.Spec.Id, _options.NodeRestartAfter);
            Report(node, node.Incarnation, 0, ReportKind.NodeFailed, "the node's program broke");
            node.ActorGone();
            Timers.StartSingleTimer(("restart", node.Spec.Id), new RestartNode(node), _options.NodeRestartAfter);
        });
    }

    private void ReceiveFromCells()
    {
        Receive<NodeOrders>(orders => WithCell(orders.Cell, cell => CarryOut(cell, orders)));
        Receive<AdvertiseReply>(reply => WithCell(reply.Cell, cell => TakeAnswers(cell, reply)));
        Receive<BeatReply>(reply => WithCell(reply.Cell, cell =>
        {
            if (reply.Epoch < cell.Epoch) return;
            NoteEpoch(cell, reply.Epoch);
            if (!reply.Advertise) return;
            // Those without an answer advertise with every beat already.
            foreach (var node in cell.Nodes)
                if (!node.IsUnanswered)
                    node.AskToAdvertise();
        }));
        Receive<WorkReportsAck>(ack => WithCell(ack.Cell, cell =>
        {
            foreach (var id in ack.Ids)
                if (cell.Outbox.Acknowledge(id) is { Kind: ReportKind.Completed } report)
                    _nodes[report.Node].Actor?.Tell(new ForgetWork(report.Sequence, report.Incarnation));
        }));
        Receive<AuditHost>(audit => WithCell(audit.Cell, cell => Sender.Tell(cell.Audit(_incarnation), Self)));
        Receive<FaultOrder>(order => WithCell(order.Cell, cell =>
        {
            if (OrderReader.Read(order) is { } fault) NodeOf(cell, order.Node)?.Tell(fault);
        }));
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
        foreach (var stop in orders.Stops) NodeOf(cell, stop.Node)?.Tell(OrderReader.Read(stop));
        foreach (var start in orders.Starts)
        {
            if (OrderReader.Read(start) is { } work) NodeOf(cell, start.Node)?.Tell(work);
            else _log.Warning("a malformed start order of {0} is ignored: {1}", cell.Cell, start);
        }
    }

    private void TakeAnswers(CellLink cell, AdvertiseReply reply)
    {
        if (reply.Epoch < cell.Epoch) return;
        NoteEpoch(cell, reply.Epoch);
        foreach (var refused in reply.Refused)
            _log.Warning("{0} refuses node {1}: {2}", cell.Cell, refused.Node, refused.Message);
        cell.Answered(reply, _options.RefusedRetryBeats);
    }

    private static void NoteEpoch(CellLink cell, long epoch)
    {
        if (!cell.IsRecovered(epoch)) return;
        foreach (var node in cell.Nodes) node.AskToAdvertise();
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

    private void CreateNode(NodeLink node) =>
        node.Actor = Context.Watch(
            Context.ActorOf(NodeActor.Props(node.Spec, node.Incarnation, _clock), node.Spec.Id));

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
        Timers.StartSingleTimer(nameof(Flush), new Flush(), _options.FlushAfter);
    }

    private sealed record CreateNodes(IReadOnlyList<NodeLink> Nodes, int From);

    private sealed record RestartNode(NodeLink Node);

    private sealed record Beat;

    private sealed record ResendTick;

    private sealed record Flush;
}
