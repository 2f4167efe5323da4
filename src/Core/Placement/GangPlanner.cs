using System.Numerics;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>Devices of one node for a part of a gang, and the guests that must leave.</summary>
public sealed record GangPiece(NodeState Node, uint DeviceMask, IReadOnlyList<AllocationState> Evicted)
{
    public int Devices => BitOperations.PopCount(DeviceMask);
}

/// <summary>A whole gang, all or nothing, on one model.</summary>
public sealed record GangPlan(IReadOnlyList<GangPiece> Pieces, Alternative Alternative, int Devices)
{
    /// <summary>Run time of the whole work as the plan lays it out.</summary>
    public TimeSpan RunTime(CellState state, JobSpec spec) =>
        RunTimes.Of(spec, state.Catalog, state.Policy.Gangs, Alternative.Model, Devices, Pieces.Count);
}

/// <summary>
/// Places gangs: the best alternative first, there free devices before those that guests hold. A gang that fits on one
/// node takes the tightest; a larger one takes whole free nodes first and packs its rest tightly.
/// </summary>
public static class GangPlanner
{
    /// <summary>Null when no alternative can hold the whole gang now, guests set aside.</summary>
    /// <param name="guard">What is reserved for more urgent jobs; null: nothing.</param>
    public static GangPlan? Plan(
        CellState state, JobSpec spec, IReadOnlyList<Alternative> alternatives, ReservationGuard? guard = null)
    {
        foreach (var alternative in alternatives)
            foreach (var reclaim in Reclaim)
            {
                if (spec.TopologyRequired != TopologyLevel.None || spec.TopologyPreferred != TopologyLevel.None)
                {
                    // The smallest gang runs longest, so what it must keep clear of holds for every size.
                    var clear = guard?.On(alternative, spec.LeastDevices);
                    var nodes = state.Index.Widest(alternative.Model, reclaim)
                        .Select(n => (n, Room(n, spec, reclaim, clear)));
                    if (TopologyPlanner.Choose(spec, nodes, room => Sizes(spec, room)) is var (chosen, size))
                        return new GangPlan(
                            chosen.ConvertAll(c => Piece(state, spec, c.Node, c.Devices)), alternative, size);
                    continue;
                }

                var room = reclaim
                    ? state.Index.Reclaimable(alternative.Model)
                    : state.Index.Free(alternative.Model);
                foreach (var devices in Sizes(spec, room))
                    if (Pieces(state, spec, alternative.Model, devices, reclaim, guard?.On(alternative, devices))
                        is { } pieces)
                        return new GangPlan(pieces, alternative, devices);
            }

        return null;
    }

    /// <summary>
    /// The gang where it is, with as many more free devices of its model as there are, at most so many. A gang that
    /// wants to lie close together grows only inside the racks or pods it is in. Null when there are none.
    /// </summary>
    public static GangPlan? Grow(CellState state, JobState gang, int more) =>
        // A node that is drained takes nothing anew, not even what it has.
        gang.Allocations.Values.Any(a => !a.Node.Ready)
            ? null
            : Around(state, gang, [.. gang.Allocations.Values], more) is { } plan
                && plan.Devices > gang.Allocations.Values.Sum(a => a.Placed.Ranks) ? plan : null;

    /// <summary>
    /// The gang without the nodes that take no work any more, with free devices of its model in place of theirs, or
    /// smaller down to its least. Null when too little would be left.
    /// </summary>
    /// <param name="slow">A node that is left though it takes work; null: none.</param>
    public static GangPlan? Leave(CellState state, JobState gang, NodeState? slow = null)
    {
        var kept = gang.Allocations.Values.Where(a => a.Node.Ready && a.Node != slow).ToList();
        var lost = gang.Allocations.Values.Sum(a => a.Placed.Ranks) - kept.Sum(a => a.Placed.Ranks);
        return kept.Count > 0 && Around(state, gang, kept, lost, slow) is { } plan
            && plan.Devices >= gang.Spec.LeastDevices ? plan : null;
    }

    private static GangPlan? Around(
        CellState state, JobState gang, List<AllocationState> kept, int more, NodeState? without = null)
    {
        var spec = gang.Spec;
        var held = kept.ToDictionary(a => a.Node.Index, a => a.DeviceMask);
        var model = kept[0].Node.Accelerator.Model;
        if (gang.Class.Home.FirstOrDefault(a => a.Model == model) is not { } alternative) return null;
        var level = spec.TopologyRequired != TopologyLevel.None ? spec.TopologyRequired : spec.TopologyPreferred;
        var domains = kept.Select(a => DomainOf(a.Node, level)).ToHashSet(StringComparer.Ordinal);
        var step = Math.Max(1, spec.PerNode);
        var nodes = state.Index.Widest(model, reclaim: false)
            .Where(n => n != without && domains.Contains(DomainOf(n, level))
                && (spec.PerNode == 0 || !held.ContainsKey(n.Index)))
            .Select(n => (n, Room(n, spec, reclaim: false, clear: null)));
        var anywhere = spec with { TopologyRequired = TopologyLevel.None, TopologyPreferred = TopologyLevel.None };
        if (TopologyPlanner.Choose(anywhere, nodes, room => Math.Min(more, room) / step * step is var size and > 0
                ? [size] : []) is var (chosen, _))
            foreach (var (node, devices) in chosen)
                held[node.Index] = held.GetValueOrDefault(node.Index) | node.Room.FirstFree(devices);
        var pieces = held.OrderBy(h => h.Key)
            .Select(h => new GangPiece(state.Nodes[h.Key], h.Value, []))
            .ToList();
        return new GangPlan(pieces, alternative, pieces.Sum(p => p.Devices));
    }

    private static string DomainOf(NodeState node, TopologyLevel level) => level switch
    {
        TopologyLevel.Rack => node.Rack,
        TopologyLevel.Pod => node.Pod,
        _ => "",
    };

    private static readonly bool[] Reclaim = [false, true];

    /// <summary>Sizes worth trying, largest first: the most it can use, its wish, and down to its least.</summary>
    private static IEnumerable<int> Sizes(JobSpec spec, int room)
    {
        var step = Math.Max(1, spec.PerNode);
        var least = spec.LeastDevices;
        var most = Math.Min(Math.Max(spec.MaxDevices, spec.Devices), room / step * step);
        if (most < least) yield break;
        yield return most;
        if (spec.Devices < most) yield return spec.Devices;
        for (var size = Math.Min(most, spec.Devices) / 2 / step * step; size > least; size = size / 2 / step * step)
            yield return size;
        if (least < most && least != spec.Devices) yield return least;
    }

    private static List<GangPiece>? Pieces(
        CellState state, JobSpec spec, string model, int devices, bool reclaim, NodeGuard? clear)
    {
        var chosen = spec.PerNode > 0
            ? Shaped(state.Index, spec, model, devices, reclaim, clear)
            : OnOneNode(state.Index, spec, model, devices, reclaim, clear)
                ?? Spread(state.Index, spec, model, devices, reclaim, clear);
        return chosen?.ConvertAll(c => Piece(state, spec, c.Node, c.Devices));
    }

    private static List<(NodeState Node, int Devices)>? OnOneNode(
        CapacityIndex index, JobSpec spec, string model, int devices, bool reclaim, NodeGuard? clear)
    {
        foreach (var node in index.Tightest(model, devices, reclaim))
            if (Room(node, spec, reclaim, clear) >= devices)
                return [(node, devices)];
        return null;
    }

    private static List<(NodeState Node, int Devices)>? Spread(
        CapacityIndex index, JobSpec spec, string model, int devices, bool reclaim, NodeGuard? clear)
    {
        var chosen = new List<(NodeState Node, int Devices)>();
        var taken = new HashSet<int>();
        var left = devices;
        foreach (var node in index.Widest(model, reclaim))
        {
            var room = Room(node, spec, reclaim, clear);
            if (room <= 0) continue;
            if (room > left)
            {
                // The rest is smaller than this node: the tightest node that holds it keeps wider ones whole.
                foreach (var tight in index.Tightest(model, left, reclaim))
                    if (!taken.Contains(tight.Index) && Room(tight, spec, reclaim, clear) >= left)
                    {
                        chosen.Add((tight, left));
                        return chosen;
                    }
            }

            var take = Math.Min(room, left);
            chosen.Add((node, take));
            taken.Add(node.Index);
            left -= take;
            if (left == 0) return chosen;
        }

        return null;
    }

    private static List<(NodeState Node, int Devices)>? Shaped(
        CapacityIndex index, JobSpec spec, string model, int devices, bool reclaim, NodeGuard? clear)
    {
        var nodes = devices / spec.PerNode;
        var chosen = new List<(NodeState Node, int Devices)>(nodes);
        foreach (var node in index.Tightest(model, spec.PerNode, reclaim))
        {
            if (Room(node, spec, reclaim, clear) < spec.PerNode) continue;
            chosen.Add((node, spec.PerNode));
            if (chosen.Count == nodes) return chosen;
        }

        return null;
    }

    private static int Room(NodeState node, JobSpec spec, bool reclaim, NodeGuard? clear)
    {
        if (!Feasibility.HasLabels(node, spec.Labels)) return 0;
        var ranks = reclaim
            ? Fit.Ranks(node.ReclaimableDevices, node.CpuReclaimableMilli, node.MemoryReclaimableMiB, spec)
            : Fit.Ranks(node.FreeDevices, node.CpuFreeMilli, node.MemoryFreeMiB, spec);
        return clear?.Ranks(node, ranks) ?? ranks;
    }

    /// <summary>Free devices first, then those of guests; guests leave until CPU and memory suffice too.</summary>
    private static GangPiece Piece(CellState state, JobSpec spec, NodeState node, int devices)
    {
        var mask = node.Room.FirstFree(devices);
        var left = devices - BitOperations.PopCount(mask);
        for (var device = 0; device < node.Devices && left > 0; device++)
        {
            if ((mask >> device & 1) != 0 || !node.IsReclaimable(device)) continue;
            mask |= 1u << device;
            left--;
        }

        var evicted = new List<AllocationState>();
        var cpu = node.CpuFreeMilli;
        var memory = node.MemoryFreeMiB;
        var guests = node.Allocations.Select(s => state.FindAllocation(s)!).Where(a => a.Guest).ToList();
        foreach (var guest in guests.Where(g => (g.DeviceMask & mask) != 0)) Evict(guest);
        foreach (var guest in guests)
        {
            if (cpu >= devices * spec.CpuMilli && memory >= devices * spec.MemoryMiB) break;
            if (!evicted.Contains(guest)) Evict(guest);
        }

        return new GangPiece(node, mask, evicted);

        void Evict(AllocationState guest)
        {
            evicted.Add(guest);
            cpu += guest.CpuMilli;
            memory += guest.MemoryMiB;
        }
    }
}
