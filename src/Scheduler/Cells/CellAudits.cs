using Akka.Actor;
using Stockpile.Core.Cells;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Cells;

/// <summary>What a cell says of itself to an audit.</summary>
public static class CellAudits
{
    /// <param name="member">Address of the member that runs the cell.</param>
    /// <param name="heard">Hosts that spoke lately, with their incarnations.</param>
    public static CellAudit Of(CellState state, Address member, IEnumerable<(string Host, long Incarnation)> heard)
    {
        var audit = new CellAudit
        {
            Cell = state.Cell,
            Epoch = state.Epoch,
            Round = state.RoundNumber,
            AtMs = state.At.ToWireMs(),
            Member = member.ToString(),
            AllocationsDigest = CellDigest.Of(state),
        };
        var hosts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (host, incarnation) in heard) HostOf(host).Incarnation = incarnation;
        foreach (var node in state.Nodes)
        {
            HostOf(node.Admitted.Host);
            audit.Nodes.Add(Of(state, node, hosts[node.Admitted.Host]));
        }

        return audit;

        AuditedHost HostOf(string name)
        {
            if (hosts.TryGetValue(name, out var index)) return audit.Hosts[index];
            hosts.Add(name, audit.Hosts.Count);
            audit.Hosts.Add(new AuditedHost { Host = name });
            return audit.Hosts[^1];
        }
    }

    private static AuditedNode Of(CellState state, NodeState node, int host)
    {
        var audited = new AuditedNode
        {
            Node = node.Id,
            Incarnation = node.Admitted.Incarnation,
            Host = host,
            Lost = node.Lost,
        };
        var stages = node.Allocations.Select(sequence => state.FindAllocation(sequence)!).ToLookup(
            a => a.Finished ? audited.Finished : a.Started ? audited.Running : audited.Placed);
        foreach (var list in new[] { audited.Placed, audited.Running, audited.Finished })
            foreach (var allocation in stages[list])
            {
                list.Add(allocation.Sequence);
                audited.DeviceMasks.Add(allocation.DeviceMask);
                audited.SharesMilli.Add(allocation.ShareMilli);
            }

        return audited;
    }
}
