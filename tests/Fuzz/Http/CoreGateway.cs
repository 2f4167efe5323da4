using System.Security.Cryptography;
using Google.Protobuf;
using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Placement;
using Stockpile.Core.State;
using Stockpile.Fuzz.Tests.Files;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Audit;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Mapping;
using Stockpile.Scheduler.Routing;
using CoreCancel = Stockpile.Core.Commands.CancelJob;
using CoreDrain = Stockpile.Core.Commands.DrainNode;
using CoreResume = Stockpile.Core.Commands.ResumeNode;

namespace Stockpile.Fuzz.Tests.Http;

/// <summary>
/// A cluster of one cell without actors or journal: the router's choice, the real decisions, the real state and the
/// real scheduling cycle, all on the caller's thread.
/// </summary>
internal sealed class CoreGateway : IStockpileGateway
{
    private const string Cell = "north";

    /// <summary>A new cell now and then: the digest of a large one would take all the time there is.</summary>
    private const int JobsMax = 60;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ProgressBoard _progress = new();
    private CellState _state = NewCell();
    private long _steps;

    /// <summary>Of everything the cell knows.</summary>
    public string Digest() => Convert.ToHexString(SHA256.HashData(_state.Capture().ToWire().ToByteArray()));

    /// <summary>Called between requests.</summary>
    public void KeepSmall()
    {
        if (_state.Jobs.Count > JobsMax) _state = NewCell();
    }

    public Task<SubmitJobsReply> SubmitAsync(
        IReadOnlyList<Submission> jobs, SubmitMode mode, CancellationToken cancel)
    {
        var message = new SubmitJobs { Cell = Cell };
        message.Jobs.AddRange(jobs.Select(j => Submission.Parser.ParseFrom(j.ToByteArray())));
        var reply = new SubmitJobsReply();
        foreach (var job in message.Jobs)
            if (Feasibility.WhyNever(_state, job.Spec.FromWire()) is { } refusal)
                reply.Results.Add(new SubmitResult { Refusal = ToWire(refusal) });
        if (reply.Results.Count > 0)
        {
            // All or none, and each result at its job's place.
            while (reply.Results.Count < jobs.Count) reply.Results.Add(reply.Results[0].Clone());
            return Task.FromResult(reply);
        }

        if (mode == SubmitMode.DryRun)
        {
            message.DryRun = message.WhatIf = true;
            return Task.FromResult(WhyMapping.WhatIf(_state, message, _state.At, _progress));
        }

        var specs = message.Jobs.Select(j => new SubmitJob(j.Key, j.Spec.FromWire())).ToList();
        if (mode == SubmitMode.AllOrNothing
            && specs.Select(s => CellDecider.Decide(_state, s)).OfType<Rejected>().FirstOrDefault() is { } no)
        {
            reply.Results.AddRange(specs.Select(_ => new SubmitResult { Refusal = ToWire(no.Refusal) }));
            return Task.FromResult(reply);
        }

        Round(round =>
        {
            foreach (var spec in specs)
            {
                var number = _state.NextJob;
                reply.Results.Add(round.Run(spec) switch
                {
                    Rejected(var refusal) => new SubmitResult { Refusal = ToWire(refusal) },
                    AlreadyDone done => new SubmitResult { Job = View(done.Job), Repeated = true },
                    _ => new SubmitResult { Job = View(number) },
                });
            }
        });
        return Task.FromResult(reply);
    }

    public Task<JobReply> GetJobAsync(JobId id, CancellationToken cancel) => Task.FromResult(Find(id));

    public Task<JobReply> CancelJobAsync(JobId id, CancellationToken cancel)
    {
        if (Find(id) is { Refusal: not null } none) return Task.FromResult(none);
        Decision? decision = null;
        Round(round => decision = round.Run(new CoreCancel(id.Number)));
        return Task.FromResult(decision is Rejected(var no) ? new JobReply { Refusal = ToWire(no) } : Find(id));
    }

    public Task<JobsReply> ListJobsAsync(JobFilter filter, CancellationToken cancel) =>
        Task.FromResult(CellMapping.Jobs(_state, new ListJobs
        {
            Cell = Cell, State = filter.State ?? "", Kind = filter.Kind ?? "", Tenant = filter.Tenant ?? "",
            Limit = filter.Limit, After = filter.After?.ToString() ?? "",
        }, since: _ => TimeSpan.Zero));

    public Task<WhyReply> WhyAsync(JobId id, CancellationToken cancel) => Task.FromResult(
        id.Cell == Cell && _state.FindJob(id.Number) is { } job
            ? WhyMapping.Of(_state, job, _state.At, _progress)
            : new WhyReply { Refusal = None("job", id.ToString()) });

    public Task<NodesReply> ListNodesAsync(NodeFilter filter, CancellationToken cancel) =>
        Task.FromResult(CellMapping.Nodes(_state, new ListNodes
        {
            Cell = Cell, Model = filter.Model ?? "", Tier = filter.Tier ?? "", State = filter.State ?? "",
            Limit = filter.Limit, After = filter.After?.Node ?? "",
        }));

    public Task<NodeReply> GetNodeAsync(string node, CancellationToken cancel) => Task.FromResult(
        _state.FindNode(node) is { } known
            ? new NodeReply { Node = CellMapping.Node(_state, known, allocations: true) }
            : new NodeReply { Refusal = None("node", node) });

    public Task<NodeReply> DrainNodeAsync(string node, TimeSpan? deadline, bool cordon, CancellationToken cancel) =>
        Change(node, new CoreDrain(node) { By = deadline is { } within ? _state.At + within : null, Cordon = cordon });

    public Task<NodeReply> ResumeNodeAsync(string node, CancellationToken cancel) =>
        Change(node, new CoreResume(node));

    public Task<NodeReply> FaultNodeAsync(string node, string fault, double factor, CancellationToken cancel) =>
        GetNodeAsync(node, cancel);

    public Task<IReadOnlyList<CellView>> CellsAsync(CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<CellView>>([CellMapping.Cell(_state, _state.At)]);

    public Task<Standing> StandingAsync(CancellationToken cancel) => Task.FromResult(new Standing(true, []));

    public Task<IReadOnlyList<HistoryEntry>> HistoryAsync(JobId id, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<HistoryEntry>>(_state.FindJob(id.Number) is null
            ? []
            : [new HistoryEntry(_state.At, Cell, 1, 1, "JobSubmitted", "")]);

    public Task<IReadOnlyList<CellView>> CellsAtAsync(DateTimeOffset at, CancellationToken cancel) =>
        CellsAsync(cancel);

    public Task<AuditReport> AuditAsync(CancellationToken cancel) => Task.FromResult(new AuditReport([], [], 1, 0));

    private static CellState NewCell()
    {
        var state = new CellState(Cell, Seeds.Catalog, Seeds.Policy);
        var round = new RoundWriter(state, Start);
        foreach (var (index, model) in new[] { "H800", "H800", "H20", "T4" }.Index())
            round.Run(new AdmitNode(new NodeAdmitted($"n{index}", "h", 1, model, 8, 128_000, 1 << 20,
                new SortedDictionary<string, string>(StringComparer.Ordinal) { ["rack"] = "r1" }), []));
        round.Close();
        return state;
    }

    private void Round(Action<RoundWriter> run)
    {
        var round = new RoundWriter(_state, Start.AddSeconds(++_steps));
        run(round);
        if (round.Count == 0) return;
        SchedulingCycle.Run(_state, round);
        round.Close();
    }

    private Task<NodeReply> Change(string node, CellCommand command)
    {
        Decision? decision = null;
        Round(round => decision = round.Run(command));
        return decision is Rejected(var no)
            ? Task.FromResult(new NodeReply { Refusal = ToWire(no) })
            : GetNodeAsync(node, CancellationToken.None);
    }

    private JobReply Find(JobId id) => id.Cell == Cell && _state.FindJob(id.Number) is not null
        ? new JobReply { Job = View(id.Number) }
        : new JobReply { Refusal = None("job", id.ToString()) };

    private JobView View(long number) => CellMapping.Job(_state, _state.FindJob(number)!, _progress);

    private static RefusalMsg None(string what, string id) =>
        ToWire(new Refusal(Refusal.NotFound, "id", $"there is no {what} {Names.Shorten(id)}"));

    private static RefusalMsg ToWire(Refusal refusal) =>
        new() { Code = refusal.Code, Field = refusal.Field, Message = refusal.Message };
}
