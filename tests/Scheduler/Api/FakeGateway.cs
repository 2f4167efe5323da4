using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Audit;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Api;

/// <summary>A cluster of one cell that answers at once: the test sets what it holds and what it throws.</summary>
public sealed class FakeGateway : IStockpileGateway
{
    private readonly Dictionary<string, JobView> _byKey = new(StringComparer.Ordinal);
    private long _next;

    /// <summary>Thrown by every call while it gives an exception.</summary>
    public Func<Exception?> Fault { get; set; } = () => null;

    /// <summary>Awaited before cells are told, such as for ever.</summary>
    public Func<CancellationToken, Task> BeforeCells { get; set; } = _ => Task.CompletedTask;

    /// <summary>Refuses a submission that the test wants refused.</summary>
    public Func<Submission, RefusalMsg?> Refuse { get; set; } = _ => null;

    /// <summary>Submissions and histories are not answered before this ends.</summary>
    public Task Until { get; set; } = Task.CompletedTask;

    /// <summary>State of a new job.</summary>
    public string NewState { get; set; } = "pending";

    /// <summary>Every message to submit, in order.</summary>
    public List<IReadOnlyList<Submission>> Submitted { get; } = [];

    /// <summary>How each of them was to be taken.</summary>
    public List<SubmitMode> Modes { get; } = [];

    /// <summary>Every message that was only to be checked, in order.</summary>
    public List<IReadOnlyList<Submission>> Checked { get; } = [];

    public List<JobView> Jobs { get; } = [];

    public List<NodeView> Nodes { get; } = [];

    public List<CellView> Cells { get; } = [];

    public List<HistoryEntry> Events { get; } = [];

    public WhyReply? Why { get; set; }

    public AuditReport Audit { get; set; } = new([], [], 1, 0);

    public string? LastCursor { get; private set; }

    /// <summary>Most rows of a page, whatever is asked for.</summary>
    public int PageMax { get; set; } = int.MaxValue;

    public JobFilter? LastJobFilter { get; private set; }

    public NodeFilter? LastNodeFilter { get; private set; }

    public DateTimeOffset? LastAt { get; private set; }

    public List<string> Orders { get; } = [];

    public Task<SubmitJobsReply> SubmitAsync(
        IReadOnlyList<Submission> jobs, SubmitMode mode, CancellationToken cancel) => AnswerLater(() =>
    {
        var reply = new SubmitJobsReply();
        if (mode == SubmitMode.DryRun)
        {
            Checked.Add(jobs);
            reply.Results.AddRange(jobs.Select(Foresee));
            return reply;
        }

        Submitted.Add(jobs);
        Modes.Add(mode);
        reply.Results.AddRange(jobs.Select(Submit));
        return reply;
    });

    /// <summary>Any job that is not refused would push a guest aside.</summary>
    private SubmitResult Foresee(Submission submission) => Refuse(submission) is { } refusal
        ? new SubmitResult { Refusal = refusal }
        : new SubmitResult
        {
            WhatIf = new WhatIf
            {
                Job = ViewOf(submission, _next + 1),
                Evictions =
                {
                    new WhatIfEviction
                    {
                        Job = "north-7", Name = "nightly", How = "guest", Devices = 2, Model = "H800",
                    },
                },
            },
        };

    public Task<JobReply> GetJobAsync(JobId id, CancellationToken cancel) => Answer(() => Find(id));

    public Task<JobReply> CancelJobAsync(JobId id, CancellationToken cancel) => Answer(() =>
    {
        var reply = Find(id);
        if (reply.Job is { State: "completed" })
            return new JobReply { Refusal = Refusal(Core.Refusal.Ended, "id", $"{id} is completed already") };
        if (reply.Job is { } job) job.State = "cancelled";
        return reply;
    });

    public Task<JobsReply> ListJobsAsync(JobFilter filter, CancellationToken cancel) => Answer(() =>
    {
        LastJobFilter = filter;
        LastCursor = filter.After?.ToString() ?? LastCursor;
        var rows = Jobs.Where(j => filter.After is not { } after || ListPages.PlaceOf(j).CompareTo(after) > 0).ToList();
        var limit = Math.Min(filter.Limit, PageMax);
        var reply = new JobsReply { Total = Jobs.Count, More = rows.Count > limit };
        reply.Jobs.AddRange(rows.Take(limit));
        return reply;
    });

    public Task<WhyReply> WhyAsync(JobId id, CancellationToken cancel) => Answer(() =>
        Why ?? new WhyReply { Refusal = NotFound("job", id.ToString()) });

    public Task<NodesReply> ListNodesAsync(NodeFilter filter, CancellationToken cancel) => Answer(() =>
    {
        LastNodeFilter = filter;
        var reply = new NodesReply { Total = Nodes.Count };
        reply.Nodes.AddRange(Nodes);
        return reply;
    });

    public Task<NodeReply> GetNodeAsync(string node, CancellationToken cancel) => Order(node, "get", null);

    public Task<NodeReply> DrainNodeAsync(string node, TimeSpan? deadline, bool cordon, CancellationToken cancel) =>
        Order(node, $"drain{(deadline is { } by ? $" in {by.TotalMinutes} m" : "")}{(cordon ? " as a cordon" : "")}",
            "draining");

    public Task<NodeReply> ResumeNodeAsync(string node, CancellationToken cancel) => Order(node, "resume", "ready");

    public Task<NodeReply> FaultNodeAsync(string node, string fault, double factor, CancellationToken cancel) =>
        Order(node, $"{fault} {factor}", null);

    public async Task<IReadOnlyList<CellView>> CellsAsync(CancellationToken cancel)
    {
        await BeforeCells(cancel);
        return await Answer<IReadOnlyList<CellView>>(() => [.. Cells.Select(c => c.Clone())]);
    }

    public Standing Standing { get; set; } = new(IsMember: true, SilentCells: []);

    public Task<Standing> StandingAsync(CancellationToken cancel) => Answer(() => Standing);

    public Task<IReadOnlyList<HistoryEntry>> HistoryAsync(JobId id, CancellationToken cancel) =>
        AnswerLater<IReadOnlyList<HistoryEntry>>(() => Events);

    public Task<IReadOnlyList<CellView>> CellsAtAsync(DateTimeOffset at, CancellationToken cancel)
    {
        LastAt = at;
        return CellsAsync(cancel);
    }

    public Task<AuditReport> AuditAsync(CancellationToken cancel) => Answer(() => Audit);

    public static RefusalMsg Refusal(string code, string field, string message) =>
        new() { Code = code, Field = field, Message = message };

    private SubmitResult Submit(Submission submission)
    {
        if (Refuse(submission) is { } refusal) return new SubmitResult { Refusal = refusal };
        if (submission.Key.Length > 0 && _byKey.TryGetValue(submission.Key, out var known))
        {
            return known.Spec.Equals(submission.Spec)
                ? new SubmitResult { Job = known, Repeated = true }
                : new SubmitResult
                {
                    Refusal = Refusal(Core.Refusal.KeyConflict, "", $"the key {submission.Key} is another job's"),
                };
        }

        var job = ViewOf(submission, ++_next);
        Jobs.Add(job);
        if (submission.Key.Length > 0) _byKey[submission.Key] = job;
        return new SubmitResult { Job = job };
    }

    private JobView ViewOf(Submission submission, long number) => new()
    {
        Id = $"north-{number}",
        Spec = submission.Spec,
        State = NewState,
        Cell = "north",
        SubmittedAtMs = 1_714_564_800_000,
        Key = submission.Key,
    };

    private JobReply Find(JobId id) => Jobs.Find(j => j.Id == id.ToString()) is { } job
        ? new JobReply { Job = job }
        : new JobReply { Refusal = NotFound("job", id.ToString()) };

    private Task<NodeReply> Order(string node, string order, string? state) => Answer(() =>
    {
        Orders.Add($"{order} {node}");
        if (Nodes.Find(n => n.Node == node) is not { } view) return new NodeReply { Refusal = NotFound("node", node) };
        if (state is not null) view.State = state;
        return new NodeReply { Node = view };
    });

    private static RefusalMsg NotFound(string what, string id) =>
        Refusal(Core.Refusal.NotFound, "id", $"there is no {what} {id}");

    private async Task<T> AnswerLater<T>(Func<T> answer)
    {
        await Until;
        Task<T> answered;
        lock (_byKey) answered = Answer(answer);
        return await answered;
    }

    private Task<T> Answer<T>(Func<T> answer) =>
        Fault() is { } fault ? Task.FromException<T>(fault) : Task.FromResult(answer());
}
