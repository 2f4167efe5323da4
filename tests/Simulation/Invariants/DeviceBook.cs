using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Node.Nodes;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Invariants;

/// <summary>
/// What really runs where, written down by the simulation itself when work begins and ends, whoever ordered it.
/// </summary>
public sealed class DeviceBook(SimWorld world)
{
    private readonly Dictionary<string, SortedDictionary<long, (string Cell, uint Mask, int Milli)>> _nodes =
        new(StringComparer.Ordinal);

    private readonly Dictionary<(string Cell, long Sequence), string> _where = [];

    /// <summary>Allocations that hold something now.</summary>
    public int Running => _where.Count;

    public void Hold(NodeSpec node, StartWork order)
    {
        if (!_nodes.TryGetValue(node.Id, out var held)) _nodes.Add(node.Id, held = []);
        if (_where.TryGetValue((node.Cell, order.Sequence), out var other))
            world.Fail(Invariant.AllocationOnOneNode, $"{order.Allocation} runs on {other} and begins on {node.Id}");
        _where.Add((node.Cell, order.Sequence), node.Id);
        held.Add(order.Sequence,
            (node.Cell, order.DeviceMask, order.ShareMilli > 0 ? order.ShareMilli : Limits.MilliPerDevice));
        for (var device = 0; device < node.Devices; device++)
        {
            var milli = held.Values.Sum(h => (h.Mask >> device & 1) != 0 ? h.Milli : 0);
            if (milli > Limits.MilliPerDevice)
                world.Fail(Invariant.DeviceHeldOnce,
                    $"device {device} of {node.Id} is in use with {milli} thousandths: {string.Join(", ", held.Keys)}");
        }
    }

    public void Free(string node, long sequence)
    {
        if (_nodes.TryGetValue(node, out var held) && held.Remove(sequence, out var hold))
            _where.Remove((hold.Cell, sequence));
    }

    /// <summary>The node is down.</summary>
    public void Clear(string node)
    {
        if (!_nodes.Remove(node, out var held)) return;
        foreach (var (sequence, hold) in held) _where.Remove((hold.Cell, sequence));
    }
}
