using Akka.Actor;

namespace Stockpile.Scheduler.Owners;

/// <summary>From the owner of a cell or of a key desk to its supervisor: it cannot go on and stops now.</summary>
/// <param name="What">Where it failed, after its name: "could not write round 7".</param>
public sealed record OwnerFailed(string What, Exception Cause) : INoSerializationVerificationNeeded
{
    /// <summary>The first row of the journal that was not taken up, for a recovery that failed.</summary>
    public long? Row { get; init; }

    /// <summary>The snapshot was read and is of no use; the rows are.</summary>
    public bool Snapshot { get; init; }

    /// <summary>Number of a round that may be written already, by another owner of the cell.</summary>
    public long? Contested { get; init; }
}

/// <summary>From the owner: its first row since the recovery is durable.</summary>
public sealed record OwnerServes : INoSerializationVerificationNeeded
{
    public static readonly OwnerServes Instance = new();
}
