using Stockpile.Core.Fleets;

namespace Stockpile.Scheduler.Process;

/// <summary>What every cell of a process is made with.</summary>
/// <param name="Clock">Simulated time, for everything the journal keeps.</param>
/// <param name="Real">Real time, for silence, repetition and ticks.</param>
public sealed record CellOptions(Catalog Catalog, Policy Policy, TimeProvider Clock, TimeProvider Real)
{
    /// <summary>How often a cell looks at its hosts, its queue and its services, in real time.</summary>
    public TimeSpan TickInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a cell tells the routers how it is, in real time.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>An order that no report answered for so long is sent again, in real time.</summary>
    public TimeSpan OrderResendAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The nodes of a host that is silent for so long are lost, in real time.</summary>
    public TimeSpan HostSilenceMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Least number of events between two snapshots; a large state waits longer.</summary>
    public int SnapshotEventsMin { get; init; } = 1_000;

    /// <summary>How long a cell that failed rests before it is started again, in real time: first, and at most. It
    /// doubles with each failure in a row. At most is also how late a cell is back after its database.</summary>
    public TimeSpan RestFirst { get; init; } = TimeSpan.FromSeconds(1);
    public TimeSpan RestMost { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>The same for a cell whose journal holds a row that cannot be used: somebody has to repair it.</summary>
    public TimeSpan RestWhenStopped { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The same for a cell whose round somebody else has written: another scheduler has it. This process may have been
    /// paused or cut off and not know yet that it was put out; it is, within the failure detector's pause and
    /// <c>stable-after</c> of hocon/cluster.conf (5 s), so it must not take the cell back before.
    /// </summary>
    public TimeSpan RestWhenOvertaken { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Recover from the first row of the journal.</summary>
    public bool IgnoreSnapshots { get; init; }

    /// <summary>What this process knows of the cells, so that jobs may go to others, and keys to their desks; null:
    /// they stay.</summary>
    public KnownCells? Cells { get; init; }

    /// <summary>The topic on which cells tell the routers how they are.</summary>
    public const string StatusTopic = "cell-digests";

    /// <summary>Persistence id of a cell.</summary>
    public static string PersistenceIdOf(string cell) => $"cell-{cell}";
}
