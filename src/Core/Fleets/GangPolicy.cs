namespace Stockpile.Core.Fleets;

/// <summary>How gangs, and other running work, change their place: <c>policy.conf</c>, section <c>gangs</c>.</summary>
public sealed record GangPolicy
{
    /// <summary>What a move costs: loading the checkpoint and joining again, in simulated time.</summary>
    public TimeSpan Restart { get; init; } = TimeSpan.FromMinutes(2);
}
