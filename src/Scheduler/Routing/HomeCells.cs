using Akka.Util;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Routing;

/// <summary>Which cell a job goes to. Pure: the cells' digests come in as data.</summary>
public static class HomeCells
{
    /// <summary>What a cell could give to a job, were it empty, and how much of that is taken or waited for.</summary>
    private readonly record struct Room(CellView Cell, long CapacityMilli, long TakenMilli);

    /// <summary>
    /// The cell for a job. With a user's key: weighted rendezvous hashing over the cells that could ever run it, so
    /// that a repeated submission reaches the same cell as long as the fleet's shape stays the same. Without one: the
    /// cell whose suitable devices are least taken and waited for. Cells where the job could only be a guest are asked
    /// when no other could run it.
    /// </summary>
    /// <param name="routed">Milli-devices sent to each cell since its digest was made.</param>
    /// <returns>The cell's name, or why no cell could ever run the job.</returns>
    public static (string? Cell, Refusal? Refusal) Choose(
        JobSpec spec, string userKey, IReadOnlyCollection<CellView> cells, IReadOnlyDictionary<string, long> routed,
        Catalog catalog, Policy policy)
    {
        var alternatives = Alternatives.Of(spec, catalog, policy);
        var models = alternatives.Select(a => a.Model).ToHashSet(StringComparer.Ordinal);
        var home = Rooms(spec, cells, routed, alternatives.Where(a => !a.Guest));

        // A cell where the job could only ever be a guest is second choice.
        var rooms = home.Count > 0 ? home : Rooms(spec, cells, routed, alternatives);
        if (rooms.Count == 0) return (null, WhyNone(spec, alternatives, models, cells));
        var best = userKey.Length > 0
            ? rooms.MaxBy(r => Score(userKey, r))
            : rooms.MinBy(r => (double)r.TakenMilli / r.CapacityMilli);
        return (best.Cell.Cell, null);
    }

    private static List<Room> Rooms(
        JobSpec spec, IReadOnlyCollection<CellView> cells, IReadOnlyDictionary<string, long> routed,
        IEnumerable<Alternative> alternatives)
    {
        var models = alternatives.Select(a => a.Model).ToHashSet(StringComparer.Ordinal);
        var rooms = new List<Room>();
        foreach (var cell in cells.OrderBy(c => c.Cell, StringComparer.Ordinal))
        {
            var uses = cell.Models.Where(m => models.Contains(m.Model) && Could(spec, m)).ToList();
            if (uses.Count == 0) continue;
            var capacity = uses.Sum(m => Math.Max(1L, m.Devices * (long)Limits.MilliPerDevice));
            var taken = uses.Sum(m => m.TrainingMilli + m.InferenceMilli + m.BatchMilli + m.UnavailableMilli
                + m.WaitingMilli) + routed.GetValueOrDefault(cell.Cell);
            rooms.Add(new Room(cell, capacity, taken));
        }

        return rooms;
    }

    /// <summary>Weighted rendezvous hashing: −weight ÷ ln(h), h uniform in (0, 1) from the key and the cell's name.
    /// </summary>
    private static double Score(string key, Room room)
    {
        var hash = (uint)MurmurHash.StringHash($"{key}\n{room.Cell.Cell}");
        var uniform = (hash + 0.5) / (1L << 32);
        return -room.CapacityMilli / Math.Log(uniform);
    }

    /// <summary>Whether an empty cell of this shape could hold the job on this model; the cell itself knows better.
    /// </summary>
    private static bool Could(JobSpec spec, ModelUse use)
    {
        if (spec.Kind == JobKind.Training)
        {
            var least = spec.LeastDevices;
            var domain = spec.TopologyRequired switch
            {
                TopologyLevel.Rack => use.DevicesPerRackMax,
                TopologyLevel.Pod => use.DevicesPerPodMax,
                _ => use.Devices,
            };
            return domain >= least && use.DevicesPerNodeMax >= spec.PerNode
                && use.CpuMilliPerNodeMax >= spec.CpuMilli && use.MemoryMibPerNodeMax >= spec.MemoryMiB;
        }

        return use.DevicesPerNodeMax >= spec.Devices && use.CpuMilliPerNodeMax >= spec.CpuMilli
            && use.MemoryMibPerNodeMax >= spec.MemoryMiB;
    }

    private static Refusal WhyNone(
        JobSpec spec,
        IReadOnlyList<Alternative> alternatives,
        HashSet<string> models,
        IReadOnlyCollection<CellView> cells)
    {
        if (alternatives.Count == 0)
            return new Refusal(Refusal.Unplaceable, spec.MinMemoryMiB > 0 ? "min-memory" : "models",
                $"no model that the job allows has {spec.MinMemoryMiB} MiB of device memory");
        var names = string.Join(", ", alternatives.Select(a => a.Model));
        var uses = cells
            .SelectMany(c => c.Models.Where(m => models.Contains(m.Model)), (c, m) => (c.Cell, Use: m)).ToList();
        if (uses.Count == 0)
            return new Refusal(Refusal.Unplaceable, spec.Tiers.Count > 0 ? "tiers" : "models",
                $"no cell has any of {names}");
        var (cell, use) = uses.MaxBy(u => u.Use.Devices);
        if (spec.Kind == JobKind.Training
            && use.Devices < Math.Max(1, spec.LeastDevices))
            return new Refusal(Refusal.Unplaceable, "devices",
                $"a gang of {spec.LeastDevices} devices is larger than any cell could hold: the largest has "
                + $"{use.Devices} of {use.Model} (cell {cell}), and a gang runs on one model of one cell");
        if (spec.TopologyRequired != TopologyLevel.None)
        {
            var level = Topology.Name(spec.TopologyRequired);
            var largest = uses.Max(
                u => spec.TopologyRequired == TopologyLevel.Rack ? u.Use.DevicesPerRackMax : u.Use.DevicesPerPodMax);
            if (largest < spec.LeastDevices)
                return new Refusal(Refusal.Unplaceable, "topology.required",
                    $"a gang of {spec.LeastDevices} devices is larger than any {level} could hold: the largest has "
                    + $"{largest} of {names}");
        }

        return new Refusal(Refusal.Unplaceable, "devices",
            $"no node of {names} is large enough: {spec.Devices} devices, {spec.CpuMilli / 1000.0} cores and "
            + $"{spec.MemoryMiB} MiB are asked for; the largest have {uses.Max(u => u.Use.DevicesPerNodeMax)} devices, "
            + $"{uses.Max(u => u.Use.CpuMilliPerNodeMax) / 1000.0} cores, "
            + $"{uses.Max(u => u.Use.MemoryMibPerNodeMax)} MiB");
    }
}
