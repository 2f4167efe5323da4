using System.Text.Json;
using Stockpile.Core.Audit;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Audit;

namespace Stockpile.Scheduler.Api.Mapping;

/// <summary>An audit's report as JSON has it.</summary>
internal static class AuditResponseMapping
{
    public static AuditResponse ToResponse(this AuditReport report) => new()
    {
        Clean = report.IsClean,
        Looks = report.Looks,
        Passed = report.Passed,
        Cells = [.. report.Cells.Select(ToResponse)],
        Findings = [.. report.Findings.Select(ToResponse)],
    };

    private static CellAuditResponse ToResponse(AuditedCell cell) => new()
    {
        Cell = cell.Cell,
        Member = OrNone(cell.Member),
        Epoch = cell.Epoch,
        Round = cell.Round,
        At = cell.At,
        Nodes = cell.Nodes,
        NodesLost = cell.NodesLost,
        Allocations = cell.Allocations,
        Digest = OrNone(cell.Digest),
        Hosts = cell.Hosts,
        HostsAsked = cell.HostsAsked,
        Agrees = cell.Findings == 0,
    };

    private static FindingResponse ToResponse(AuditFinding finding) => new()
    {
        Kind = JsonNamingPolicy.KebabCaseLower.ConvertName(finding.Kind.ToString()),
        Cell = finding.Cell,
        Host = OrNone(finding.Host),
        Node = OrNone(finding.Node),
        Allocation = finding.Sequence == 0 ? null : finding.Sequence,
        Message = finding.Sentence,
    };

    private static string? OrNone(string text) => text.Length == 0 ? null : text;
}
