using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>What a node that comes back in another shape ended had no place there, worked out from before and after.
/// </summary>
public sealed class Reshapes(Action<string> see)
{
    private NodeAdmitted? _before;
    private List<AllocationState> _bound = [];

    public void Before(CellState state, CellCommand command)
    {
        _before = null;
        if (command is not AdmitNode admit || state.FindNode(admit.Node.Node) is not { Lost: false } node) return;
        _before = node.Admitted;
        _bound = [.. node.Allocations.Select(s => state.FindAllocation(s)!)];
    }

    public IEnumerable<string> Complaints(CellState state, Told told)
    {
        if (_before is not { } before || told is not { Command: AdmitNode admit, Decision: Accepted }) yield break;
        var node = state.FindNode(admit.Node.Node)!;
        var next = node.Admitted;
        if (next.Incarnation != before.Incarnation || next.Host != before.Host) yield break;
        var gone = _bound.Where(a => state.FindAllocation(a.Sequence) is null).ToList();
        if (_bound.Count > gone.Count && next != before)
            see(next.Tier == before.Tier ? "stayed" : "stayed in another tier");
        foreach (var allocation in gone)
        {
            // A gang has one part on a node, so the part that was lost is this one.
            if (Why(before, next, admit, allocation, state.Policy) is { } why) see(why);
            else if (_bound.Sum(Cpu) > next.CpuMilli) see("too little CPU");
            else if (_bound.Sum(Memory) > next.MemoryMiB) see("too little memory");
            else yield return $"allocation {allocation.Sequence} would fit on {next.Node} as it came back";
        }
    }

    private static string? Why(
        NodeAdmitted before, NodeAdmitted next, AdmitNode admit, AllocationState allocation, Policy policy)
    {
        var spec = allocation.Job.Spec;
        var was = Rules.ChipOf(before);
        var now = Rules.ChipOf(next);
        if (allocation is { Started: true, Finished: false } && !admit.Running.Contains(allocation.Sequence))
            return "not run any more";
        if (before.Model != next.Model) return "another chip";
        if (now.Model != was.Model && (spec.Kind == JobKind.Training || !Rules.Allows(spec, now, policy)
            || Rules.IsGuest(spec, now, policy) != allocation.Placed.Guest)) return "another tier";
        if (Rules.DevicesOf(allocation.Placed).Any(d => d >= next.Devices)) return "no device";
        if (!Rules.HasLabels(spec, next) || Rules.Domain(spec, before) != Rules.Domain(spec, next)) return "a label";
        return null;
    }

    private static int Cpu(AllocationState a) => a.CpuMilli;

    private static long Memory(AllocationState a) => a.MemoryMiB;
}
