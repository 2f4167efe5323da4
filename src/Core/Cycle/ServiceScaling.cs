using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Cycle;

/// <summary>Services follow their demand: as many replicas as answer it on the models they run on.</summary>
public static class ServiceScaling
{
    internal static void Run(CellState state, RoundWriter round)
    {
        foreach (var job in state.Services)
        {
            if (job.Held || round.Count >= Limits.EventsPerRoundMax) continue;
            var wanted = Wanted(state, job, round.At);
            if (wanted == job.Replicas) continue;
            // Those without devices are dropped first: whoever runs goes on.
            var superfluous = InOrderOfKeeping(job).Skip(wanted).Select(a => a.Sequence).ToList();
            if (superfluous.Count > 0) round.Commit(new AllocationsEnded(superfluous, AllocationEnd.ScaledDown));
            round.Commit(new ReplicasScaled(job.Number, wanted));
        }
    }

    /// <summary>Replicas with devices: those that run, then those that are about to; of each the lowest numbers first.
    /// </summary>
    private static IEnumerable<AllocationState> InOrderOfKeeping(JobState job) =>
        job.Allocations.Values.OrderByDescending(a => a.Started).ThenBy(a => a.Placed.Task);

    /// <summary>
    /// The fewest replicas, counted in the order in which they are kept, that answer the demand. A replica without a
    /// device is counted on the job's first choice; if it comes to a slower model, the next cycle wants one more.
    /// </summary>
    private static int Wanted(CellState state, JobState job, DateTimeOffset now)
    {
        if (job.Spec is not { Serving: not null, Demand: { } demand }) return job.Spec.ReplicasAt(now);
        var left = demand.At(now);
        var firstChoice = FirstChoice(state, job);
        var counted = 0;
        foreach (var allocation in InOrderOfKeeping(job))
        {
            if (left <= demand.Peak * 1e-9) return job.Spec.WithinRange(counted);
            left -= allocation.Capacity;
            counted++;
        }

        return job.Spec.WithinRange(counted + Math.Max(0, left) / firstChoice);
    }

    private static double FirstChoice(CellState state, JobState job)
    {
        var (spec, serving) = (job.Spec, job.Spec.Serving!);
        var choices = job.Class.Home.Count > 0 ? job.Class.Home : job.Class.Guest;
        return choices.Count > 0
            ? ServingRates.PerReplica(spec, serving, state.Catalog, choices[0].Model)
            : serving.OnReference(spec.DevicesPerTask);
    }
}
