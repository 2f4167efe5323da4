using Stockpile.Core.Audit;

namespace Stockpile.Scheduler.Audit;

/// <summary>What an audit found.</summary>
/// <param name="Findings">Those that every look had.</param>
/// <param name="Looks">How often everything was looked at, 1 to <see cref="ClusterAuditor.LooksMax"/>.</param>
/// <param name="Passed">Findings of the first look that later ones did not have: a cluster in motion.</param>
public sealed record AuditReport(
    IReadOnlyList<AuditedCell> Cells, IReadOnlyList<AuditFinding> Findings, int Looks, int Passed)
{
    public bool IsClean => Findings.Count == 0;
}

/// <summary>One cell at the last look.</summary>
/// <param name="Epoch">0: it did not answer; so are the numbers that follow.</param>
/// <param name="Hosts">Hosts that answered.</param>
/// <param name="HostsAsked">Hosts that have nodes of the cell, or spoke lately.</param>
/// <param name="Findings">How many of the findings are about it.</param>
public sealed record AuditedCell(
    string Cell, string Member, long Epoch, long Round, DateTimeOffset? At, int Nodes, int NodesLost,
    int Allocations, string Digest, int Hosts, int HostsAsked, int Findings);
