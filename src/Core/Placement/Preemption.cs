using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Placement;

/// <summary>Finds the gangs that must leave for a gang of a higher priority class.</summary>
public static class Preemption
{
    /// <summary>
    /// The cheapest set of running gangs without which the job fits: only gangs of a strictly lower priority class,
    /// the lowest class first, in it those placed last, because they lose least. Whole gangs leave, never a part.
    /// Null when not even all of them would do. Guests count as gone already: they leave before any gang does.
    /// </summary>
    public static IReadOnlyList<JobState>? Victims(CellState state, JobState job)
    {
        foreach (var alternative in job.Class.Home)
            if (Victims(state, job, alternative.Model) is { } victims) return victims;
        return null;
    }

    private static List<JobState>? Victims(CellState state, JobState job, string model)
    {
        var candidates = state.Allocations.Values
            .Where(a => a.Job.Spec.Kind == JobKind.Training && a.Job.Spec.Priority < job.Spec.Priority
                && a.Node.Accelerator.Model == model)
            .Select(a => a.Job)
            .Distinct()
            .OrderBy(j => j.Spec.Priority)
            .ThenByDescending(j => j.Allocations.First().Value.PlacedAt)
            .ThenByDescending(j => j.Number)
            .ToList();
        if (candidates.Count == 0) return null;

        var ledger = new RoomLedger(state, job.Spec, model);
        var victims = new List<JobState>();
        foreach (var candidate in candidates)
        {
            if (ledger.Fits) break;
            ledger.Free(candidate);
            victims.Add(candidate);
        }

        if (!ledger.Fits) return null;

        // The last ones may have made some of the first ones unnecessary.
        foreach (var victim in victims.ToList())
        {
            ledger.Bind(victim);
            if (ledger.Fits) victims.Remove(victim);
            else ledger.Free(victim);
        }

        return victims;
    }
}
