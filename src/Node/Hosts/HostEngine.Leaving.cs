using Akka.Actor;
using Akka.Event;
using Stockpile.Core.Commands;
using Stockpile.Node.Nodes;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Hosts;

/// <summary>
/// How a host stops when it is asked to. It tells its cells how far the work is, so that the last whole checkpoint
/// counts, and then that its nodes are gone, so that the work waits again at once and not after the time of silence.
/// </summary>
public sealed partial class HostEngine
{
    /// <summary>Why the nodes of a host that left are lost, as cells and users see it.</summary>
    public const string LeaveReason = LoseNode.HostStopped;

    private int _stillUp;

    /// <summary>From now on only what was said is repeated; nothing new is heard.</summary>
    private void Leave()
    {
        _ports.CancelTimers();
        _leaving = true;
        var now = _clock.GetUtcNow();
        foreach (var cell in _cells.Values)
            foreach (var beat in cell.LastBeats(_incarnation, now, _options.ProgressPerBeatMax))
                _ports.Cells.Tell(beat, _ports.Self);
        foreach (var node in _nodes.Values.Where(n => n.IsUp))
        {
            _stillUp++;
            node.Actor?.Tell(new FailNode(LeaveReason), _ports.Self);
        }

        _ports.Every(_options.LeaveResendAfter, ResendTick.Instance);
        _ports.Once(_options.LeaveWithin, GiveUp.Instance);
        FlushWhenAllAreDown();
    }

    /// <summary>Questions are answered to the end; orders, faults and adverts are for a host that stays.</summary>
    private bool ReceiveLeaving(object message, IActorRef sender)
    {
        switch (message)
        {
            case WorkNoticed notice:
                _cells[_nodes[notice.Node].Spec.Cell].Outbox.Add(
                    notice.Node, notice.Incarnation, notice.Sequence, notice.Kind, done: notice.Done);
                break;
            case NodeFailed failed:
                IsDown(_nodes[failed.Node], failed.Incarnation, failed.Reason);
                break;
            case WorkReportsAck ack:
                WithCell(ack.Cell, cell =>
                {
                    foreach (var id in ack.Ids) cell.Outbox.Acknowledge(id);
                    StopWhenAllIsSaid();
                });
                break;
            case ResendTick:
                foreach (var cell in _cells.Values) cell.Outbox.Tick(ticks: 1);
                FlushWhenAllAreDown();
                break;
            case GiveUp:
                _log.Warning(
                    "host {0} stops with {1} reports that no cell acknowledged; its silence will tell the rest",
                    _name, _cells.Values.Sum(c => c.Outbox.Waiting));
                _ports.Stop();
                break;
            case GetHostStatus:
                sender.Tell(Status(), _ports.Self);
                break;
            case AuditHost audit:
                WithCell(audit.Cell, cell => sender.Tell(cell.Audit(_incarnation, audit.From), _ports.Self));
                break;
        }

        return true;
    }

    private void IsDown(NodeLink node, long incarnation, string reason)
    {
        if (!node.IsUp) return;
        _stillUp--;
        node.Failed();
        _cells[node.Spec.Cell].Outbox.Add(node.Spec.Id, incarnation, 0, ReportKind.NodeFailed, reason);
        FlushWhenAllAreDown();
    }

    /// <summary>
    /// Nodes that go one after the other would be given each other's work, so they are reported together.
    /// </summary>
    private void FlushWhenAllAreDown()
    {
        if (_stillUp > 0) return;
        SendAll();
        StopWhenAllIsSaid();
    }

    private void StopWhenAllIsSaid()
    {
        if (_stillUp > 0 || _cells.Values.Any(c => c.Outbox.Waiting > 0)) return;
        _log.Info("host {0} has told its cells that its nodes leave", _name);
        _ports.Stop();
    }

    private sealed record GiveUp
    {
        public static readonly GiveUp Instance = new();
    }
}

/// <summary>Asks a host, within its process, to leave: it tells its cells and then stops.</summary>
public sealed record LeaveHost
{
    public static readonly LeaveHost Instance = new();
}
