using Stockpile.Core.Cells;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Lab.Virtual;

/// <summary>
/// One cell in virtual time: the state, the commands and the scheduling cycle of a live cell, with a queue of events
/// instead of a clock, nodes and a journal. Work starts when it is placed and ends when its run time is over.
/// </summary>
public sealed class VirtualCell
{
    private readonly PriorityQueue<long, (DateTimeOffset At, long Sequence)> _ends = new();

    public VirtualCell(Catalog catalog, Policy policy, IReadOnlyList<NodeSpec> nodes, DateTimeOffset start)
    {
        State = new CellState("lab", catalog, policy);
        var round = new RoundWriter(State, start);
        foreach (var node in nodes)
        {
            var decision = round.Run(new AdmitNode(new NodeAdmitted(
                node.Id, "lab", 1, node.Model, node.Devices, node.CpuMilli, node.MemoryMiB, node.Labels), []));
            if (decision is Rejected rejected) throw new ArgumentException(rejected.Refusal.Message);
        }

        Close(round);
    }

    public CellState State { get; }

    /// <summary>Called with every round, after the state has taken it up.</summary>
    public Action<Round>? OnRound { get; init; }

    /// <summary>When the next running work ends; null: nothing runs that has an end.</summary>
    public DateTimeOffset? NextEnd => _ends.TryPeek(out _, out var next) ? next.At : null;

    /// <summary>All that happens at one instant: work that is done ends, jobs arrive, the cycle places.</summary>
    /// <returns>The decisions on the jobs, in their order.</returns>
    public IReadOnlyList<Decision> Advance(DateTimeOffset now, IReadOnlyList<JobSpec> arrivals)
    {
        var round = new RoundWriter(State, now);
        while (_ends.TryPeek(out var sequence, out var next) && next.At <= now)
        {
            _ends.Dequeue();
            // It may have been sent away, or have moved, since it was placed.
            if (State.FindAllocation(sequence) is { } allocation)
                round.Run(new ReportCompleted(allocation.Node.Id, sequence));
        }

        var decisions = arrivals.Select(spec => round.Run(new SubmitJob("", spec))).ToList();
        while (SchedulingCycle.Run(State, round).More)
        {
            Close(round);
            round = new RoundWriter(State, now);
        }

        Close(round);
        return decisions;
    }

    private void Close(RoundWriter writer)
    {
        if (writer.Close() is not { } round) return;
        foreach (var committed in round.Events)
            if (committed is JobPlaced placed)
                foreach (var allocation in placed.Allocations)
                    if (State.FindAllocation(allocation.Sequence) is { PlannedEnd: { } end })
                        _ends.Enqueue(allocation.Sequence, (end, allocation.Sequence));
        OnRound?.Invoke(round);
    }
}
