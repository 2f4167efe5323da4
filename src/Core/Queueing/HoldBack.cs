using Stockpile.Core.Fleets;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>
/// Keeps a gang from starting where it would only be pushed out again, or, being protected, would keep a more urgent
/// gang waiting. It may start when it ends before the other's time, when its protection does, when the devices it
/// takes are not needed then, or when its tenant has a right to them and the other gang is another tenant's.
/// </summary>
internal sealed class HoldBack
{
    private readonly CellState _state;
    private readonly RoundWriter _round;
    private readonly DateTimeOffset _now;
    private readonly List<Claim> _claims = [];

    public HoldBack(CellState state, RoundWriter round)
    {
        _state = state;
        _round = round;
        _now = round.At;
        if (!state.Policy.Queue.Preemption.HoldBack) return;
        foreach (var jobClass in state.Queue.WaitingClasses)
            if (jobClass.Retry.Claim is { } claim) _claims.Add(claim);
    }

    public void Add(Claim claim)
    {
        if (_state.Policy.Queue.Preemption.HoldBack) _claims.Add(claim);
    }

    public void Remove(Claim? claim)
    {
        if (claim is not null) _claims.Remove(claim);
    }

    /// <summary>Whether the gang may start on the model with so many devices.</summary>
    public bool Allows(JobState job, Alternative alternative, int devices) =>
        Forbids(job, alternative, devices) is null;

    /// <summary>The claim in whose way it would stand; null: in none's.</summary>
    public Claim? Forbids(JobState job, Alternative alternative, int devices)
    {
        foreach (var claim in _claims)
            if (Concerns(claim, job, alternative.Model) && devices > claim.Headroom && Stays(claim, job, devices)
                && !IsByRight(claim, job, alternative, devices)) return claim;
        return null;
    }

    /// <summary>A gang was started: what it holds at the time of a claim is spare no more.</summary>
    public void Took(JobState job, string model, int devices)
    {
        foreach (var claim in _claims)
            if (Concerns(claim, job, model) && Stays(claim, job, devices)) claim.Take(_round, devices);
    }

    private static bool Concerns(Claim claim, JobState job, string model) =>
        claim.Priority > job.Spec.Priority && claim.Model == model;

    private bool IsByRight(Claim claim, JobState job, Alternative alternative, int devices) =>
        QuotaCheck.IsOwned(_state, job, alternative, devices * Limits.MilliPerDevice)
        && _state.FindJob(claim.Job)?.Spec.Tenant != job.Spec.Tenant;

    /// <summary>It would still run, and be protected, when the claim's time comes.</summary>
    private bool Stays(Claim claim, JobState job, int devices)
    {
        var protection = _state.Policy.Queue.Preemption.ProtectionAfter(job.Preemptions);
        if (_now + protection <= claim.At) return false;
        var runTime = RunTimes.Of(job.Spec, _state.Catalog, _state.Policy.Gangs, claim.Model, devices);
        return _now + runTime * (1 - job.Done) > claim.At;
    }
}
