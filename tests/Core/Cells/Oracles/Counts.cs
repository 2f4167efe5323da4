using Stockpile.Core.Jobs;
using Stockpile.Core.Routing;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>Places in the queue, the demand by models and the lists of jobs, each worked out job by job.</summary>
internal static class Counts
{
    public static IEnumerable<string> Complaints(CellState state)
    {
        var place = 0;
        foreach (var number in state.Queue.InOrder())
        {
            var ahead = state.Queue.Ahead(state.FindJob(number)!);
            if (ahead != place) yield return $"job {number} has {place} ahead, and {ahead} are counted";
            place++;
        }

        var models = CellStatus.Of(state).Models;
        var asked = state.Jobs.Values.Where(j => j.Waits)
            .Where(j => j.Class.Alternatives.Any(a => models.ContainsKey(a.Model)))
            .Sum(j => (long)TaskShape.Of(j.Spec).DeviceMilli
                * (j.Spec.Kind == JobKind.Training ? 1 : j.Unplaced.Count));
        var counted = models.Values.Sum(m => m.WaitingMilli);
        if (asked != counted) yield return $"{asked} thousandths wait, and {counted} are counted";

        var phases = state.Jobs.Values.Where(j => j.Phase != JobPhase.Forwarded).ToLookup(j => j.Phase);
        foreach (var phase in Enum.GetValues<JobPhase>())
        {
            var there = phases[phase]
                .OrderBy(j => JobPlace.Of(j.SubmittedAt.ToUnixTimeMilliseconds(), state.NameOf(j)))
                .Select(j => j.Number).ToList();
            var (total, listed) = state.Listed.Find(phase, null, null, null);
            var numbers = listed.Select(j => j.Number).ToList();
            if (total != there.Count || !numbers.SequenceEqual(there))
                yield return $"{string.Join(' ', there)} are {phase}, and {string.Join(' ', numbers)} are listed";
        }

        var went = state.Jobs.Values.Where(j => j.Ended == JobPhase.Forwarded).Select(j => j.Number).Order().ToList();
        var told = state.Listed.Find(null, null, null, null, lately: _ => true).Jobs
            .Where(j => j.Ended == JobPhase.Forwarded).Select(j => j.Number).Order().ToList();
        if (!told.SequenceEqual(went))
            yield return $"{string.Join(' ', went)} went to other cells, and {string.Join(' ', told)} are told";
    }
}
