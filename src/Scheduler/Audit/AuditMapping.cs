using Google.Protobuf.Collections;
using Stockpile.Core.Audit;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Audit;

/// <summary>The answers to an audit as the comparison takes them.</summary>
public static class AuditMapping
{
    public static CellClaim ToClaim(this CellAudit audit) => new(
        audit.Cell, audit.Epoch, audit.Round, WireTime.Instant(audit.AtMs), audit.Member, audit.AllocationsDigest,
        [.. audit.Hosts.Where((host, i) => host.Incarnation != 0 || audit.Nodes.Any(n => n.Host == i && !n.Lost))
            .Select(h => h.Host)],
        [.. audit.Nodes.Select(n => new ClaimedNode(
            n.Node, audit.Hosts[n.Host].Host, n.Incarnation, n.Lost, Allocations(n)))]);

    /// <summary>Null where the cell had to answer for a host that it does not know.</summary>
    public static HostClaim? ToClaim(this HostAudit audit) => audit.Unknown
        ? null
        : new HostClaim(audit.Host, audit.Cell, audit.Epoch,
            [.. audit.Nodes.Select(n => new HostedNodeClaim(n.Node, n.Incarnation, n.Up, n.Running, n.Ended))]);

    private static List<ClaimedAllocation> Allocations(AuditedNode node)
    {
        var all = new List<ClaimedAllocation>(node.DeviceMasks.Count);
        Add(node.Placed, ClaimedStage.Placed);
        Add(node.Running, ClaimedStage.Running);
        Add(node.Finished, ClaimedStage.Finished);
        return all;

        void Add(RepeatedField<long> sequences, ClaimedStage stage)
        {
            foreach (var sequence in sequences)
                all.Add(new ClaimedAllocation(
                    sequence, stage, node.DeviceMasks[all.Count], node.SharesMilli[all.Count]));
        }
    }
}
