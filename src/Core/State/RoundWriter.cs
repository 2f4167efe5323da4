namespace Stockpile.Core.State;

/// <summary>
/// One open round: each event is applied at once, so that the next decision sees it, and kept for the journal. The
/// state runs ahead of the journal until the round is written; whoever holds the state lets nothing of it out before.
/// </summary>
public sealed class RoundWriter
{
    private readonly CellState _state;
    private readonly List<CellEvent> _events = [];
    private readonly List<(AllocationState Allocation, AllocationEnd End)> _ended = [];

    /// <param name="at">Now, in simulated time; cut to whole milliseconds, which is what the journal keeps.</param>
    public RoundWriter(CellState state, DateTimeOffset at)
    {
        _state = state;
        at = DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());
        At = at < state.At ? state.At : at;
    }

    /// <summary>The state that the round changes.</summary>
    public CellState State => _state;

    /// <summary>The instant of the round.</summary>
    public DateTimeOffset At { get; }

    public int Count => _events.Count;

    internal long NextPromise(JobState job) => _state.Queue.NextPromise(job);

    /// <summary>A scheduling cycle begins: its number.</summary>
    public long NextCycle()
    {
        ExpectedWork.Update(_state);
        return _state.Queue.NextCycle();
    }

    /// <summary>What the round's planners choose from.</summary>
    internal CapacityIndex Index => _state.Index;

    /// <summary>Allocations that ended in this round, for the orders that follow; the state has them no more.</summary>
    public IReadOnlyList<(AllocationState Allocation, AllocationEnd End)> Ended => _ended;

    public void Commit(CellEvent committed)
    {
        // A round without events is none: it has no row, so it must not touch the state either.
        if (_events.Count == 0) _state.Begin(At);
        if (committed is AllocationsEnded ending)
            foreach (var sequence in ending.Sequences)
                if (_state.FindAllocation(sequence) is { } allocation) _ended.Add((allocation, ending.End));
        _state.Apply(committed);
        _events.Add(committed);
    }

    /// <summary>The round as the journal will have it; null when nothing happened.</summary>
    public Round? Close() =>
        _events.Count == 0 ? null : new Round(_state.Cell, _state.Epoch, _state.RoundNumber, At, Merge(_events));

    /// <summary>Joins neighbouring starts, and neighbouring placements of one job, into one event each.</summary>
    private static List<CellEvent> Merge(List<CellEvent> events)
    {
        var merged = new List<CellEvent>(events.Count);
        for (var i = 0; i < events.Count;)
        {
            var first = i++;
            switch (events[first])
            {
                case AllocationsStarted started:
                    var sequences = new List<long>(started.Sequences);
                    for (; i < events.Count && events[i] is AllocationsStarted next; i++)
                        sequences.AddRange(next.Sequences);
                    merged.Add(new AllocationsStarted(sequences));
                    break;
                case JobPlaced placed:
                    var allocations = new List<PlacedAllocation>(placed.Allocations);
                    for (; i < events.Count && events[i] is JobPlaced next && next.Job == placed.Job; i++)
                        allocations.AddRange(next.Allocations);
                    merged.Add(new JobPlaced(placed.Job, allocations));
                    break;
                default:
                    merged.Add(events[first]);
                    break;
            }
        }

        return merged;
    }
}
