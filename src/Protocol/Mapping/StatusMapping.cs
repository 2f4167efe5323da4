using Stockpile.Core.Routing;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Mapping;

/// <summary>A cell's status in what it tells to everybody.</summary>
public static class StatusMapping
{
    /// <summary>Puts the status beside what users see of the cell; the models are in the view already.</summary>
    public static void Add(this CellView view, CellStatus status)
    {
        foreach (var group in status.Groups) view.Groups.Add(group.ToWire());
        view.Wanted.AddRange(status.Wanted.Order(StringComparer.Ordinal));
        foreach (var use in view.Models)
        {
            if (!status.Models.TryGetValue(use.Model, out var load)) continue;
            use.WaitingMilli = load.WaitingMilli;
            use.DevicesPerRackMax = load.RackDevices;
            use.DevicesPerPodMax = load.PodDevices;
            use.RackReclaimableMax = load.RackReclaimable;
            use.PodReclaimableMax = load.PodReclaimable;
            use.GrowthMilli = load.GrowthMilli;
            use.GangMilli.AddRange(load.GangMilli);
        }
    }

    public static CellStatus ToStatus(this CellView view)
    {
        var models = new Dictionary<string, ModelLoad>(StringComparer.Ordinal);
        foreach (var use in view.Models)
        {
            var load = new ModelLoad
            {
                WaitingMilli = use.WaitingMilli,
                RackDevices = use.DevicesPerRackMax,
                PodDevices = use.DevicesPerPodMax,
                RackReclaimable = use.RackReclaimableMax,
                PodReclaimable = use.PodReclaimableMax,
                GrowthMilli = use.GrowthMilli,
            };
            for (var priority = 0; priority < Math.Min(load.GangMilli.Length, use.GangMilli.Count); priority++)
                load.GangMilli[priority] = use.GangMilli[priority];
            models[use.Model] = load;
        }

        var groups = view.Groups.Count > 0 ? view.Groups.Select(FromWire) : view.Models.Select(Whole);
        return new CellStatus(
            view.Cell, view.Epoch, view.Round, [.. groups], models,
            view.Wanted.ToHashSet(StringComparer.Ordinal));
    }

    private static NodeGroupMsg ToWire(this NodeGroup group)
    {
        var message = new NodeGroupMsg
        {
            Model = group.Shape.Model,
            Tier = group.Shape.Tier,
            Devices = group.Shape.Devices,
            CpuMilli = group.Shape.CpuMilli,
            MemoryMib = group.Shape.MemoryMiB,
            Nodes = group.Nodes,
            Merged = group.Merged,
        };
        foreach (var (key, value) in group.Shape.Labels) message.Labels.Add(key, value);
        message.ByFree.AddRange(group.ByFree);
        message.ByReclaimable.AddRange(group.ByReclaimable);
        message.ByTenth.AddRange(group.ByTenth);
        message.CpuFreeMilli.AddRange(group.CpuMilli);
        message.MemoryFreeMib.AddRange(group.MemoryMiB);
        return message;
    }

    private static NodeGroup FromWire(NodeGroupMsg message)
    {
        var shape = new NodeShape(
            message.Model, message.Tier, message.Devices, message.CpuMilli, message.MemoryMib, message.Labels);
        var group = new NodeGroup(shape, message.Nodes) { Merged = message.Merged };
        Fill(group.ByFree, message.ByFree);
        Fill(group.ByReclaimable, message.ByReclaimable);
        Fill(group.ByTenth, message.ByTenth);
        Fill(group.CpuMilli, message.CpuFreeMilli);
        Fill(group.MemoryMiB, message.MemoryFreeMib);
        return group;
    }

    /// <summary>A cell of an older version tells its models only: nodes as large as its largest, those with room free.
    /// </summary>
    private static NodeGroup Whole(ModelUse use)
    {
        var shape = new NodeShape(use.Model, use.Tier, use.DevicesPerNodeMax, use.CpuMilliPerNodeMax,
            use.MemoryMibPerNodeMax, new Dictionary<string, string>());
        var group = new NodeGroup(shape, use.Nodes) { Merged = true };
        var whole = use.DevicesPerNodeMax == 0 ? 0 : use.FreeDevices / use.DevicesPerNodeMax;
        group.ByFree[^1] = group.ByReclaimable[^1] = whole;
        var rest = use.FreeDevices - whole * use.DevicesPerNodeMax;
        if (rest > 0) group.ByFree[rest] = group.ByReclaimable[rest] = 1;
        Array.Fill(group.CpuMilli, use.CpuMilliPerNodeMax);
        Array.Fill(group.MemoryMiB, use.MemoryMibPerNodeMax);
        return group;
    }

    private static void Fill<T>(T[] to, IReadOnlyList<T> from)
    {
        for (var i = 0; i < Math.Min(to.Length, from.Count); i++) to[i] = from[i];
    }
}
