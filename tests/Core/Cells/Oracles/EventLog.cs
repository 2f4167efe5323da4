using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>What can be known from the rounds alone: who holds what, and how often what happened.</summary>
public sealed class EventLog
{
    private readonly Dictionary<long, (long Job, PlacedAllocation Placed)> _live = [];
    private readonly HashSet<long> _placedJobs = [];
    private readonly HashSet<long> _placedElsewhere = [];
    private long _allocations;
    private long _preempted;
    private long _requeued;
    private long _scaledToNothing;

    /// <summary>Live allocations by sequence.</summary>
    public IReadOnlyDictionary<long, (long Job, PlacedAllocation Placed)> Live => _live;

    public void Take(CellEvent committed)
    {
        switch (committed)
        {
            case JobAdopted { Requeues: > 0 } e:
                _placedElsewhere.Add(e.Job);
                break;
            case JobPlaced e:
                if (!_placedElsewhere.Contains(e.Job)) _placedJobs.Add(e.Job);
                _allocations += e.Allocations.Count;
                foreach (var placed in e.Allocations) _live.Add(placed.Sequence, (e.Job, placed));
                break;
            case AllocationsEnded e:
                foreach (var sequence in e.Sequences) _live.Remove(sequence);
                if (e.End is AllocationEnd.Preempted or AllocationEnd.Reclaimed) _preempted += e.Sequences.Count;
                break;
            case ReplicasScaled { Replicas: 0 }:
                _scaledToNothing++;
                break;
            case JobRequeued:
                _requeued++;
                break;
            default:
                break;
        }
    }

    /// <summary>The cell's counters say what its events say.</summary>
    public IEnumerable<string> CounterComplaints(CellState state)
    {
        var counters = state.Counters;
        // A service that was scaled to nothing before any replica started counts again when it comes back.
        if (counters.Placed < _placedJobs.Count || counters.Placed > _placedJobs.Count + _scaledToNothing)
            yield return $"{counters.Placed} jobs placed, and the rounds placed {_placedJobs.Count}";
        if (counters.Allocations != _allocations)
            yield return $"{counters.Allocations} allocations, and the rounds made {_allocations}";
        if (counters.Preempted != _preempted)
            yield return $"{counters.Preempted} preempted, and the rounds say {_preempted}";
        if (counters.Requeued != _requeued)
            yield return $"{counters.Requeued} requeued, and the rounds say {_requeued}";
        if (!_live.Keys.Order().SequenceEqual(state.Allocations.Keys.Order()))
            yield return "the rounds and the state disagree on which allocations live";
    }
}
