namespace Stockpile.Core.Fleets;

/// <summary>How work leaves that has to: <c>policy.conf</c>, section <c>guests</c>.</summary>
public sealed record GuestPolicy
{
    public static readonly GuestPolicy Default = new();

    /// <summary>
    /// Simulated time in which a replica answers what it has begun and a gang writes a checkpoint. Its devices are
    /// promised to others already, and become theirs when it is over.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);
}
