using System.Diagnostics;
using Akka.Actor;
using Akka.Hosting;
using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Audit;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Routing;

/// <summary>The cluster through this process's router and, for the past, through the journal.</summary>
public sealed class Gateway(IRequiredActor<RouterActor> router, JournalReader journal) : IStockpileGateway
{
    /// <summary>Longer than the router's own attempts together.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public async Task<SubmitJobsReply> SubmitAsync(
        IReadOnlyList<Submission> jobs, SubmitMode mode, CancellationToken cancel)
    {
        var reply = await Ask<SubmitJobsReply>(new RouterEngine.Submit(jobs, mode), cancel).ConfigureAwait(false);
        foreach (var result in reply.Results)
            if (result.Job is { } job) await CompleteAsync(job, cancel).ConfigureAwait(false);
        return reply;
    }

    /// <summary>Fetches the allocations that did not fit into the reply.</summary>
    private Task CompleteAsync(JobView job, CancellationToken cancel) => ListPages.CompleteAsync(
        job.Allocations, job.AllocationCount, async after => JobId.TryParse(job.Id, out var id)
            ? (await Ask<JobReply>(new RouterEngine.ToCell(new GetJob
            {
                Cell = job.Cell,
                Number = job.Cell == id.Cell ? id.Number : 0,
                Origin = job.Cell == id.Cell ? "" : job.Id,
                AllocationsAfter = after,
            }), cancel).ConfigureAwait(false)).Job?.Allocations
            : null);

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
            var reply = await Moved.FollowAsync(
                await Ask(message).ConfigureAwait(false), r => r.Job,
                (cell, job) => new WhyJob { Cell = cell, Origin = job }, Ask).ConfigureAwait(false);
            if (reply.Job is { } job) await CompleteAsync(job, cancel).ConfigureAwait(false);
            return reply;
        }
        catch (UnknownCellException)
        {
            return new WhyReply { Refusal = NotFound("job", id.ToString()) };
        }

        Task<WhyReply> Ask(ICellMessage question) => Ask<WhyReply>(new RouterEngine.ToCell(question), cancel);
    }

    public async Task<JobsReply> ListJobsAsync(JobFilter filter, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        var first = await AskAll<JobsReply>(
            filter.Cell, cell => ListPages.Question(filter, cell, filter.After, filter.Limit), cancel)
            .ConfigureAwait(false);
        return await ListPages.MergeAsync(
            filter, first, Next<JobsReply>(cancel), () => Stopwatch.GetElapsedTime(began)).ConfigureAwait(false);
    }

    public async Task<NodesReply> ListNodesAsync(NodeFilter filter, CancellationToken cancel)
    {
        var first = await AskAll<NodesReply>(
            filter.Cell, cell => ListPages.Question(filter, cell, filter.After, filter.Limit), cancel)
            .ConfigureAwait(false);
        return await ListPages.MergeAsync(filter, first, Next<NodesReply>(cancel)).ConfigureAwait(false);
    }

    private Func<ICellMessage, Task<T>> Next<T>(CancellationToken cancel) =>
        question => Ask<T>(new RouterEngine.ToCell(question), cancel);

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
        Ask<Standing>(RouterEngine.GetStanding.Instance, cancel);

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
            return await Ask<IWireMessage>(new RouterEngine.ToCell(message, Once: true), cancel).ConfigureAwait(false);
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
        var all = await Ask<IWireMessage[]>(new RouterEngine.ToCells(null, message), cancel).ConfigureAwait(false);
        var replies = all.OfType<NodeReply>().ToList();
        var found = replies.Find(r => r.Node is not null)
            ?? replies.Find(r => r.Refusal is { Code: not Refusal.NotFound });
        if (found is null && all.OfType<CellDown>().FirstOrDefault() is { } down)
            throw new ClusterUnavailableException($"no cell that serves has it, and {down.Message}",
                TimeSpan.FromSeconds(1), nothingTaken: true);
        if (found?.Node is { } view)
            await ListPages.CompleteAsync(view.Allocations, view.AllocationCount, async after =>
                (await Ask<NodeReply>(new RouterEngine.ToCell(new GetNode
                {
                    Cell = view.Cell,
                    Node = view.Node,
                    AllocationsAfter = after,
                }), cancel).ConfigureAwait(false)).Node?.Allocations).ConfigureAwait(false);
        return found ?? new NodeReply { Refusal = NotFound("node", node) };
    }

    /// <summary>Asks a job's home and, when it went to another cell, the one that has it.</summary>
    private async Task<JobReply> AskJob(
        JobId id, ICellMessage message, Func<string, ICellMessage> elsewhere, CancellationToken cancel)
    {
        try
        {
            var reply = await Moved.FollowAsync(
                await Ask(message).ConfigureAwait(false), r => r.Job, (cell, _) => elsewhere(cell), Ask)
                .ConfigureAwait(false);
            if (reply.Job is { } job) await CompleteAsync(job, cancel).ConfigureAwait(false);
            return reply;
        }
        catch (UnknownCellException)
        {
            return new JobReply { Refusal = NotFound("job", id.ToString()) };
        }

        Task<JobReply> Ask(ICellMessage question) => Ask<JobReply>(new RouterEngine.ToCell(question), cancel);
    }

    private async Task<IReadOnlyList<T>> AskAll<T>(
        string? cell, Func<string, ICellMessage> message, CancellationToken cancel)
    {
        var replies = await Ask<IWireMessage[]>(new RouterEngine.ToCells(cell, message), cancel).ConfigureAwait(false);
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
