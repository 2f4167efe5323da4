using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;

namespace Stockpile.Core.Queueing;

/// <summary>
/// What one cycle knows of gangs: who holds what, which waiting gangs have a start in sight, and who gives way to them.
/// </summary>
internal sealed class GangDesk(CellState state, RoundWriter round)
{
    private readonly HoldBack _holdBack = new(state, round.At);
    private Holders? _holders;
    private int _gatheredAt = -1;

    private Holders Holders
    {
        get
        {
            if (_gatheredAt == round.Count) return _holders!;
            _gatheredAt = round.Count;
            return _holders = new Holders(state, round.At);
        }
    }

    /// <summary>The alternatives on which the gang would not stand in a more urgent one's way.</summary>
    public IReadOnlyList<Alternative> Open(JobState job, IReadOnlyList<Alternative> alternatives)
    {
        var least = job.Spec.LeastDevices;
        foreach (var alternative in alternatives)
            if (!_holdBack.Allows(job, alternative.Model, least))
                return [.. alternatives.Where(a => _holdBack.Allows(job, a.Model, least))];
        return alternatives;
    }

    /// <summary>The plan for the gang, smaller where its full size would stand in a more urgent one's way.</summary>
    public GangPlan? Plan(JobState job, IReadOnlyList<Alternative> alternatives)
    {
        if (alternatives.Count == 0) return null;
        var plan = GangPlanner.Plan(state, job.Spec, alternatives);
        if (plan is null || _holdBack.Allows(job, plan.Alternative.Model, plan.Devices)) return plan;
        var least = job.Spec with { Devices = job.Spec.LeastDevices, MinDevices = 0, MaxDevices = 0 };
        return GangPlanner.Plan(state, least, alternatives);
    }

    public IReadOnlyList<JobState>? Victims(JobState job, IReadOnlyList<Alternative> alternatives) =>
        job.Spec.Priority == Priority.Low ? null : Preemption.Victims(state, job, alternatives, Holders);

    /// <summary>A gang was placed; its class has no prospect any more, but a start.</summary>
    public void Placed(JobState job, GangPlan plan)
    {
        _holdBack.Remove(job.Class.Claim);
        job.Class.Claim = null;
        _holdBack.Took(job, plan.Alternative.Model, plan.Devices);
    }

    /// <summary>A gang found no room. One of the lowest class has nobody who would give way to it.</summary>
    public void FoundNoRoom(JobState job, IReadOnlyList<Alternative> alternatives)
    {
        _holdBack.Remove(job.Class.Claim);
        job.Class.Claim = job.Spec.Priority == Priority.Low
            ? null
            : Preemption.Prospect(state, job, alternatives, Holders);
        if (job.Class.Claim is { } claim) _holdBack.Add(claim);
    }
}
