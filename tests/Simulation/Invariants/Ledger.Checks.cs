using Stockpile.Core;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Simulation.Tests.Invariants;

/// <summary>What is compared with the durable state.</summary>
public sealed partial class Ledger
{
    private const int ImageEvery = 16;

    /// <summary>A cell has said something about jobs; it must be in the journal by now.</summary>
    public void Answered(object answer)
    {
        switch (answer)
        {
            case SubmitJobsReply reply:
                foreach (var result in reply.Results)
                    if (result.Job is { } job) MustBeDurable(job);
                break;
            case JobReply { Job: { } job }:
                MustBeDurable(job);
                if (job.State == "cancelled" && !_jobs[job.Id].Cancelled)
                    World.Fail(Invariant.AcknowledgedIsDurable, $"{job.Id} is said to be cancelled; no row says so");
                break;
        }
    }

    public void MustBeDurable(JobView job)
    {
        if (!_jobs.TryGetValue(job.Id, out var taken) || taken.Spec.Name != job.Spec.Name)
            World.Fail(Invariant.AcknowledgedIsDurable, $"{job.Id} '{job.Spec.Name}' was acknowledged; no row has it");
    }

    /// <summary>A cell has recovered, from the first row or from a snapshot and the rest.</summary>
    public void Recovered(string cell, CellState state) => CompareImages(cell, state, "recovered");

    /// <summary>A row is durable, and the cell that wrote it has done nothing since.</summary>
    public void Compare(string cell, CellState live)
    {
        var replayed = Replayed(cell);
        if (live.RoundNumber != replayed.RoundNumber) return;
        if (++_compared % ImageEvery == 0) CompareImages(cell, live, "live");
        else if (AllocationsHash.Of(live) != AllocationsHash.Of(replayed))
            World.Fail(Invariant.JournalIsEnough, $"{cell} and its journal differ at round {live.RoundNumber}");
        var waiting = live.Jobs.Values.Count(j => j.Waits);
        var queued = live.Queue.InOrder().Count();
        if (waiting != queued)
            World.Fail(Invariant.WaitingIsQueued, $"{waiting} jobs of {cell} wait and {queued} are queued");
    }

    public void CompareImages(string cell, CellState state, string which)
    {
        World.Count("images compared");
        var replayed = Replayed(cell).Capture().ToWire();
        var image = state.Capture().ToWire();
        if (image.Equals(replayed)) return;
        World.Fail(Invariant.JournalIsEnough,
            $"the {which} state of {cell} at round {state.RoundNumber} differs from its journal:\n{image}\n{replayed}");
    }

    /// <summary>Every job that was ever taken is in one cell.</summary>
    private void Sweep()
    {
        foreach (var (id, job) in _jobs)
        {
            if (Replayed(job.Id.Cell).FindJob(job.Id.Number) is not { } home)
            {
                World.Fail(Invariant.NeverGone, $"{id} is gone from its home");
                return;
            }

            if (job.At != job.Id && home.Ended != JobPhase.Forwarded)
                World.Fail(Invariant.NeverGone, $"{id} is in {job.At} and at its home");
            foreach (var (cell, state) in _replayed)
            {
                var there = state.FindAdopted(id);
                if (cell == job.ForwardedTo && there is null or { Ended: JobPhase.Forwarded })
                    World.Fail(Invariant.NeverGone, $"{id} went to {cell}, which does not have it");
                if (there is { Held: false, Ended: not JobPhase.Forwarded } && new JobId(cell, there.Number) != job.At)
                    World.Fail(Invariant.NeverGone, $"{id} is in {cell} and in {job.At}");
            }
        }
    }
}
