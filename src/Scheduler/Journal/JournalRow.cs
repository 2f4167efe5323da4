using System.Data.Common;
using System.Net.Sockets;
using System.Runtime.Serialization;
using Akka.Pattern;
using Google.Protobuf;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Journal;

/// <summary>
/// Takes up one row of a cell's journal. A live cell, <c>history</c>, <c>audit</c> and <c>journal check</c> all come
/// through here, so that they refuse the same rows with the same words.
/// </summary>
public static class JournalRow
{
    /// <summary>What the row holds, as the round that has to follow.</summary>
    /// <param name="previous">Number of the row before; 0: there is none.</param>
    /// <param name="number">Number of this one. A cell writes one row per round, so it is the round's, too.</param>
    /// <exception cref="JournalRowException">A row is missing before this one, or this one is not the cell's round.
    /// </exception>
    public static Round Read(string cell, long previous, long number, object held)
    {
        if (number != previous + 1)
            throw new JournalRowException(cell, previous + 1, previous == 0
                ? $"is missing: the journal begins with row {number}"
                : $"is missing: row {number} follows row {previous}");
        if (held is not RoundCommitted committed)
            throw new JournalRowException(cell, number, $"holds a {held.GetType().Name} and not a round");
        if (committed.Cell != cell)
            throw new JournalRowException(cell, number, $"holds a round of cell {committed.Cell}");
        if (committed.Number != number)
            throw new JournalRowException(cell, number, $"holds round {committed.Number}");
        try
        {
            return committed.FromWire();
        }
        catch (Exception fault)
        {
            throw new JournalRowException(cell, number, $"(round-committed:1) cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Takes the round up.</summary>
    /// <exception cref="JournalRowException">It contradicts the state; the state is of no more use.</exception>
    public static void Replay(CellState state, Round round)
    {
        try
        {
            state.Replay(round);
        }
        catch (Exception fault)
        {
            throw new JournalRowException(
                state.Cell, round.Number, $"contradicts the rows before it: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// Whether a write failed because a row of its number is there: the cell's own or, since several cells share a
    /// statement, that of another one.
    /// </summary>
    public static bool IsTaken(Exception fault)
    {
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException)
            // The state of the SQL standard; SQLite gives none, and says so in words.
            if (cause is DbException { SqlState: "23505" }
                || (cause is DbException && cause.Message.Contains("UNIQUE constraint", StringComparison.Ordinal)))
                return true;
        return false;
    }

    /// <summary>Whether a fault is about reaching the store, and says nothing of what it holds.</summary>
    public static bool IsOfStore(Exception fault)
    {
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException)
        {
            // Protobuf's own is an IOException, although it is about the bytes.
            if (cause is SerializationException or InvalidProtocolBufferException) return false;
            if (cause is DbException or TimeoutException or SocketException or IOException
                or OperationCanceledException or OpenCircuitException or ObjectDisposedException)
                return true;
        }

        return false;
    }
}

/// <summary>A row of the journal that no replay gets past; the message is one line that names it.</summary>
public sealed class JournalRowException : Exception
{
    public JournalRowException(string cell, long row, string what, Exception? inner = null)
        : base($"row {row} of {CellOptions.PersistenceIdOf(cell)} {Line(what)}", inner) => Row = row;

    /// <summary>Its sequence number in the journal.</summary>
    public long Row { get; }

    private static string Line(string text) =>
        string.Join(' ', text.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));
}
