using Akka.Actor;
using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Placement;
using Stockpile.Core.Routing;
using Stockpile.Core.State;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Mapping;
using DrainNode = Stockpile.Core.Commands.DrainNode;
using ResumeNode = Stockpile.Core.Commands.ResumeNode;

namespace Stockpile.Scheduler.Cells;

/// <summary>The cell's answers to the router. Questions wait for the round in flight too, so that nobody learns of
/// something that is not durable yet.</summary>
public sealed partial class CellEngine
{
    private void OnRequest(ICellMessage message, IActorRef client) => Enqueue(round =>
    {
        Func<IWireMessage> answer = message switch
        {
            SubmitJobs m => Submit(round, m),
            Protocol.V1.CancelJob m => Cancel(round, m),
            Protocol.V1.DrainNode m => ChangeNode(round, m.Node, new DrainNode(m.Node)
            {
                By = m.DeadlineMs > 0 ? round.At.AddMilliseconds(m.DeadlineMs) : null,
                Cordon = m.Cordon,
            }),
            Protocol.V1.ResumeNode m => ChangeNode(round, m.Node, new ResumeNode(m.Node)),
            FaultNode m => () => Fault(m),
            FindKeys m => () => Known(m),
            CouldRun m => () => Feasibility.ReachOf(_state, m.Spec.FromWire()).ToWire(_cell),
            GetJob m => () => Job(m.Number, m.Origin, m.AllocationsAfter),
            ListJobs m => () => CellMapping.Jobs(_state, m, _clocks.Since),
            WhyJob m => () => Why(m.Number, m.Origin),
            ListNodes m => () => CellMapping.Nodes(_state, m, _refused, _clocks.NoteOf),
            GetNode m => () => Node(m.Node, m.AllocationsAfter),
            GetCell => () => View(AllocationsHash.Of(_state)),
            AuditCell m => () => _audits.Part(m, _state, _ports.Member, _hosts.Heard()),
            _ => throw new ArgumentException($"cell {_cell} does not answer a {message.GetType().Name}"),
        };
        return () => client.Tell(answer(), _ports.Self);
    });

    /// <summary>The host answers whoever asks; only where it is not known the cell does.</summary>
    private void OnAuditHost(AuditHost message, IActorRef client)
    {
        if (!_hosts.Tell(message.Host, message, client))
            client.Tell(new HostAudit { Cell = _cell, Host = message.Host, Unknown = true }, _ports.Self);
    }

    private Func<IWireMessage> Submit(RoundWriter round, SubmitJobs message)
    {
        if (message is { DryRun: true, WhatIf: true })
            return () => WhyMapping.WhatIf(_state, message, _clocks.Now, _progress);
        if (message.DryRun) return () => Check(message);
        var decisions = new List<(Decision Decision, long Job, bool Repeated)>(message.Jobs.Count);
        foreach (var submission in message.Jobs)
        {
            var number = _state.NextJob;
            var decision = round.Run(ToSubmit(submission));
            KeepKey(round, submission, decision);
            if (decision is Accepted) _recent.Brought(submission, number);
            decisions.Add(decision is AlreadyDone done
                ? (decision, done.Job, !_recent.IsFrom(submission, done.Job)) : (decision, number, false));
        }

        return () =>
        {
            // One job is explained; a batch must not cost a look at all nodes for each of its jobs.
            var explain = decisions.Count == 1;
            var room = new CellMapping.Room();
            var reply = new SubmitJobsReply { Round = _state.RoundNumber };
            foreach (var (decision, job, repeated) in decisions)
                reply.Results.Add(decision is Rejected(var refusal)
                    ? new SubmitResult { Refusal = refusal.ToWire() }
                    : new SubmitResult
                    {
                        Job = CellMapping.Job(
                            _state, _state.FindJob(job)!, _progress, explain: explain, room: room),
                        Repeated = repeated,
                    });
            return reply;
        };
    }

    private SubmitJobsReply Check(SubmitJobs message)
    {
        var reply = new SubmitJobsReply();
        foreach (var submission in message.Jobs)
            reply.Results.Add(
                CellDecider.Decide(_state, ToSubmit(submission)) is Rejected no
                    ? new SubmitResult { Refusal = no.Refusal.ToWire() }
                    : new SubmitResult());
        return reply;
    }

    private Func<IWireMessage> Cancel(RoundWriter round, Protocol.V1.CancelJob message)
    {
        if (Find(message.Number, message.Origin) is not { } job)
            return () => Job(message.Number, message.Origin);
        var decision = round.Run(new Core.Commands.CancelJob(job.Number));
        return () => decision is Rejected(var refusal)
            ? new JobReply { Refusal = refusal.ToWire() }
            : Job(message.Number, message.Origin);
    }

    /// <summary>By its number here, or by the id that another cell gave it.</summary>
    private JobState? Find(long number, string origin) =>
        origin.Length == 0 ? _state.FindJob(number) : _state.FindAdopted(origin);

    private Func<IWireMessage> ChangeNode(RoundWriter round, string node, CellCommand command)
    {
        var decision = round.Run(command);
        return () => decision is Rejected(var refusal) ? new NodeReply { Refusal = refusal.ToWire() } : Node(node);
    }

    private NodeReply Fault(FaultNode message)
    {
        if (_state.FindNode(message.Node) is not { } node) return Node(message.Node);
        var kind = message.Fault switch
        {
            "fail" => FaultKind.Fail,
            "slow" => FaultKind.Slow,
            "recover" => FaultKind.Recover,
            _ => FaultKind.Unspecified,
        };
        if (kind == FaultKind.Unspecified || (kind == FaultKind.Slow && !(message.Factor > 1)))
            return new NodeReply { Refusal = RefusalWire.ToWire(new Refusal(Refusal.Invalid, "kind",
                $"'{Names.Shorten(message.Fault)}' with factor {message.Factor}: fail, recover, or slow with a factor "
                + "above 1 are allowed")) };
        var order = new FaultOrder { Cell = _cell, Node = node.Id, Kind = kind, Factor = message.Factor };
        return _hosts.Tell(node.Admitted.Host, order, _ports.Self)
            ? Node(node.Id)
            : new NodeReply { Refusal = RefusalWire.ToWire(new Refusal(Refusal.Unavailable, "id",
                $"the host {node.Admitted.Host} of node {node.Id} does not answer")) };
    }

    private FindKeysReply Known(FindKeys message)
    {
        var reply = new FindKeysReply { Cell = _cell };
        reply.Known.AddRange(message.Keys.Where(key => _state.FindKey(key) is not null));
        return reply;
    }

    private JobReply Job(long number, string origin, long after = 0) => Find(number, origin) is { } job
        ? new JobReply
        {
            // What follows the first allocations is for a client that has the reason already.
            Job = CellMapping.Job(
                _state, job, _progress, explain: after == 0, room: new CellMapping.Room(), after: after),
        }
        : new JobReply { Refusal = NoJob(number, origin) };

    private WhyReply Why(long number, string origin)
    {
        if (Find(number, origin) is not { } job) return new WhyReply { Refusal = NoJob(number, origin) };
        var now = _clocks.Now;
        var elsewhere = _options.Cells is { } cells
            ? Elsewhere.Look(_state, TableOf(cells.Others(_cell)), MayGo, job, now)
            : null;
        var reply = WhyMapping.Of(_state, job, now, _progress, elsewhere, _starts);
        reply.Clock = _clocks.Line;
        return reply;
    }

    private NodeReply Node(string id, long after = 0) => _state.FindNode(id) is { } node
        ? new NodeReply
        {
            Node = CellMapping.Node(_state, node, allocations: true, _refused.ReasonOf(id), after,
                _clocks.NoteOf(node.Admitted.Host)),
        }
        : _refused.View(_cell, id) is { } refused ? new NodeReply { Node = refused }
        : new NodeReply { Refusal = RefusalWire.ToWire(new Refusal(Refusal.NotFound, "id",
            $"there is no node {Names.Shorten(id)} in cell {_cell}")) };

    private RefusalMsg NoJob(long number, string origin) => RefusalWire.ToWire(new Refusal(Refusal.NotFound, "id",
        $"there is no job {(origin.Length > 0 ? origin : new JobId(_cell, number).ToString())}"));
}
