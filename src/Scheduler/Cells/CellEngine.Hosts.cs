using Akka.Actor;
using Akka.Event;
using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Mapping;
using Round = Stockpile.Core.State.Round;

namespace Stockpile.Scheduler.Cells;

/// <summary>The cell's dealings with node hosts.</summary>
public sealed partial class CellEngine
{
    private void OnAdvertise(AdvertiseNodes message, IActorRef host)
    {
        _hosts.Seen(message.Host, host, incarnation: 0);
        Enqueue(round =>
        {
            var reply = new AdvertiseReply { Cell = _cell };
            foreach (var node in message.Nodes)
            {
                var before = _state.FindNode(node.Node);
                var decision = round.Run(new AdmitNode(AdmittedOf(message.Host, node), node.Running));
                if (decision is Rejected(var refusal))
                {
                    Refuse(message.Host, node, refusal);
                    reply.Refused.Add(new RefusedNode
                    {
                        Node = node.Node,
                        Message = refusal.Message,
                        Incarnation = node.Incarnation,
                        KnownIncarnation = refusal.Field == "incarnation" ? before?.Admitted.Incarnation ?? 0 : 0,
                    });
                    continue;
                }

                if (decision is Accepted && before?.Admitted.Incarnation != node.Incarnation)
                    _hosts.ForgetNode(node.Node);
                Welcome(before, _state.FindNode(node.Node)!);
                reply.Admitted.Add(node.Node);
                reply.AdmittedIncarnations.Add(node.Incarnation);
            }

            return () =>
            {
                reply.Epoch = _state.Epoch;
                host.Tell(reply, _ports.Self);
                StopStrangers(message);
                _hosts.SendDue(_state, _state.Unstarted, NameOf, _ports.Self);
            };
        });
    }

    private void Refuse(string host, NodeAdvert node, Refusal refusal)
    {
        // An advert that was overtaken by a newer one says nothing about the node as it is, unless there is none.
        if (refusal.Field == "incarnation" && _state.FindNode(node.Node) is not { Lost: true }) return;
        if (_refused.Note(host, node, refusal.Message))
            _log.Warning("cell {0} refuses node {1}: {2}", _cell, node.Node, refusal.Message);
    }

    private void Welcome(NodeState? before, NodeState node)
    {
        _refused.Forget(node.Id);
        if (CellMapping.TierNote(_state, node) is { Length: > 0 } note && before?.Admitted.Tier != node.Admitted.Tier)
            _log.Warning("cell {0}: node {1} {2}; it counts as {3}", _cell, node.Id, note, node.Accelerator.Model);
    }

    /// <summary>What a node runs and the cell does not know has ended here; it must not go on there.</summary>
    private void StopStrangers(AdvertiseNodes message)
    {
        foreach (var node in message.Nodes)
            foreach (var sequence in node.Running)
                if (_state.FindAllocation(sequence)?.Node.Id != node.Node)
                    _hosts.Stop(message.Host, node.Node, "", sequence);
    }

    private static NodeAdmitted AdmittedOf(string host, NodeAdvert advert) => new(
        advert.Node, host, advert.Incarnation, advert.Model, advert.Devices, advert.CpuMilli, advert.MemoryMib,
        new SortedDictionary<string, string>(advert.Labels, StringComparer.Ordinal))
    {
        Tier = advert.Tier,
    };

    private void OnBeat(HostBeat beat, IActorRef host)
    {
        var anew = _hosts.Seen(beat.Host, host, beat.HostIncarnation);
        if (beat.WallMs > 0) _clocks.Note(beat.Host, WireTime.Instant(beat.WallMs));
        if (!_ready) return;
        var known = _state.Nodes.Count(n => !n.Lost && n.Admitted.Host == beat.Host);
        // Those that were refused ask again by themselves.
        known += _refused.Of(beat.Host).Count(n => _state.FindNode(n) is not { Lost: false });
        var advertise = anew || known != beat.Nodes;
        host.Tell(new BeatReply { Cell = _cell, Epoch = _state.Epoch, Advertise = advertise }, _ports.Self);
        var commands = _progress.Report(_state, beat.Progress.Select(p => (p.Sequence, p.Done)));
        if (commands.Count == 0) return;
        Enqueue(round =>
        {
            foreach (var command in commands) round.Run(command);
            return null;
        });
    }

    private void OnReports(WorkReports message, IActorRef host)
    {
        _hosts.Seen(message.Host, host, incarnation: 0);
        Enqueue(round =>
        {
            foreach (var report in message.Reports) Take(round, message.Host, report);
            return () =>
            {
                var ack = new WorkReportsAck { Cell = _cell };
                ack.Ids.AddRange(message.Reports.Select(r => r.Id));
                host.Tell(ack, _ports.Self);
            };
        });
    }

    private void Take(RoundWriter round, string host, WorkReport report)
    {
        switch (report.Kind)
        {
            case ReportKind.Started:
                round.Run(new ReportStarted(report.Node, report.Sequence));
                _hosts.Started(report.Sequence);
                // An order that met a node's next incarnation, or came after the end: nothing here knows that it runs.
                if (_state.FindAllocation(report.Sequence)?.Node.Id != report.Node)
                    _hosts.Stop(host, report.Node, "", report.Sequence);
                break;
            case ReportKind.Completed:
                round.Run(new ReportCompleted(report.Node, report.Sequence));
                // Whatever should have stopped it came too late, and it is over now.
                if (_hosts.Stopped(report.Sequence, done: 1) is { } done) round.Run(done);
                break;
            case ReportKind.Stopped:
                if (_hosts.Stopped(report.Sequence, report.Done) is { } rest) round.Run(rest);
                break;
            case ReportKind.NodeFailed:
                // A late one is of an incarnation before: what the present one has to stop, it still has to.
                if (round.Run(new LoseNode(report.Node, report.Incarnation, report.Reason)
                    {
                        Failed = report.Reason != LoseNode.HostStopped,
                    }) is Accepted)
                    _hosts.ForgetNode(report.Node);
                break;
            default:
                _log.Warning("cell {0} does not know the report {1} of node {2}", _cell, report.Kind, report.Node);
                break;
        }
    }

    private void LoseHost(string host)
    {
        _log.Warning("cell {0} has not heard of host {1} for {2}; its nodes are lost", _cell, host,
            _options.HostSilenceMax);
        _refused.ForgetHost(host);
        _clocks.Forget(host);
        Enqueue(round =>
        {
            var nodes = _state.Nodes.Where(n => n.Admitted.Host == host).ToList();
            foreach (var node in nodes.Where(n => !n.Lost))
            {
                // A host with one node is that node; of several none is to blame.
                round.Run(new LoseNode(node.Id, 0, $"its host {host} fell silent") { Failed = nodes.Count == 1 });
                _hosts.ForgetNode(node.Id);
            }

            return null;
        });
    }

    private void SendOrders(Round round)
    {
        var placed = round.Events.OfType<JobPlaced>()
            .SelectMany(p => p.Allocations)
            .Select(a => _state.FindAllocation(a.Sequence))
            .OfType<AllocationState>();
        _hosts.SendDue(_state, placed, NameOf, _ports.Self);
    }
}
