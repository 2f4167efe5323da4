namespace Stockpile.Node.Hosts;

/// <summary>Intervals and bounds of a host. Times are real, not simulated.</summary>
public sealed record HostOptions
{
    /// <summary>Between two beats to a cell.</summary>
    public TimeSpan BeatInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A report that is not acknowledged is sent again after this, or up to half as much more.</summary>
    public TimeSpan ReportResendAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long reports and adverts gather before they go out as one message.</summary>
    public TimeSpan FlushAfter { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>After a node's actor broke, until a new one takes its place.</summary>
    public TimeSpan NodeRestartAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A host that leaves waits at most so long for its cells to acknowledge what it said last: below the five
    /// seconds that a phase of the coordinated shutdown has.
    /// </summary>
    public TimeSpan LeaveWithin { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>A host that leaves repeats what is not acknowledged so soon: it has little time.</summary>
    public TimeSpan LeaveResendAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A node that the cell refused asks again after so many beats.</summary>
    public int RefusedRetryBeats { get; init; } = 30;

    /// <summary>Nodes created in one turn, so that the host answers its mailbox in between.</summary>
    public int NodesPerTurnMax { get; init; } = 500;

    /// <summary>
    /// Most progress entries in one beat, at about 16 bytes each. What does not fit stands in the next beats, in turn.
    /// </summary>
    public int ProgressPerBeatMax { get; init; } = 5_000;

    /// <summary>
    /// The incarnation of a host that starts, which should be greater than that of any host it replaces: by default
    /// real UTC milliseconds. Where the clock was put back it is not, and the cell tells which one is.
    /// </summary>
    public Func<long> NextIncarnation { get; init; } =
        static () => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Real time; beats tell it, so that the cell sees where clocks differ.</summary>
    public TimeProvider Real { get; init; } = TimeProvider.System;
}
