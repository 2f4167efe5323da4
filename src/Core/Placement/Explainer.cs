using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Placement;

/// <summary>One alternative of a job, in counts, with a verdict in words.</summary>
public sealed record AlternativeReport(
    Alternative Alternative,
    int Nodes,
    int Devices,
    int FreeDevices,
    int GuestHeldDevices,
    int UsedDevices,
    int UnavailableDevices,
    int NodesShortOfDevices,
    int NodesShortOfCpu,
    int NodesShortOfMemory,
    int NodesWithoutLabels,
    int FitsNow,
    string Verdict);

/// <summary>Why a job is where it is. Nothing here runs unless somebody asks.</summary>
public sealed record Explanation(string Reason, IReadOnlyList<AlternativeReport> Alternatives, int AheadInQueue);

/// <summary>Explains a job from the state alone, so it can be asked at any time.</summary>
public static class Explainer
{
    public static Explanation Explain(CellState state, JobState job)
    {
        var reports = job.Class.Alternatives.Select(a => Report(state, job.Spec, a)).ToList();
        var ahead = job.Waits ? state.Queue.Ahead(job) : 0;
        return new Explanation(ReasonOf(job, reports, ahead), reports, ahead);
    }

    private static string ReasonOf(JobState job, List<AlternativeReport> reports, int ahead)
    {
        if (job.Ended is { } ended)
            return job.Reason.Length > 0 ? $"{ended.ToString().ToLowerInvariant()}: {job.Reason}"
                : ended.ToString().ToLowerInvariant();
        if (!job.Waits)
        {
            var where = job.Allocations.Values
                .GroupBy(a => (a.Node.Accelerator.Model, a.Node.Accelerator.Tier, a.Guest))
                .OrderBy(g => g.Key.Model, StringComparer.Ordinal)
                .Select(g => $"{g.Sum(a => a.DeviceMilli) / 1000.0:0.###} {g.Key.Model} ({g.Key.Tier}"
                    + (g.Key.Guest ? ", as a guest)" : ")"));
            return $"has {string.Join(", ", where)}";
        }

        var what = job.Spec.Kind == JobKind.Training
            ? $"waits for {job.Spec.Devices} devices of one model at once"
            : $"{job.Unplaced.Count} of {Wanted(job)} "
            + $"{(job.Spec.Kind == JobKind.Inference ? "replicas" : "tasks")} wait";
        var best = reports.OrderByDescending(r => r.FitsNow).ThenByDescending(r => r.Devices).FirstOrDefault();
        var cause = best is null ? "no model is allowed" : best.Verdict;
        var requeued = job.Reason.Length > 0 ? $"; requeued because {job.Reason}" : "";
        return $"{what}: {cause}; {ahead} jobs ahead in the queue{requeued}";
    }

    private static int Wanted(JobState job) => job.Spec.Kind == JobKind.Inference ? job.Replicas : job.Spec.Tasks;

    private static AlternativeReport Report(CellState state, JobSpec spec, Alternative alternative)
    {
        int nodes = 0, devices = 0, free = 0, guestHeld = 0, unavailable = 0;
        int shortDevices = 0, shortCpu = 0, shortMemory = 0, noLabels = 0, fits = 0;
        var gang = spec.Kind == JobKind.Training;
        var perNode = gang ? Math.Max(1, spec.PerNode) : spec.Devices;
        foreach (var node in state.Nodes)
        {
            if (node.Accelerator.Model != alternative.Model) continue;
            nodes++;
            devices += node.Devices;
            if (!node.Ready)
            {
                unavailable += node.Devices;
                continue;
            }

            free += node.FreeDevices;
            guestHeld += node.ReclaimableDevices - node.FreeDevices;
            var cpu = gang ? node.CpuReclaimableMilli : node.CpuFreeMilli;
            var memory = gang ? node.MemoryReclaimableMiB : node.MemoryFreeMiB;
            var ranks = gang ? perNode : 1;
            if (!Feasibility.HasLabels(node, spec.Labels)) noLabels++;
            else if (!HasDevices(node, spec, perNode)) shortDevices++;
            else if (cpu < (long)spec.CpuMilli * ranks) shortCpu++;
            else if (memory < spec.MemoryMiB * ranks) shortMemory++;
            else if (!gang) fits++;
            else fits += spec.PerNode > 0 ? perNode : Fit.Ranks(node.ReclaimableDevices, cpu, memory, spec);
        }

        var used = devices - free - guestHeld - unavailable;
        var verdict = Verdict(spec, alternative, nodes, devices, fits, free, guestHeld, used, unavailable,
            shortDevices, shortCpu, shortMemory, noLabels);
        return new AlternativeReport(alternative, nodes, devices, free, guestHeld, used, unavailable,
            shortDevices, shortCpu, shortMemory, noLabels, fits, verdict);
    }

    private static bool HasDevices(NodeState node, JobSpec spec, int perNode)
    {
        if (spec.Kind == JobKind.Training) return node.ReclaimableDevices >= perNode;
        if (spec.ShareMilli == 0) return node.FreeDevices >= spec.Devices;
        for (var device = 0; device < node.Devices; device++)
            if (node.FreeMilli(device) >= spec.ShareMilli) return true;
        return false;
    }

    private static string Verdict(
        JobSpec spec, Alternative alternative, int nodes, int devices, int fits, int free, int guestHeld, int used,
        int unavailable, int shortDevices, int shortCpu, int shortMemory, int noLabels)
    {
        if (nodes == 0) return $"the cell has no {alternative.Model}";
        var counts = $"of {devices} {alternative.Model} {used} are used, {guestHeld} held by guests, {free} free"
            + (unavailable > 0 ? $", {unavailable} lost or draining" : "");
        if (spec.Kind == JobKind.Training)
        {
            var least = spec.LeastDevices;
            return fits >= least ? $"fits: {counts}" : $"{least - fits} devices short: {counts}";
        }

        if (fits > 0) return $"fits on {fits} nodes: {counts}";
        var causes = new List<string>();
        if (shortDevices > 0) causes.Add($"{shortDevices} nodes lack free devices");
        if (shortCpu > 0) causes.Add($"{shortCpu} lack CPU");
        if (shortMemory > 0) causes.Add($"{shortMemory} lack memory");
        if (noLabels > 0) causes.Add($"{noLabels} lack the labels");
        return causes.Count > 0 ? $"{string.Join(", ", causes)}: {counts}" : $"no node takes work: {counts}";
    }
}
