using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>
/// Who had to leave: guests, or work of a strictly lower priority class, and only for a job that is placed next in the
/// same round. Whole gangs leave, and only for a gang; single tasks leave for a task on their node.
/// </summary>
public static class Preemptions
{
    /// <summary>Complaints about one round, given what the earlier ones left; the log takes the round up.</summary>
    public static IEnumerable<string> Complaints(Round round, EventLog log, IReadOnlyDictionary<long, JobSpec> specs)
    {
        for (var i = 0; i < round.Events.Count; i++)
        {
            if (round.Events[i] is AllocationsEnded { End: AllocationEnd.Preempted } ended)
            {
                var rest = round.Events.Skip(i + 1).ToList();
                var next = rest.OfType<JobPlaced>().FirstOrDefault();
                foreach (var complaint in Of(ended, next, rest, log, specs)) yield return complaint;
            }

            log.Take(round.Events[i]);
        }
    }

    private static IEnumerable<string> Of(
        AllocationsEnded ended, JobPlaced? next, List<CellEvent> rest, EventLog log,
        IReadOnlyDictionary<long, JobSpec> specs)
    {
        if (next is null)
        {
            yield return $"allocations {string.Join(", ", ended.Sequences)} left, and nobody took their place";
            yield break;
        }

        var forGang = specs[next.Job].Kind == JobKind.Training;
        var nodes = next.Allocations.Select(p => p.Node).ToHashSet();
        var evicted = ended.Sequences.ToHashSet();
        foreach (var job in ended.Sequences.GroupBy(s => log.Live[s].Job))
        {
            if (!rest.Exists(e => e is JobRequeued r && r.Job == job.Key || e is JobFailed f && f.Job == job.Key))
                yield return $"job {job.Key} was preempted and neither waits again nor failed";
            if (specs[job.Key].Kind == JobKind.Training)
            {
                if (!forGang) yield return $"gang {job.Key} left for a task of job {next.Job}";
                if (specs[job.Key].Priority >= specs[next.Job].Priority)
                    yield return $"gang {job.Key} left for gang {next.Job}, which is not more urgent";
                if (log.Live.Any(a => a.Value.Job == job.Key && !evicted.Contains(a.Key)))
                    yield return $"only a part of gang {job.Key} was preempted";
                continue;
            }

            foreach (var sequence in job)
            {
                if (!log.Live[sequence].Placed.Guest && forGang)
                    yield return $"allocation {sequence} of job {job.Key} was preempted at home";
                if (!log.Live[sequence].Placed.Guest && specs[job.Key].Priority >= specs[next.Job].Priority)
                    yield return $"task {sequence} left for job {next.Job}, which is not more urgent";
                if (!nodes.Contains(log.Live[sequence].Placed.Node))
                    yield return $"allocation {sequence} left a node that job {next.Job} does not use";
            }
        }
    }
}
