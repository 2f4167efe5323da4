using System.Numerics;
using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Placement;

/// <summary>Finds the gangs that must leave for a gang of a higher priority class.</summary>
public static class Preemption
{
    /// <summary>
    /// The cheapest set of running gangs without which the job fits: only gangs of a strictly lower priority class,
    /// the lowest class first, in it those placed last, because they lose least. Whole gangs leave, never a part.
    /// Null when not even all of them would do. Guests count as gone already: they leave before any gang does.
    /// </summary>
    public static IReadOnlyList<JobState>? Victims(CellState state, JobState job)
    {
        foreach (var alternative in job.Class.Home)
            if (Victims(state, job, alternative.Model) is { } victims) return victims;
        return null;
    }

    private static List<JobState>? Victims(CellState state, JobState job, string model)
    {
        var candidates = state.Allocations.Values
            .Where(a => a.Job.Spec.Kind == JobKind.Training && a.Job.Spec.Priority < job.Spec.Priority
                && a.Node.Accelerator.Model == model)
            .Select(a => a.Job)
            .Distinct()
            .OrderBy(j => j.Spec.Priority)
            .ThenByDescending(j => j.Allocations.First().Value.PlacedAt)
            .ThenByDescending(j => j.Number)
            .ToList();
        if (candidates.Count == 0) return null;

        var ledger = new Ledger(state, job.Spec, model);
        var victims = new List<JobState>();
        foreach (var candidate in candidates)
        {
            if (ledger.Fits) break;
            ledger.Free(candidate);
            victims.Add(candidate);
        }

        if (!ledger.Fits) return null;

        // The last ones may have made some of the first ones unnecessary.
        foreach (var victim in victims.ToList())
        {
            ledger.Bind(victim);
            if (ledger.Fits) victims.Remove(victim);
            else ledger.Free(victim);
        }

        return victims;
    }

    /// <summary>Room for the job on each node, were guests and the chosen victims gone.</summary>
    private sealed class Ledger(CellState state, JobSpec spec, string model)
    {
        private readonly Dictionary<int, (int Devices, int CpuMilli, long MemoryMiB)> _freed = [];
        private int _room = state.Nodes.Where(n => n.Accelerator.Model == model)
            .Sum(n => Room(n, spec, default));

        public bool Fits => _room >= spec.LeastDevices;

        public void Free(JobState victim) => Change(victim, +1);

        public void Bind(JobState victim) => Change(victim, -1);

        private void Change(JobState victim, int sign)
        {
            foreach (var allocation in victim.Allocations.Values)
            {
                var node = allocation.Node;
                var freed = _freed.GetValueOrDefault(node.Index);
                _room -= Room(node, spec, freed);
                freed.Devices += sign * BitOperations.PopCount(allocation.DeviceMask);
                freed.CpuMilli += sign * allocation.CpuMilli;
                freed.MemoryMiB += sign * allocation.MemoryMiB;
                _freed[node.Index] = freed;
                _room += Room(node, spec, freed);
            }
        }

        private static int Room(NodeState node, JobSpec spec, (int Devices, int CpuMilli, long MemoryMiB) freed)
        {
            if (!node.Ready || !Feasibility.HasLabels(node, spec.Labels)) return 0;
            var ranks = Fit.Ranks(
                node.ReclaimableDevices + freed.Devices,
                node.CpuReclaimableMilli + freed.CpuMilli,
                node.MemoryReclaimableMiB + freed.MemoryMiB,
                spec);
            return spec.PerNode == 0 ? ranks : ranks >= spec.PerNode ? spec.PerNode : 0;
        }
    }
}
