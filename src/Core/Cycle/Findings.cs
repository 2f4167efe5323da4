using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Cycle;

/// <summary>
/// Notes what one cycle finds for the jobs that it leaves waiting. A refusal holds for all that wait with the job that
/// was tried: those of its tenant and class where it is over quota, else the whole class, which is out for the pass.
/// </summary>
internal sealed class Findings
{
    private readonly CellState _state;
    private readonly RoundWriter _round;
    private readonly DateTimeOffset _at;
    private readonly long _cycle;

    public Findings(CellState state, RoundWriter round)
    {
        _state = state;
        _round = round;
        _at = round.At;
        _cycle = round.NextCycle();
    }

    /// <summary>A lane had its turn with a job, which waits still unless it was placed.</summary>
    /// <param name="alternatives">Where it was tried.</param>
    /// <param name="passes">It is behind others of its lane and may pass them.</param>
    /// <param name="standsInWayOf">Held back without a guard: the claim of the more urgent gang.</param>
    public void Note(
        TenantLane lane, JobState job, CycleOutcome outcome, IReadOnlyList<Alternative> alternatives,
        ReservationGuard? guard, Claim? standsInWayOf, bool passes, bool guests)
    {
        switch (outcome)
        {
            case CycleOutcome.RoundFull:
                job.Note(_round, Found(outcome, "it held as many events as one may", guests));
                break;
            case CycleOutcome.OverQuota:
                lane.Note(_round, Found(outcome, QuotaOf(job), guests));
                break;
            case CycleOutcome.HeldBack:
                NoteClass(lane, Found(
                    outcome, $"it would stand in the way of {NameOf(standsInWayOf?.Job)}", guests), guests);
                break;
            case CycleOutcome.NoRoom:
                var found = KeptBy(job, alternatives, guard) is { } other
                    ? Found(CycleOutcome.HeldBack, $"devices are reserved for {NameOf(other)}", guests)
                    : Found(outcome, guests ? "no node has room for it as a guest" : "no node has room for it", guests);
                // One that passes those before it says nothing of them.
                if (passes) NoteOne(job, found, guests);
                else NoteClass(lane, found, guests);
                break;
        }
    }

    /// <summary>What was found at home is told, and not that nobody lends a device either.</summary>
    private void NoteOne(JobState job, LastTry found, bool guests)
    {
        if (!guests || job.LastTry?.Cycle != _cycle) job.Note(_round, found);
    }

    private void NoteClass(TenantLane lane, LastTry found, bool guests)
    {
        foreach (var other in lane.Class.Lanes.Values)
            if (other.Tried?.Cycle != _cycle || (other == lane && !guests)) other.Note(_round, found);
    }

    /// <summary>The job for which something is reserved without which this one would start now; null: there is no room
    /// in any case. The guard knows whether it took any room away, so this is rarely looked for.</summary>
    private long? KeptBy(JobState job, IReadOnlyList<Alternative> alternatives, ReservationGuard? guard) =>
        guard?.Refuser is { } other && Feasibility.FitsNow(_state, job.Spec, alternatives, guard: null) ? other : null;

    private string QuotaOf(JobState job)
    {
        foreach (var alternative in job.Class.Home)
            if (QuotaCheck.WhyNot(_state, job, alternative, JobSpecs.LeastMilli(job.Spec)) is { } refusal)
                return refusal.Message;
        return $"tenant {job.Spec.Tenant} held all that its quota allows";
    }

    private LastTry Found(CycleOutcome outcome, string reason, bool guests) =>
        new(outcome, reason, _at, guests) { Cycle = _cycle, Entered = _state.Queue.LastEntered };

    private string NameOf(long? number) => number is { } known && _state.FindJob(known) is { } job
        ? _state.NameOf(job)
        : "a more urgent job";
}
