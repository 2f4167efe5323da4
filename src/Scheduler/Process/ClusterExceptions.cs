namespace Stockpile.Scheduler.Process;

/// <summary>A cell is starting, moving or unreachable; try again after <see cref="RetryAfter"/>.</summary>
/// <param name="nothingTaken">The request is known not to have been taken: repeating it is safe without a key.</param>
public sealed class ClusterUnavailableException(string message, TimeSpan retryAfter, bool nothingTaken = false)
    : Exception(message)
{
    public TimeSpan RetryAfter { get; } = retryAfter;

    public bool NothingTaken { get; } = nothingTaken;
}

/// <summary>A queue is full; try again after <see cref="RetryAfter"/>.</summary>
public sealed class ClusterBusyException(string message, TimeSpan retryAfter) : Exception(message)
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}
