using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Inspect.Hosting;

/// <summary>
/// Stands where a process has no gateway: commands that would need one are forwarded before they reach it.
/// </summary>
public sealed class AbsentGateway : IStockpileGateway
{
    public Task<SubmitJobsReply> SubmitAsync(
        IReadOnlyList<Submission> jobs, SubmitMode mode, CancellationToken cancel) => Absent<SubmitJobsReply>();

    public Task<JobReply> GetJobAsync(JobId id, CancellationToken cancel) => Absent<JobReply>();

    public Task<JobReply> CancelJobAsync(JobId id, CancellationToken cancel) => Absent<JobReply>();

    public Task<JobsReply> ListJobsAsync(JobFilter filter, CancellationToken cancel) => Absent<JobsReply>();

    public Task<WhyReply> WhyAsync(JobId id, CancellationToken cancel) => Absent<WhyReply>();

    public Task<NodesReply> ListNodesAsync(NodeFilter filter, CancellationToken cancel) => Absent<NodesReply>();

    public Task<NodeReply> GetNodeAsync(string node, CancellationToken cancel) => Absent<NodeReply>();

    public Task<NodeReply> DrainNodeAsync(string node, CancellationToken cancel) => Absent<NodeReply>();

    public Task<NodeReply> ResumeNodeAsync(string node, CancellationToken cancel) => Absent<NodeReply>();

    public Task<NodeReply> FaultNodeAsync(string node, string fault, double factor, CancellationToken cancel) =>
        Absent<NodeReply>();

    public Task<IReadOnlyList<CellView>> CellsAsync(CancellationToken cancel) => Absent<IReadOnlyList<CellView>>();

    public Task<IReadOnlyList<HistoryEntry>> HistoryAsync(JobId id, CancellationToken cancel) =>
        Absent<IReadOnlyList<HistoryEntry>>();

    public Task<IReadOnlyList<CellView>> CellsAtAsync(DateTimeOffset at, CancellationToken cancel) =>
        Absent<IReadOnlyList<CellView>>();

    private static Task<T> Absent<T>() => Task.FromException<T>(new Catalogue.CommandRefusedException(
        "this member is no scheduler; ask one, or leave --member out and the command is forwarded to one"));
}
