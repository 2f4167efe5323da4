using Stockpile.Core;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Audit;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// The cluster as one object, for the HTTP API and the demo. Every call may be made on any process of the cluster.
/// Expected refusals are in the replies; the two exceptions below are all that is thrown.
/// </summary>
/// <exception cref="ClusterUnavailableException">No cell answers in time; nothing is known of the request.</exception>
/// <exception cref="ClusterBusyException">A queue is full; the request was not taken.</exception>
public interface IStockpileGateway
{
    /// <summary>Submits jobs; each result stands at its job's index and is durable when it is given.</summary>
    Task<SubmitJobsReply> SubmitAsync(IReadOnlyList<Submission> jobs, SubmitMode mode, CancellationToken cancel);

    Task<JobReply> GetJobAsync(JobId id, CancellationToken cancel);

    Task<JobReply> CancelJobAsync(JobId id, CancellationToken cancel);

    /// <summary>Jobs of every cell, or of one, newest first; of one instant those with the higher number first.
    /// Allocations are left out of the views.</summary>
    Task<JobsReply> ListJobsAsync(JobFilter filter, CancellationToken cancel);

    Task<WhyReply> WhyAsync(JobId id, CancellationToken cancel);

    Task<NodesReply> ListNodesAsync(NodeFilter filter, CancellationToken cancel);

    Task<NodeReply> GetNodeAsync(string node, CancellationToken cancel);

    /// <param name="deadline">Simulated time in which it has to be empty; null: what runs there may finish.</param>
    /// <param name="cordon">Nothing moves, replicas neither.</param>
    Task<NodeReply> DrainNodeAsync(string node, TimeSpan? deadline, bool cordon, CancellationToken cancel);

    Task<NodeReply> ResumeNodeAsync(string node, CancellationToken cancel);

    /// <summary>A simulated fault: <c>fail</c>, <c>slow</c> (with a factor above 1) or <c>recover</c>.</summary>
    Task<NodeReply> FaultNodeAsync(string node, string fault, double factor, CancellationToken cancel);

    /// <summary>All cells, by name.</summary>
    Task<IReadOnlyList<CellView>> CellsAsync(CancellationToken cancel);

    /// <summary>Whether this process could serve a request.</summary>
    Task<Standing> StandingAsync(CancellationToken cancel);

    /// <summary>A job's events from the journal, oldest first; empty when the journal has none.</summary>
    Task<IReadOnlyList<HistoryEntry>> HistoryAsync(JobId id, CancellationToken cancel);

    /// <summary>All cells as the journal had them at a time.</summary>
    Task<IReadOnlyList<CellView>> CellsAtAsync(DateTimeOffset at, CancellationToken cancel);

    /// <summary>Compares the journal, the cells and the nodes. A cell or host that does not answer is a finding.
    /// </summary>
    Task<AuditReport> AuditAsync(CancellationToken cancel);
}

/// <param name="IsMember">The process is a full member of the cluster.</param>
/// <param name="SilentCells">Cells of the journal that have not spoken yet; null: the journal has not answered.</param>
public sealed record Standing(bool IsMember, IReadOnlyList<string>? SilentCells)
{
    /// <summary>Why cells do not serve, a line for each.</summary>
    public IReadOnlyList<string> Down { get; init; } = [];

    /// <summary>Cells that have spoken and are not down.</summary>
    public int Serving { get; init; }

    /// <summary>Why no job can be routed; null: jobs can.</summary>
    public string? NotYet { get; init; }

    /// <summary>Clocks that differ or were corrected, a line for each.</summary>
    public IReadOnlyList<string> Clocks { get; init; } = [];
}

/// <summary>What becomes of the jobs of a request beside one that is refused.</summary>
public enum SubmitMode
{
    /// <summary>They are taken.</summary>
    Each,

    /// <summary>They are withheld: all are checked by their cells before any is sent.</summary>
    AllOrNothing,

    /// <summary>None is taken; a result says what would become of its job, or is the answer to a known key.</summary>
    DryRun,
}

/// <summary>Null: any.</summary>
/// <param name="After">The place after which the list goes on; null: from the newest job on.</param>
public sealed record JobFilter(
    string? State, string? Kind, string? Tenant, string? Cell, int Limit, JobPlace? After = null);

/// <summary>Null: any.</summary>
/// <param name="After">The node after which the list goes on; null: from the first on.</param>
public sealed record NodeFilter(
    string? Cell, string? Model, string? Tier, string? State, int Limit, NodePlace? After = null);

/// <summary>A node's place in lists: by cell, and in a cell in the order in which the nodes came.</summary>
public readonly record struct NodePlace(string Cell, string Node)
{
    public override string ToString() => $"{Cell}/{Node}";

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string? text, out NodePlace place)
    {
        place = default;
        if (text?.Split('/') is not [var cell, var node] || !Names.IsName(cell) || !Names.IsName(node)) return false;
        place = new NodePlace(cell, node);
        return true;
    }
}
