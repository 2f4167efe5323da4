using Akka.Actor;
using Google.Protobuf.Collections;
using Stockpile.Core.State;
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
            AllocationsDigest = AllocationsHash.Of(state),
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
        // Masks and shares stand in the order of the three lists.
        var allocations = node.Allocations.Select(sequence => state.FindAllocation(sequence)!).ToList();
        Add(audited.Placed, allocations.Where(a => a is { Finished: false, Started: false }));
        Add(audited.Running, allocations.Where(a => a is { Finished: false, Started: true }));
        Add(audited.Finished, allocations.Where(a => a.Finished));
        return audited;

        void Add(RepeatedField<long> sequences, IEnumerable<AllocationState> those)
        {
            foreach (var allocation in those)
            {
                sequences.Add(allocation.Sequence);
                audited.DeviceMasks.Add(allocation.DeviceMask);
                audited.SharesMilli.Add(allocation.ShareMilli);
            }
        }
    }
}
