using System.Numerics;
using Stockpile.Core;
using Stockpile.Core.State;

namespace Stockpile.Scheduler.Journal;

/// <summary>Picks one job's events out of a cell's rounds and puts each into words.</summary>
public sealed class JobHistory(JobId id)
{
    /// <summary>The job's number in the cell whose rounds are read: its own at home, another one elsewhere.</summary>
    private long _number = id.Number;
    private string _cell = id.Cell;
    private readonly Dictionary<long, PlacedAllocation> _allocations = [];
    private readonly List<HistoryEntry> _entries = [];
    private readonly List<string> _wentTo = [];

    public IReadOnlyList<HistoryEntry> Entries => _entries;

    /// <summary>The cells that took the job over, in the order in which they are told of; a cell's rows tell of every
    /// stay of the job there.</summary>
    public IReadOnlyList<string> WentTo => _wentTo;

    public void Add(Round round)
    {
        if (round.Cell != _cell)
        {
            _cell = round.Cell;
            _number = 0;
            _allocations.Clear();
        }

        _cell = round.Cell;
        foreach (var committed in round.Events)
            if (Detail(committed) is { } detail)
                _entries.Add(new HistoryEntry(
                    round.At, round.Cell, round.Epoch, round.Number, committed.GetType().Name, detail));
    }

    /// <summary>Null when the event is not about the job.</summary>
    private string? Detail(CellEvent committed) => committed switch
    {
        JobForwarded e when e.Job == _number => $"to cell {Went(e.Cell)}",
        JobAdopted e when e.Origin == id.ToString() =>
            $"from cell {e.Ticket?.From ?? id.Cell}, as job {_number = e.Job} here",
        AdoptionConfirmed e when e.Job == _number => "its home has let go of it",
        AdoptionDropped e when e.Job == _number => "its home kept it",
        JobSubmitted e when e.Job == _number =>
            $"{e.Spec.Kind.ToString().ToLowerInvariant()} '{e.Spec.Name}' of tenant {e.Spec.Tenant}",
        JobPlaced e when e.Job == _number => Placed(e.Allocations),
        AllocationsStarted e => Of(e.Sequences, ended: false, "running"),
        AllocationsEnded e => Of(e.Sequences, ended: true, Words(e.End)),
        CheckpointRecorded e when e.Job == _number => $"{e.Done:P1} of the work is safe",
        ReplicasScaled e when e.Job == _number => $"{Wording.Count(e.Replicas, "replica")} wanted",
        JobRequeued e when e.Job == _number => e.Reason,
        JobMoved e when e.Job == _number => e.Reason,
        ArraySplit e when e.Job == _number => $"{Wording.Count(e.Tasks.Count, "task")} "
            + $"{Wording.For(e.Tasks.Count, "goes", "go")} to its part {new JobId(_cell, e.Part)}",
        ArraySplit e when e.Part == _number =>
            $"a part of {new JobId(_cell, e.Job)}, of {Wording.Count(e.Tasks.Count, "task")}",
        PartEnded e when e.Job == _number =>
            $"its part {new JobId(_cell, e.Part)} is {e.How.ToString().ToLowerInvariant()}",
        TaskDoneLate e when e.Job == _number => $"task {e.Task} was done as it was told to leave",
        JobCompleted e when e.Job == _number => "all its work is done",
        JobCancelled e when e.Job == _number => "withdrawn by its user",
        JobFailed e when e.Job == _number => e.Reason,
        _ => null,
    };

    private string Went(string cell)
    {
        if (!_wentTo.Contains(cell)) _wentTo.Add(cell);
        return cell;
    }

    private string Placed(IReadOnlyList<PlacedAllocation> allocations)
    {
        foreach (var allocation in allocations) _allocations[allocation.Sequence] = allocation;
        var devices = allocations.Sum(
            a => a.ShareMilli > 0 ? a.ShareMilli / 1000.0 : BitOperations.PopCount(a.DeviceMask));
        var guests = allocations.Any(a => a.Guest) ? ", as a guest" : "";
        return $"{devices:0.###} {(devices.Equals(1) ? "device" : "devices")} on {Nodes(allocations)}{guests}";
    }

    private string? Of(IReadOnlyList<long> sequences, bool ended, string words)
    {
        var own = new List<PlacedAllocation>();
        foreach (var sequence in sequences)
            if (ended ? _allocations.Remove(sequence, out var a) : _allocations.TryGetValue(sequence, out a))
                own.Add(a);
        return own.Count == 0 ? null : $"{words} on {Nodes(own)}";
    }

    private static string Nodes(IReadOnlyList<PlacedAllocation> allocations)
    {
        var nodes = allocations.Select(a => a.Node).Distinct(StringComparer.Ordinal).ToList();
        return nodes.Count <= 3 ? string.Join(", ", nodes) : $"{nodes[0]} … {nodes[^1]} ({nodes.Count} nodes)";
    }

    private static string Words(AllocationEnd end) => end switch
    {
        AllocationEnd.Completed => "finished",
        AllocationEnd.Cancelled => "stopped",
        AllocationEnd.Preempted => "preempted",
        AllocationEnd.Reclaimed => "given back to its owner",
        AllocationEnd.NodeLost => "lost",
        AllocationEnd.Failed => "failed",
        AllocationEnd.GangBroken => "stopped with its gang",
        AllocationEnd.ScaledDown => "no longer needed",
        AllocationEnd.Moved => "moved away",
        _ => "moved off a draining node",
    };
}
