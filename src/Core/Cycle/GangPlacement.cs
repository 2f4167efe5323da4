using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Cycle;

/// <summary>
/// What one cycle knows of gangs: who holds what, which waiting gangs have a start in sight, and who gives way to them.
/// </summary>
internal sealed class GangPlacement(CellState state, RoundWriter round)
{
    private readonly HoldBack _holdBack = new(state, round);
    private Holders? _holders;
    private int _gatheredAt = -1;
    private int _prospects;

    private Holders Holders
    {
        get
        {
            if (_gatheredAt == round.Count) return _holders!;
            _gatheredAt = round.Count;
            return _holders = new Holders(state, round.At);
        }
    }

    /// <summary>The claim that closed an alternative to the gang that was asked for last; null: none did.</summary>
    public Claim? StandsInWayOf { get; private set; }

    /// <summary>The alternatives on which the gang would not stand in a more urgent one's way.</summary>
    public IReadOnlyList<Alternative> Open(JobState job, IReadOnlyList<Alternative> alternatives)
    {
        var least = job.Spec.LeastDevices;
        StandsInWayOf = null;
        foreach (var alternative in alternatives)
            if ((StandsInWayOf = _holdBack.Forbids(job, alternative, least)) is not null)
                return [.. alternatives.Where(a => _holdBack.Allows(job, a, least))];
        return alternatives;
    }

    /// <summary>
    /// The plan for the gang on the first alternative with room, smaller where its full size would be over its quota,
    /// or stand in a more urgent one's way.
    /// </summary>
    /// <param name="byRight">It takes back what its tenant owns, so it gets no more than that.</param>
    public GangPlan? Plan(
        JobState job, IReadOnlyList<Alternative> alternatives, ReservationGuard? guard, bool byRight = false)
    {
        foreach (var alternative in alternatives)
        {
            var plan = GangPlanner.Plan(state, WithinQuota(job.Spec, alternative, byRight), [alternative], guard);
            if (plan is null) continue;
            if (_holdBack.Allows(job, alternative, plan.Devices)) return plan;
            var least = job.Spec with { Devices = job.Spec.LeastDevices, MinDevices = 0, MaxDevices = 0 };
            return GangPlanner.Plan(state, least, [alternative], guard);
        }

        return null;
    }

    private JobSpec WithinQuota(JobSpec spec, Alternative alternative, bool byRight)
    {
        var most = Math.Max(spec.Devices, spec.MaxDevices);
        var headroom = QuotaCheck.HeadroomMilli(state, spec.Tenant, alternative.Tier) / Limits.MilliPerDevice;
        var right = QuotaCheck.RightMilli(state, spec.Tenant, alternative.Tier) / Limits.MilliPerDevice;
        // Nobody borrows more than it must what somebody with a right to it waits for.
        if (Math.Min(headroom, most) > right && (byRight || QuotaCheck.IsOwed(state, spec.Tenant, alternative.Tier)))
            headroom = right;
        if (headroom >= most) return spec;
        var step = Math.Max(1, spec.PerNode);
        var capped = Math.Max(spec.LeastDevices, (int)headroom / step * step);
        return spec with
        {
            Devices = Math.Min(spec.Devices, capped), MinDevices = spec.LeastDevices, MaxDevices = capped,
        };
    }

    public IReadOnlyList<JobState>? Victims(JobState job, IReadOnlyList<Alternative> alternatives) =>
        job.Spec.Priority == Priority.Low ? null : Preemption.Victims(state, job, alternatives, Holders);

    /// <summary>A gang was placed; its class has no prospect any more, but a start.</summary>
    public void Placed(JobState job, GangPlan plan)
    {
        _holdBack.Remove(job.Class.Retry.Claim);
        job.Class.Become(round, job.Class.Retry.Started());
        _holdBack.Took(job, plan.Alternative.Model, plan.Devices);
    }

    /// <summary>A gang found no room. One of the lowest class has nobody who would give way to it.</summary>
    public void FoundNoRoom(JobState job, IReadOnlyList<Alternative> alternatives)
    {
        _holdBack.Remove(job.Class.Retry.Claim);
        job.Class.Become(round, job.Class.Retry.LookAgain(at: null));
        if (job.Spec.Priority == Priority.Low) return;

        // Looking ahead costs as much as the cell is large, so only the first in the queue get an outlook; the others
        // are tried again when a protection of today has run out.
        if (_prospects++ >= Limits.ProspectsPerCycleMax)
        {
            job.Class.Become(round, job.Class.Retry.LookAgain(round.At + Limits.RetryAfter));
            return;
        }

        job.Class.Become(round, job.Class.Retry.Expects(Preemption.Prospect(state, job, alternatives, Holders)));
        if (job.Class.Retry.Claim is { } claim) _holdBack.Add(claim);
    }
}
