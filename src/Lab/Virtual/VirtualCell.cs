using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Lab.Virtual;

/// <summary>
/// One cell in virtual time: the state, the commands and the scheduling cycle of a live cell, with a queue of events
/// instead of a clock, nodes and a journal. Work starts when it is placed and ends when its run time is over. Nothing
/// fails here, and whoever has to leave is given time to write a checkpoint, so a gang with checkpoints loses nothing.
/// </summary>
public sealed class VirtualCell
{
    private readonly PriorityQueue<long, (DateTimeOffset At, long Sequence)> _ends = new();
    private readonly List<(string Node, long Sequence)> _placed = [];

    public VirtualCell(
        Catalog catalog, Policy policy, IReadOnlyList<NodeSpec> nodes, DateTimeOffset start, string name = "lab")
    {
        State = new CellState(name, catalog, policy);
        var round = new RoundWriter(State, start);
        foreach (var node in nodes)
        {
            var decision = round.Run(new AdmitNode(new NodeAdmitted(
                node.Id, "lab", 1, node.Model, node.Devices, node.CpuMilli, node.MemoryMiB, node.Labels)
            {
                Tier = node.Tier,
            }, []));
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
    public IReadOnlyList<Decision> Advance(DateTimeOffset now, IReadOnlyList<JobSpec> arrivals) =>
        Advance(now, arrivals.Select(spec => new SubmitJob("", spec)));

    /// <summary>One command by itself: the cycle comes with the next <see cref="Advance(DateTimeOffset,
    /// IReadOnlyList{JobSpec})"/>.</summary>
    public Decision Run(DateTimeOffset now, CellCommand command)
    {
        var round = new RoundWriter(State, now);
        var decision = round.Run(command);
        Close(round);
        return decision;
    }

    private List<Decision> Advance(DateTimeOffset now, IEnumerable<CellCommand> arrivals)
    {
        var round = new RoundWriter(State, now);
        while (_ends.TryPeek(out var sequence, out var next) && next.At <= now)
        {
            _ends.Dequeue();
            // It may have been sent away, or have moved, since it was placed.
            if (State.FindAllocation(sequence) is { } allocation)
                round.Run(new ReportCompleted(allocation.Node.Id, sequence));
        }

        foreach (var gang in State.Gangs.Where(g => g.Spec.Checkpoint > TimeSpan.Zero).ToList())
            if (Done(gang, now) is var done && done > gang.Done) round.Run(new RecordCheckpoint(gang.Number, done));
        var decisions = arrivals.Select(round.Run).ToList();
        while (SchedulingCycle.Run(State, round).More)
        {
            Close(round);
            round = new RoundWriter(State, now);
        }

        Close(round);
        StartPlaced(now);
        return decisions;
    }

    /// <summary>Gangs with checkpoints tell when they start, so that it is known how far they are.</summary>
    private void StartPlaced(DateTimeOffset now)
    {
        if (_placed.Count == 0) return;
        var round = new RoundWriter(State, now);
        foreach (var (node, sequence) in _placed) round.Run(new ReportStarted(node, sequence));
        _placed.Clear();
        Close(round);
    }

    /// <summary>Share of its work that a gang has done, 0..1.</summary>
    internal static double Done(JobState gang, DateTimeOffset now) =>
        1 - Remaining.Of(gang, now) / gang.Allocations.First().Value.Placed.RunTime;

    private void Close(RoundWriter writer)
    {
        if (writer.Close() is not { } round) return;
        foreach (var committed in round.Events)
            if (committed is JobPlaced placed)
                foreach (var allocation in placed.Allocations)
                    Note(allocation.Sequence);
        OnRound?.Invoke(round);
    }

    private void Note(long sequence)
    {
        if (State.FindAllocation(sequence) is not { PlannedEnd: { } end } allocation) return;
        _ends.Enqueue(sequence, (end, sequence));
        if (allocation.Job.Spec is { Kind: JobKind.Training, Checkpoint.Ticks: > 0 })
            _placed.Add((allocation.Node.Id, sequence));
    }
}
