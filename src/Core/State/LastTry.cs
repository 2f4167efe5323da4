namespace Stockpile.Core.State;

/// <summary>How a job leaves a cycle.</summary>
public enum CycleOutcome
{
    /// <summary>Nothing of it waits any more.</summary>
    Placed,

    /// <summary>All or a part of it waits, because no allowed node has room.</summary>
    NoRoom,

    /// <summary>Its tenant's quota does not allow it; other tenants' jobs of its class may be placed.</summary>
    OverQuota,

    /// <summary>It would fit, and is kept from what is reserved, or does not stand in a more urgent gang's way.
    /// </summary>
    HeldBack,

    /// <summary>A part of it waits for the next round, because this one holds enough events.</summary>
    RoundFull,
}

/// <summary>
/// What the last cycle that tried a waiting job found. The cycle notes it while it refuses, so that a question need not
/// search again and cannot find something else. It is in no snapshot: after a recovery the next cycle finds it anew.
/// </summary>
/// <param name="Reason">In words, without the outcome.</param>
/// <param name="At">The instant of the round, simulated.</param>
/// <param name="AsGuest">It was tried where it would be a guest, and not at home.</param>
public sealed record LastTry(CycleOutcome Outcome, string Reason, DateTimeOffset At, bool AsGuest)
{
    /// <summary>Which cycle it was, and the last job that had begun to wait by then.</summary>
    internal long Cycle { get; init; }
    internal long Entered { get; init; }

    /// <summary>The outcome and its reason as a part of a sentence.</summary>
    public string Words => Outcome switch
    {
        CycleOutcome.HeldBack => $"held back, because {Reason}",
        CycleOutcome.OverQuota => $"over quota: {Reason}",
        CycleOutcome.RoundFull => $"the round was full: {Reason}",
        CycleOutcome.NoRoom => Reason,
        _ => "placed",
    };
}
