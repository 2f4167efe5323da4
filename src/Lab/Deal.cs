using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Lab;

/// <summary>Nodes dealt to cells, so that every cell is a small likeness of the fleet.</summary>
public static class Deal
{
    /// <summary>
    /// Deals the nodes of each kind (model and devices) in turn, the next kind going on where the last one stopped.
    /// Inside a cell they stay in their order.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<NodeSpec>> Nodes(IReadOnlyList<NodeSpec> nodes, int cells) =>
        Of(nodes.Select(n => (IReadOnlyList<NodeSpec>)[n]), cells);

    /// <summary>The same by racks: nodes that say that they share one stay together.</summary>
    public static IReadOnlyList<IReadOnlyList<NodeSpec>> Racks(IReadOnlyList<NodeSpec> nodes, int cells)
    {
        var racks = nodes.Select(n => (Node: n, Rack: Topology.DomainOf(n.Labels, TopologyLevel.Rack)))
            .GroupBy(n => n.Rack.Length > 0 ? $"{n.Node.Cell}\n{n.Rack}" : n.Node.Id, StringComparer.Ordinal);
        return Of(racks.Select(r => (IReadOnlyList<NodeSpec>)[.. r.Select(n => n.Node)]), cells);
    }

    private static IReadOnlyList<IReadOnlyList<NodeSpec>> Of(IEnumerable<IReadOnlyList<NodeSpec>> racks, int cells)
    {
        var dealt = Enumerable.Range(0, cells).Select(_ => new List<(int At, NodeSpec Node)>()).ToList();
        var kinds = racks.Select((nodes, at) => (At: at, Nodes: nodes))
            .GroupBy(r => (r.Nodes[0].Model, r.Nodes[0].Devices))
            .OrderByDescending(k => k.Count())
            .ThenBy(k => k.Key.Model, StringComparer.Ordinal).ThenBy(k => k.Key.Devices);
        var turn = 0;
        foreach (var kind in kinds)
            foreach (var (at, nodes) in kind)
                dealt[turn++ % cells].AddRange(nodes.Select(n => (at, n)));
        return [.. dealt.Select(c => (IReadOnlyList<NodeSpec>)[.. c.OrderBy(n => n.At).Select(n => n.Node)])];
    }
}
