using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>
/// Chooses nodes for gangs that care where they lie. Room is counted by rack or pod once per attempt, from the nodes
/// that the index says have any; the tightest domain that holds the gang takes it, so that large ones stay whole.
/// </summary>
internal static class TopologyPlanner
{
    /// <summary>A node, what of the gang it could hold in whole shapes, and what it could hold without them.</summary>
    private readonly record struct Candidate(NodeState Node, int Room, int Width);

    /// <summary>Nodes of one rack or pod, and the room on them.</summary>
    private sealed record Domain(List<Candidate> Nodes)
    {
        public int Room { get; } = Nodes.Sum(c => c.Room);

        /// <summary>Its first node breaks ties.</summary>
        public int First { get; } = Nodes.Count == 0 ? 0 : Nodes.Min(c => c.Node.Index);
    }

    /// <summary>
    /// Nodes and the devices to take on each; null when no size fits. A required domain holds the whole gang or
    /// nothing; of a preferred one the gang takes the fewest.
    /// </summary>
    /// <param name="nodes">Ready nodes of one model, with the room on each for ranks of the gang.</param>
    /// <param name="sizes">Sizes worth trying for a given room, the best first.</param>
    public static (List<(NodeState Node, int Devices)> Chosen, int Devices)? Choose(
        JobSpec spec, IEnumerable<(NodeState Node, int Room)> nodes, Func<int, IEnumerable<int>> sizes)
    {
        var all = new List<Candidate>();
        foreach (var (node, room) in nodes)
            if (spec.PerNode == 0 ? room > 0 : room >= spec.PerNode)
                all.Add(new Candidate(node, spec.PerNode == 0 ? room : spec.PerNode, room));
        // The tightest first; those of equal room by their first node, so that the choice is the same everywhere.
        var domains = spec.TopologyRequired == TopologyLevel.None
            ? [new Domain(all)]
            : DomainsOf(all, spec.TopologyRequired, withUnlabelled: false);
        if (domains.Count == 0) return null;
        foreach (var size in sizes(domains[^1].Room))
            foreach (var domain in domains)
                if (domain.Room >= size)
                    return (Within(spec, domain, size), size);
        return null;
    }

    private static List<Domain> DomainsOf(List<Candidate> nodes, TopologyLevel level, bool withUnlabelled)
    {
        var byName = new Dictionary<string, List<Candidate>>(StringComparer.Ordinal);
        foreach (var candidate in nodes)
        {
            var name = level == TopologyLevel.Rack ? candidate.Node.Rack : candidate.Node.Pod;
            if (name.Length == 0 && !withUnlabelled) continue;
            // A node that does not say where it is counts as alone: nothing is known to be near it.
            if (name.Length == 0) name = $"\t{candidate.Node.Index}";
            if (!byName.TryGetValue(name, out var members)) byName.Add(name, members = []);
            members.Add(candidate);
        }

        return [.. byName.Values.Select(members => new Domain(members))
            .OrderBy(d => d.Room).ThenBy(d => d.First)];
    }

    private static List<(NodeState Node, int Devices)> Within(JobSpec spec, Domain domain, int devices)
    {
        if (spec.TopologyPreferred == TopologyLevel.None) return Pack(spec, domain.Nodes, devices);
        var near = DomainsOf(domain.Nodes, spec.TopologyPreferred, withUnlabelled: true);
        var chosen = new List<(NodeState Node, int Devices)>();
        foreach (var (part, taken) in Fewest(near, d => d.Room, d => d.First, devices))
            chosen.AddRange(Pack(spec, part.Nodes, taken));
        return chosen;
    }

    private static List<(NodeState Node, int Devices)> Pack(JobSpec spec, List<Candidate> nodes, int devices)
    {
        if (spec.PerNode > 0)
            return [.. nodes.OrderBy(c => c.Width).ThenBy(Rank).Take(devices / spec.PerNode)
                .Select(c => (c.Node, spec.PerNode))];
        return [.. Fewest(nodes, c => c.Room, Rank, devices).Select(c => (c.Part.Node, c.Taken))];
    }

    /// <summary>Of equal ones the first, and those that failed of late last.</summary>
    private static int Rank(Candidate candidate) =>
        candidate.Node.Index + (candidate.Node.Health.IsUnsteady ? Limits.NodesPerCellMax : 0);

    /// <summary>
    /// The fewest parts that hold so much together: the tightest one that holds all of it, else the widest and then the
    /// same for the rest. Ties go to the first.
    /// </summary>
    private static IEnumerable<(T Part, int Taken)> Fewest<T>(
        IEnumerable<T> parts, Func<T, int> roomOf, Func<T, int> rankOf, int devices)
    {
        var ordered = parts.OrderBy(roomOf).ThenByDescending(rankOf).ToList();
        for (var widest = ordered.Count - 1; devices > 0; widest--)
        {
            var room = roomOf(ordered[widest]);
            if (room < devices)
            {
                yield return (ordered[widest], room);
                devices -= room;
                continue;
            }

            var tight = ordered.FindIndex(p => roomOf(p) >= devices);
            while (tight < widest && roomOf(ordered[tight + 1]) == roomOf(ordered[tight])) tight++;
            yield return (ordered[tight], devices);
            yield break;
        }
    }
}
