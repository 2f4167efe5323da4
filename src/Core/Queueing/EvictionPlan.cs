namespace Stockpile.Core.Queueing;

/// <summary>What has to end, or when that may be asked for again.</summary>
/// <param name="Sequences">Allocations that leave; empty when nothing would help now.</param>
/// <param name="RetryAt">When the next one that might leave has run for its minimum time; null: none is waited for.
/// </param>
public sealed record EvictionPlan(IReadOnlyList<long> Sequences, DateTimeOffset? RetryAt)
{
    public static readonly EvictionPlan Nothing = new([], null);

    /// <summary>Nothing now, and perhaps something at the instant.</summary>
    public static EvictionPlan Later(DateTimeOffset? retryAt) => retryAt is null ? Nothing : new([], retryAt);
}
