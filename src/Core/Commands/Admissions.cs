using System.Globalization;
using System.Numerics;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.State;

namespace Stockpile.Core.Commands;

/// <summary>
/// Decides on what a node says of itself: whether the cell can use it, and what becomes of the work on it when it comes
/// back another than it was.
/// </summary>
internal static class Admissions
{
    public static Decision Decide(CellState state, AdmitNode c)
    {
        if (WhyNot(state, c.Node) is { } refusal) return new Rejected(refusal);
        var accelerator = state.Catalog.Find(c.Node.Model, c.Node.Tier)!;
        // What the catalogue says needs no word in the journal.
        var node = accelerator.IsVariant ? c.Node : c.Node with { Tier = "" };
        if (state.FindNode(node.Node) is not { } known)
            return state.Nodes.Count >= Limits.NodesPerCellMax
                ? new Rejected(new Refusal(Refusal.Busy, "cell",
                    $"cell {state.Cell} has {Limits.NodesPerCellMax} nodes, which is the most it takes"))
                : new Accepted(node);
        if (node.Incarnation < known.Admitted.Incarnation)
            return new Rejected(new Refusal(Refusal.Invalid, "incarnation",
                $"node {known.Id} advertises the incarnation {node.Incarnation}, "
                + $"older than {known.Admitted.Incarnation}: it is of a process that was replaced, or the clock of its "
                + "machine was put back"));

        var change = ChangeOf(known, node, accelerator);
        var goesOn = !known.Lost && node.Incarnation == known.Admitted.Incarnation
            && node.Host == known.Admitted.Host;
        var same = change.Length == 0 && JobSpecs.SameMap(known.Admitted.Labels, node.Labels);
        if (!goesOn)
        {
            var events = Endings.Of(state, known.Allocations, AllocationEnd.NodeLost,
                $"node {known.Id} started anew{(change.Length > 0 ? ", " + change : "")}");
            events.Add(node);
            return new Accepted(events);
        }

        var endings = EndingsOf(state, known, node, accelerator, c.Running);
        if (same) return endings.Count == 0 ? new AlreadyDone() : new Accepted(endings);
        endings.Add(node);
        return new Accepted(endings);
    }

    private static Refusal? WhyNot(CellState state, NodeAdmitted node)
    {
        // A node names its model and its tier apart; the name of a variant is the cell's own word.
        if (state.Catalog.Find(node.Model) is not { } model || model.Model != node.Model || model.IsVariant)
            return new Refusal(Refusal.Invalid, "model",
                $"node {node.Node} has the unknown model {Names.Shorten(node.Model)}; known are "
                + state.Catalog.ModelNames);
        if (node.Tier.Length > 0 && state.Catalog.FindTier(node.Tier) is null)
            return new Refusal(Refusal.Invalid, "tier",
                $"node {node.Node} has the unknown tier {Names.Shorten(node.Tier)}; known are "
                + state.Catalog.TierNames);
        if (node.Devices is < 1 or > Limits.DevicesPerNodeMax)
            return new Refusal(Refusal.Invalid, "devices",
                $"node {node.Node} has {node.Devices} devices; 1..{Limits.DevicesPerNodeMax} are allowed");
        if (node.CpuMilli is < 0 or > Limits.CpuMilliMax)
            return new Refusal(Refusal.Invalid, "cpu",
                $"node {node.Node} has {node.CpuMilli} milli-CPU; 0..{Limits.CpuMilliMax} are allowed");
        if (node.MemoryMiB is < 0 or > Limits.MemoryMiBMax)
            return new Refusal(Refusal.Invalid, "memory",
                $"node {node.Node} has {node.MemoryMiB} MiB; 0..{Limits.MemoryMiBMax} are allowed");
        return null;
    }

    /// <summary>What is another number or another chip now, for users; labels are named where a job wants them.
    /// </summary>
    private static string ChangeOf(NodeState known, NodeAdmitted next, Accelerator accelerator)
    {
        var changes = new List<string>();
        if (known.Accelerator.Model != accelerator.Model) changes.Add(ModelChange(known, accelerator));
        if (known.Devices != next.Devices) changes.Add(DeviceChange(known, next));
        if (known.Admitted.CpuMilli != next.CpuMilli) changes.Add(CpuChange(known, next));
        if (known.Admitted.MemoryMiB != next.MemoryMiB) changes.Add(MemoryChange(known, next));
        return string.Join(", ", changes);
    }

    private static string ModelChange(NodeState known, Accelerator accelerator) =>
        $"as {accelerator.Model} instead of {known.Accelerator.Model}";

    private static string DeviceChange(NodeState known, NodeAdmitted next) =>
        $"with {next.Devices} devices instead of {known.Devices}";

    private static string CpuChange(NodeState known, NodeAdmitted next) => string.Create(CultureInfo.InvariantCulture,
        $"with {next.CpuMilli / 1000.0} cores instead of {known.Admitted.CpuMilli / 1000.0}");

    private static string MemoryChange(NodeState known, NodeAdmitted next) =>
        $"with {next.MemoryMiB} MiB instead of {known.Admitted.MemoryMiB}";

    /// <summary>
    /// What ends on a node that goes on: work that was running and that it does not run any more, and work that its new
    /// shape has no place for. Each job ends what it has to once, with one reason, and goes on waiting.
    /// </summary>
    private static List<CellEvent> EndingsOf(CellState state, NodeState known, NodeAdmitted next,
        Accelerator accelerator, IReadOnlyCollection<long> running)
    {
        var ending = new SortedDictionary<long, (List<long> Sequences, string Reason, AllocationEnd End)>();
        var stays = new List<AllocationState>();
        void End(AllocationState allocation, string what, AllocationEnd end = AllocationEnd.NodeLost)
        {
            if (ending.TryGetValue(allocation.Job.Number, out var more)) more.Sequences.Add(allocation.Sequence);
            else ending.Add(allocation.Job.Number, ([allocation.Sequence], $"node {known.Id} {what}", end));
        }

        foreach (var allocation in known.Allocations.Select(s => state.FindAllocation(s)!))
        {
            if (Misfit(state, known, next, accelerator, allocation) is { } misfit)
                End(allocation, $"came back {misfit}");
            else if (allocation is { Started: true, Finished: false } && !running.Contains(allocation.Sequence))
                End(allocation, "no longer runs it", AllocationEnd.Failed);
            else stays.Add(allocation);
        }

        // A gang that ends for one part gives back the others too.
        bool Gone(AllocationState a) => a.Job.Spec.Kind == JobKind.Training && ending.ContainsKey(a.Job.Number);
        void Fit(Func<AllocationState, long> need, long room, string change)
        {
            stays.RemoveAll(Gone);
            // The youngest has done least.
            while (stays.Sum(need) > room)
            {
                var last = stays.FindLast(a => need(a) > 0)!;
                stays.Remove(last);
                End(last, $"came back {change}");
                stays.RemoveAll(Gone);
            }
        }

        Fit(a => a.CpuMilli, next.CpuMilli, CpuChange(known, next));
        Fit(a => a.MemoryMiB, next.MemoryMiB, MemoryChange(known, next));
        return [.. ending.Values.GroupBy(e => (e.Reason, e.End)).SelectMany(e => Endings.Of(
            state, [.. e.SelectMany(job => job.Sequences)], e.Key.End, e.Key.Reason))];
    }

    /// <summary>What of the node's new shape has no place for the allocation; null: it fits as far as it alone goes.
    /// </summary>
    private static string? Misfit(CellState state, NodeState known, NodeAdmitted next, Accelerator accelerator,
        AllocationState allocation)
    {
        var spec = allocation.Job.Spec;
        if (accelerator.Model != known.Accelerator.Model && !MayChange(state, known, accelerator, allocation))
            return ModelChange(known, accelerator);
        if (32 - BitOperations.LeadingZeroCount(allocation.DeviceMask) > next.Devices) return DeviceChange(known, next);
        foreach (var (key, value) in spec.Labels)
            if (!next.Labels.TryGetValue(key, out var has) || has != value) return $"without the label {key}={value}";
        if (spec.TopologyRequired == TopologyLevel.None) return null;
        var was = Topology.DomainOf(known.Admitted.Labels, spec.TopologyRequired);
        var now = Topology.DomainOf(next.Labels, spec.TopologyRequired);
        return was == now || (now.Length > 0 && IsAlone(allocation)) ? null
            : $"in another {Topology.Name(spec.TopologyRequired)}";
    }

    /// <summary>Only another tier of the same chip can be borne, where the job may use it and stands there as it did: a
    /// gang runs on one model, and whoever was at home is not made a guest.</summary>
    private static bool MayChange(CellState state, NodeState known, Accelerator next, AllocationState allocation)
    {
        if (next.Base != known.Accelerator.Base || !IsAlone(allocation)) return false;
        var catalog = state.Catalog.WithVariants([next.Model]);
        return Alternatives.Of(allocation.Job.Spec, catalog, state.Policy)
            .Any(a => a.Model == next.Model && a.Guest == allocation.Guest);
    }

    /// <summary>Nothing on another node has to stay as it is for this one.</summary>
    private static bool IsAlone(AllocationState allocation) => allocation.Job.Spec.Kind != JobKind.Training
        || allocation.Job.Allocations.Values.All(a => a.Node == allocation.Node);
}
