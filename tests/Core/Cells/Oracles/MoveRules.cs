using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>
/// Who moves ends, moves and is placed in three events that follow each other; a gang as a whole, with its checkpoint,
/// after its rest, and for nobody but a more urgent gang onto less.
/// </summary>
public static class MoveRules
{
    /// <summary>Complaints about one round; the log, and what is known of each job, take the round up.</summary>
    public static List<string> Complaints(
        CellState state, Round round, EventLog log, Dictionary<long, DateTimeOffset> placedAt,
        Dictionary<long, double> safe)
    {
        var complaints = new List<string>();
        var events = round.Events;
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i] is AllocationsEnded { End: AllocationEnd.Moved }
                && events.ElementAtOrDefault(i + 1) is not JobMoved)
                complaints.Add("allocations ended for a move that nobody made");
            if (events[i] is JobMoved moved)
            {
                var job = state.FindJob(moved.Job)!;
                var rest = state.Policy.Gangs.ResizeInterval;
                if (events[i - 1] is not AllocationsEnded { End: AllocationEnd.Moved } ended)
                    complaints.Add($"job {job.Number} moved and nothing of it had ended");
                else if (events.ElementAtOrDefault(i + 1) is not JobPlaced placed || placed.Job != job.Number)
                    complaints.Add($"job {job.Number} moved and was not placed");
                else if (job.Spec.Kind != JobKind.Training && ended.Sequences.Count != 1)
                    complaints.Add($"{ended.Sequences.Count} tasks of job {job.Number} moved as one");
                else if (!moved.Reason.StartsWith("node ", StringComparison.Ordinal)
                    && ended.Sequences.Any(s => placedAt[s] + rest > round.At))
                    complaints.Add($"job {job.Number} moved before it had its rest");
                if (job.Spec is { Kind: JobKind.Training, Checkpoint.Ticks: 0 }
                    && !moved.Reason.StartsWith("node ", StringComparison.Ordinal))
                    complaints.Add($"job {job.Number} moved and has no checkpoint to go on from");
                // Its parts left the log with the event before, so whatever is still there stayed behind.
                if (job.Spec.Kind == JobKind.Training && log.Live.Values.Any(a => a.Job == job.Number))
                    complaints.Add($"only a part of gang {job.Number} moved");
            }

            if (events[i] is JobPlaced p)
                foreach (var allocation in p.Allocations)
                    placedAt[allocation.Sequence] = round.At;
            log.Take(events[i]);
        }

        foreach (var job in state.Jobs.Values)
        {
            if (job.Done < safe.GetValueOrDefault(job.Number))
                complaints.Add($"job {job.Number} had {safe[job.Number]:P0} of its work safe, and has {job.Done:P0}");
            safe[job.Number] = job.Done;
        }

        return complaints;
    }
}
