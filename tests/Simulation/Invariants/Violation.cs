namespace Stockpile.Simulation.Tests.Invariants;

/// <summary>What must hold; a failure names one of these.</summary>
public enum Invariant
{
    /// <summary>Who was told that a job is taken finds it in the durable journal.</summary>
    AcknowledgedIsDurable,

    /// <summary>A job that was taken is in one cell, and in no other.</summary>
    NeverGone,

    OneJobPerKey,

    /// <summary>A key has one cell for each generation of its binding; generations rise by one, only after the cell
    /// before has closed the key for good, and that cell takes it no more.</summary>
    OneBindingPerKey,

    CompletionCountedOnce,

    /// <summary>The journal says of nothing that it is done which no node has done.</summary>
    CompletedWasDone,

    /// <summary>No more than the whole of a device is in use.</summary>
    DeviceHeldOnce,

    AllocationOnOneNode,

    /// <summary>Orders of an older epoch do nothing after a host has heard a newer one.</summary>
    OldEpochIsRefused,

    /// <summary>A gang begins where its last checkpoint was, and no checkpoint holds work that was not done.</summary>
    CheckpointsHold,

    /// <summary>The rows from the first one, or a snapshot and the rest, give the state of the living cell.</summary>
    JournalIsEnough,

    /// <summary>Every epoch in a journal is higher than the one before.</summary>
    EpochsRise,

    /// <summary>Whatever waits stands in the queue.</summary>
    WaitingIsQueued,

    /// <summary>Without faults, every job ends and every client is answered.</summary>
    Converges,

    /// <summary>Without faults, journal, cells and nodes agree.</summary>
    AuditFindsNothing,

    /// <summary>Nothing throws.</summary>
    NothingThrows,
}

/// <summary>An invariant does not hold.</summary>
public sealed class ViolationException(Invariant invariant, string message, Exception? inner = null)
    : Exception($"{invariant}: {message}", inner)
{
    public Invariant Invariant { get; } = invariant;
}
