using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>No device, CPU or memory is given away twice. It adds up the allocations and asks no counter.</summary>
public static class Capacity
{
    public static IEnumerable<string> Complaints(CellImage image)
    {
        var specs = image.Jobs.ToDictionary(j => j.Number, j => j.Spec);
        var nodes = image.Nodes.ToDictionary(n => n.Admitted.Node);
        foreach (var group in image.Allocations.GroupBy(a => a.Placed.Node))
        {
            if (!nodes.TryGetValue(group.Key, out var node))
            {
                yield return $"node {group.Key} is unknown and holds allocations";
                continue;
            }

            if (node.Lost) yield return $"node {group.Key} is lost and holds allocations";
            var used = new int[32];
            foreach (var allocation in group)
                foreach (var device in Rules.DevicesOf(allocation.Placed))
                    used[device] += Rules.MilliOf(allocation.Placed);
            for (var device = 0; device < used.Length; device++)
            {
                if (used[device] > 1_000) yield return $"device {device} of {group.Key} is used {used[device]}/1000";
                if (used[device] > 0 && device >= node.Admitted.Devices)
                    yield return $"{group.Key} has {node.Admitted.Devices} devices, and device {device} is used";
            }

            var cpu = group.Sum(a => (long)specs[a.Job].CpuMilli * Tasks(a, specs[a.Job]));
            if (cpu > node.Admitted.CpuMilli)
                yield return $"{group.Key} has {node.Admitted.CpuMilli} milli-CPU, and {cpu} are used";
            var memory = group.Sum(a => specs[a.Job].MemoryMiB * Tasks(a, specs[a.Job]));
            if (memory > node.Admitted.MemoryMiB)
                yield return $"{group.Key} has {node.Admitted.MemoryMiB} MiB, and {memory} are used";
        }
    }

    /// <summary>The counters that placement trusts agree with the allocations.</summary>
    public static IEnumerable<string> CounterComplaints(CellState state)
    {
        var all = state.Allocations.Values.ToLookup(a => a.Node.Id);
        foreach (var node in state.Nodes)
        {
            var here = all[node.Id].ToList();
            var held = here.SelectMany(a => Rules.DevicesOf(a.Placed)).ToHashSet();
            var owned = here.Where(a => !a.Placed.Guest).SelectMany(a => Rules.DevicesOf(a.Placed)).ToHashSet();
            var cpu = here.Sum(a => a.Job.Spec.CpuMilli * a.Placed.Ranks);
            if (node.FreeDevices != node.Devices - held.Count)
                yield return $"{node.Id} says {node.FreeDevices} free, and {held.Count} of {node.Devices} are held";
            if (node.ReclaimableDevices != node.Devices - owned.Count)
                yield return $"{node.Id} says {node.ReclaimableDevices} reclaimable, and {owned.Count} are owned";
            if (node.CpuFreeMilli != node.Admitted.CpuMilli - cpu)
                yield return $"{node.Id} says {node.CpuFreeMilli} milli-CPU free, and {cpu} are used";
            if (!node.Allocations.Order().SequenceEqual(here.Select(a => a.Sequence).Order()))
                yield return $"{node.Id} lists other allocations than the cell does";
        }

        foreach (var model in state.Catalog.Models.Select(m => m.Model))
        {
            var ready = state.Nodes
                .Where(n => !n.Lost && !n.Draining && Rules.ChipOf(n.Admitted).Model == model).ToList();
            if (state.Index.Free(model) != ready.Sum(n => n.FreeDevices))
                yield return $"the index says {state.Index.Free(model)} free {model}";
            if (state.Index.Reclaimable(model) != ready.Sum(n => n.ReclaimableDevices))
                yield return $"the index says {state.Index.Reclaimable(model)} reclaimable {model}";
        }
    }

    /// <summary>A rank of a gang per device; every other allocation is one task.</summary>
    private static int Tasks(AllocationImage allocation, JobSpec spec) =>
        spec.Kind == JobKind.Training ? Rules.DevicesOf(allocation.Placed).Count() : 1;
}
