using Akka.Actor;
using Akka.Hosting;
using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Audit;

namespace Stockpile.Scheduler.Routing;

/// <summary>The cluster through this process's router and, for the past, through the journal.</summary>
public sealed class Gateway(IRequiredActor<RouterActor> router, JournalReader journal) : IStockpileGateway
{
    /// <summary>Longer than the router's own attempts together.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public Task<SubmitJobsReply> SubmitAsync(
        IReadOnlyList<Submission> jobs, SubmitMode mode, CancellationToken cancel) =>
        Ask<SubmitJobsReply>(new RouterShell.Submit(jobs, mode), cancel);

    public Task<JobReply> GetJobAsync(JobId id, CancellationToken cancel) =>
        AskJob(id, new GetJob { Cell = id.Cell, Number = id.Number },
            cell => new GetJob { Cell = cell, Origin = id.ToString() }, cancel);

    public Task<JobReply> CancelJobAsync(JobId id, CancellationToken cancel) =>
        AskJob(id, new CancelJob { Cell = id.Cell, Number = id.Number },
            cell => new CancelJob { Cell = cell, Origin = id.ToString() }, cancel);

    public async Task<WhyReply> WhyAsync(JobId id, CancellationToken cancel)
    {
        try
        {
            var message = new WhyJob { Cell = id.Cell, Number = id.Number };
            return await Moved.FollowAsync(
                await Ask(message).ConfigureAwait(false), r => r.Job,
                (cell, job) => new WhyJob { Cell = cell, Origin = job }, Ask).ConfigureAwait(false);
        }
        catch (UnknownCellException)
        {
            return new WhyReply { Refusal = NotFound("job", id.ToString()) };
        }

        Task<WhyReply> Ask(ICellMessage question) => Ask<WhyReply>(new RouterShell.ToCell(question), cancel);
    }

    public async Task<JobsReply> ListJobsAsync(JobFilter filter, CancellationToken cancel)
    {
        var replies = await AskAll<JobsReply>(filter.Cell, cell => new ListJobs
        {
            Cell = cell,
            State = filter.State ?? "",
            Kind = filter.Kind ?? "",
            Tenant = filter.Tenant ?? "",
            Limit = filter.Limit,
        }, cancel).ConfigureAwait(false);
        // A job on its way between two cells is told by both.
        var jobs = replies.SelectMany(r => r.Jobs).DistinctBy(j => j.Id, StringComparer.Ordinal).ToList();
        var twice = replies.Sum(r => r.Jobs.Count) - jobs.Count;
        var all = new JobsReply { Total = replies.Sum(r => r.Total) - twice };
        all.Jobs.AddRange(jobs
            .OrderByDescending(j => j.SubmittedAtMs).ThenBy(j => j.Id, StringComparer.Ordinal)
            .Take(filter.Limit));
        return all;
    }

    public async Task<NodesReply> ListNodesAsync(NodeFilter filter, CancellationToken cancel)
    {
        var replies = await AskAll<NodesReply>(filter.Cell, cell => new ListNodes
        {
            Cell = cell,
            Model = filter.Model ?? "",
            Tier = filter.Tier ?? "",
            State = filter.State ?? "",
            Limit = filter.Limit,
        }, cancel).ConfigureAwait(false);
        var all = new NodesReply { Total = replies.Sum(r => r.Total) };
        all.Nodes.AddRange(replies.SelectMany(r => r.Nodes).Take(filter.Limit));
        return all;
    }

    public Task<NodeReply> GetNodeAsync(string node, CancellationToken cancel) =>
        AskNode(node, cell => new GetNode { Cell = cell, Node = node }, cancel);

    public Task<NodeReply> DrainNodeAsync(string node, TimeSpan? deadline, bool cordon, CancellationToken cancel) =>
        AskNode(node, cell => new DrainNode
        {
            Cell = cell,
            Node = node,
            DeadlineMs = (deadline ?? TimeSpan.Zero).ToWireMs(),
            Cordon = cordon,
        }, cancel);

    public Task<NodeReply> ResumeNodeAsync(string node, CancellationToken cancel) =>
        AskNode(node, cell => new ResumeNode { Cell = cell, Node = node }, cancel);

    public Task<NodeReply> FaultNodeAsync(string node, string fault, double factor, CancellationToken cancel) =>
        AskNode(node, cell => new FaultNode { Cell = cell, Node = node, Fault = fault, Factor = factor }, cancel);

    public Task<IReadOnlyList<CellView>> CellsAsync(CancellationToken cancel) =>
        AskAll<CellView>(null, cell => new GetCell { Cell = cell }, cancel);

    public Task<Standing> StandingAsync(CancellationToken cancel) =>
        Ask<Standing>(RouterShell.GetStanding.Instance, cancel);

    public Task<IReadOnlyList<HistoryEntry>> HistoryAsync(JobId id, CancellationToken cancel) =>
        journal.HistoryAsync(id, cancel);

    public async Task<IReadOnlyList<CellView>> CellsAtAsync(DateTimeOffset at, CancellationToken cancel)
    {
        // The journal names them, so that the past is there while cells are not.
        var cells = await journal.CellsAsync().ConfigureAwait(false);
        var past = await Task.WhenAll(cells.Select(c => journal.CellAtAsync(c, at, cancel))).ConfigureAwait(false);
        return [.. past];
    }

    public Task<AuditReport> AuditAsync(CancellationToken cancel) =>
        new ClusterAuditor(AskOnceAsync, journal, TimeProvider.System).RunAsync(cancel);

    /// <summary>The auditor looks several times, so it needs no repetition; a host that is gone costs one time-out.
    /// </summary>
    private async Task<IWireMessage?> AskOnceAsync(ICellMessage message, CancellationToken cancel)
    {
        try
        {
            return await Ask<IWireMessage>(new RouterShell.ToCell(message, Once: true), cancel).ConfigureAwait(false);
        }
        catch (Exception fault)
            when (fault is ClusterUnavailableException or ClusterBusyException or UnknownCellException)
        {
            return null;
        }
    }

    /// <summary>A node's name does not tell its cell, so all are asked; the one that has it answers.</summary>
    private async Task<NodeReply> AskNode(string node, Func<string, ICellMessage> message, CancellationToken cancel)
    {
        var all = await Ask<IWireMessage[]>(new RouterShell.ToCells(null, message), cancel).ConfigureAwait(false);
        var replies = all.OfType<NodeReply>().ToList();
        var found = replies.Find(r => r.Node is not null)
            ?? replies.Find(r => r.Refusal is { Code: not Refusal.NotFound });
        if (found is null && all.OfType<CellDown>().FirstOrDefault() is { } down)
            throw new ClusterUnavailableException($"no cell that serves has it, and {down.Message}",
                TimeSpan.FromSeconds(1), nothingTaken: true);
        return found ?? new NodeReply { Refusal = NotFound("node", node) };
    }

    /// <summary>Asks a job's home and, when it went to another cell, the one that has it.</summary>
    private async Task<JobReply> AskJob(
        JobId id, ICellMessage message, Func<string, ICellMessage> elsewhere, CancellationToken cancel)
    {
        try
        {
            return await Moved.FollowAsync(
                await Ask(message).ConfigureAwait(false), r => r.Job, (cell, _) => elsewhere(cell), Ask)
                .ConfigureAwait(false);
        }
        catch (UnknownCellException)
        {
            return new JobReply { Refusal = NotFound("job", id.ToString()) };
        }

        Task<JobReply> Ask(ICellMessage question) => Ask<JobReply>(new RouterShell.ToCell(question), cancel);
    }

    private async Task<IReadOnlyList<T>> AskAll<T>(
        string? cell, Func<string, ICellMessage> message, CancellationToken cancel)
    {
        var replies = await Ask<IWireMessage[]>(new RouterShell.ToCells(cell, message), cancel).ConfigureAwait(false);
        // What a stopped cell has is left out of lists; the health of the process names it.
        return [.. replies.Where(r => r is not CellDown).Cast<T>()];
    }

    private async Task<T> Ask<T>(object message, CancellationToken cancel)
    {
        try
        {
            var actor = await router.GetAsync(cancel).ConfigureAwait(false);
            return await actor.Ask<T>(message, Patience, cancel).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            throw new ClusterUnavailableException("the router does not answer", TimeSpan.FromSeconds(1));
        }
    }

    private static RefusalMsg NotFound(string what, string id) => new()
    {
        Code = Refusal.NotFound,
        Field = "id",
        Message = $"there is no {what} {Names.Shorten(id)}",
    };
}
