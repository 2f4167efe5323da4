using Akka;
using Akka.Actor;
using Akka.Persistence.Query;
using Akka.Persistence.Sql.Query;
using Akka.Streams;
using Akka.Streams.Dsl;
using Stockpile.Core;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Mapping;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Journal;

/// <summary>Reads the past from the journal. It never asks a cell, so it answers for cells that are down too.</summary>
public sealed class JournalReader(ActorSystem system, CellOptions options)
{
    /// <summary>How many rows are read at once in search of one that cannot be.</summary>
    private const int RowsPerProbe = 1_024;

    private readonly Lazy<IMaterializer> _lazyMaterializer = new(() => system.Materializer());

    private IMaterializer Materializer => _lazyMaterializer.Value;

    /// <summary>The events of one job, oldest first.</summary>
    public async Task<IReadOnlyList<HistoryEntry>> HistoryAsync(JobId id, CancellationToken cancel)
    {
        var history = new JobHistory(id);
        await ReadAsync(id.Cell, 1, Keep, cancel).ConfigureAwait(false);
        var read = new HashSet<string>(StringComparer.Ordinal) { id.Cell };
        while (history.WentTo.FirstOrDefault(cell => !read.Contains(cell)) is { } next)
        {
            read.Add(next);
            await ReadAsync(next, 1, Keep, cancel).ConfigureAwait(false);
        }

        // Several cells commit the steps of a hand-over, each in its own journal; OrderBy keeps the order within one.
        return [.. history.Entries.OrderBy(e => e.At)];

        bool Keep(Round round)
        {
            history.Add(round);
            return true;
        }
    }

    /// <summary>A cell as the journal had it at a time.</summary>
    public async Task<CellView> CellAtAsync(string cell, DateTimeOffset at, CancellationToken cancel)
    {
        var state = await StateAtAsync(cell, at, cancel).ConfigureAwait(false);
        return CellMapping.Cell(state, state.At);
    }

    /// <summary>A cell's state from the journal alone, up to and including a time. All invariants are checked on the
    /// way.</summary>
    public async Task<CellState> StateAtAsync(string cell, DateTimeOffset at, CancellationToken cancel)
    {
        var state = new CellState(cell, options.Catalog, options.Policy);
        await ReadAsync(cell, 1, round =>
        {
            if (round.At > at) return false;
            JournalRow.Replay(state, round);
            return true;
        }, cancel).ConfigureAwait(false);
        return state;
    }

    /// <summary>A cell's state from the journal alone, up to and including a round.</summary>
    /// <param name="observe">Sees every round, and the state with it.</param>
    /// <exception cref="JournalRowException">A row cannot be read, is missing, or breaks an invariant.</exception>
    public async Task<CellState> StateAtRoundAsync(
        string cell, long round, CancellationToken cancel, Action<CellState, Round>? observe = null)
    {
        var state = new CellState(cell, options.Catalog, options.Policy);
        await ReadAsync(cell, 1, r =>
        {
            if (r.Number > round) return false;
            JournalRow.Replay(state, r);
            observe?.Invoke(state, r);
            return true;
        }, cancel).ConfigureAwait(false);
        return state;
    }

    /// <summary>A replay of a cell that can be moved forward.</summary>
    public JournalReplay Replay(string cell) => new(
        () => new CellState(cell, options.Catalog, options.Policy),
        (from, take, cancel) => ReadAsync(cell, from, take, cancel));

    /// <summary>
    /// The last rounds of a cell, oldest first, without reading those before: a round is one row of the journal, so
    /// its number is the row's.
    /// </summary>
    /// <param name="newest">Number of the cell's newest round, as the cell says it; 0: it has none.</param>
    /// <param name="count">Most rounds to read, above 0.</param>
    public async Task<IReadOnlyList<Round>> LastRoundsAsync(
        string cell, long newest, int count, CancellationToken cancel)
    {
        // What the cell commits while this is read comes with it, so the oldest ones may be too many.
        var rounds = new List<Round>();
        await ReadAsync(cell, Math.Max(1, newest - count + 1), round =>
        {
            rounds.Add(round);
            return true;
        }, cancel).ConfigureAwait(false);
        return [.. rounds.TakeLast(count)];
    }

    /// <summary>The cells that the journal knows, by name.</summary>
    public async Task<IReadOnlyList<string>> CellsAsync()
    {
        var prefix = CellOptions.PersistenceIdOf("");
        var ids = await Journal.CurrentPersistenceIds()
            .RunWith(Sink.Seq<string>(), Materializer).ConfigureAwait(false);
        return [.. ids.Where(id => id.StartsWith(prefix, StringComparison.Ordinal))
            .Select(id => id[prefix.Length..]).Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether a cell's first row says that it never had a key that no key desk knows.</summary>
    public async Task<bool> BornWithDesksAsync(string cell)
    {
        var born = false;
        await ReadAsync(cell, 1, round =>
        {
            born = round.Events.OfType<KeysAtDesks>().Any();
            return false;
        }, CancellationToken.None).ConfigureAwait(false);
        return born;
    }

    private SqlReadJournal Journal =>
        PersistenceQuery.Get(system).ReadJournalFor<SqlReadJournal>(SqlReadJournal.Identifier);

    /// <summary>
    /// The row that a recovery of the cell does not get past, where it was the journal's content that stopped it.
    /// </summary>
    /// <param name="from">The first row that the recovery did not take up.</param>
    /// <returns>Null: every row can be read.</returns>
    /// <exception cref="Exception">The store cannot be reached, so nothing is known of the rows.</exception>
    public async Task<JournalRowException?> FaultAsync(string cell, long from, CancellationToken cancel)
    {
        try
        {
            await ReadAsync(cell, from, _ => true, cancel).ConfigureAwait(false);
            return null;
        }
        catch (JournalRowException fault)
        {
            return fault;
        }
    }

    /// <summary>Whether the cell has a row of this number, whoever wrote it.</summary>
    public async Task<bool> HasRowAsync(string cell, long number, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var (count, fault) = await ProbeAsync(cell, number, number).ConfigureAwait(false);
        return count > 0 || fault is not null;
    }

    /// <summary>Whether a key desk has a row of this number, whoever wrote it.</summary>
    public async Task<bool> HasDeskRowAsync(string desk, long number)
    {
        try
        {
            return await Journal.CurrentEventsByPersistenceId(KeyDesks.PersistenceIdOf(desk), number, number)
                .RunAggregate(0, (n, _) => n + 1, Materializer).ConfigureAwait(false) > 0;
        }
        catch (Exception fault) when (!JournalRow.IsOfStore(fault))
        {
            // One that cannot be read is there.
            return true;
        }
    }

    /// <summary>The keys of the cell's jobs, as far as its rows can be read; those of a row that cannot are unknown.
    /// </summary>
    public async Task<IReadOnlySet<string>> KeysAsync(string cell, CancellationToken cancel)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (long from = 1; ;)
        {
            try
            {
                await ReadAsync(cell, from, round =>
                {
                    from = round.Number + 1;
                    foreach (var submitted in round.Events.OfType<JobSubmitted>())
                        if (!submitted.Key.StartsWith(RouterEngine.OwnKeyPrefix, StringComparison.Ordinal))
                            keys.Add(submitted.Key);
                    return true;
                }, cancel).ConfigureAwait(false);
                return keys;
            }
            catch (JournalRowException fault)
            {
                from = fault.Row + 1;
            }
        }
    }

    /// <param name="from">The first row to read.</param>
    /// <param name="take">False: it has had enough.</param>
    /// <exception cref="JournalRowException">A row cannot be read, is missing, or is not taken.</exception>
    private async Task ReadAsync(string cell, long from, Func<Round, bool> take, CancellationToken cancel)
    {
        var last = from - 1;
        try
        {
            await Rows(cell, from, long.MaxValue)
                .TakeWhile(row =>
                {
                    cancel.ThrowIfCancellationRequested();
                    var more = take(JournalRow.Read(cell, last, row.SequenceNr, row.Event));
                    last = row.SequenceNr;
                    return more;
                })
                .RunWith(Sink.Ignore<EventEnvelope>(), Materializer).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not JournalRowException && !JournalRow.IsOfStore(fault))
        {
            // A stream that fails drops what it had read ahead, so the row that failed may be a later one.
            throw await LocateAsync(cell, last + 1).ConfigureAwait(false) ?? fault;
        }
    }

    /// <summary>The first row that cannot be read, from one on; null: there is none.</summary>
    private async Task<JournalRowException?> LocateAsync(string cell, long from)
    {
        for (var low = from; ; low += RowsPerProbe)
        {
            var high = low + RowsPerProbe - 1;
            var (count, fault) = await ProbeAsync(cell, low, high).ConfigureAwait(false);
            if (fault is null && count == 0) return null;
            if (fault is null) continue;
            while (low < high)
            {
                var middle = low + (high - low) / 2;
                if ((await ProbeAsync(cell, low, middle).ConfigureAwait(false)).Fault is not null) high = middle;
                else low = middle + 1;
            }

            fault = (await ProbeAsync(cell, low, low).ConfigureAwait(false)).Fault ?? fault;
            return new JournalRowException(cell, low, $"cannot be read: {fault.Message}", fault);
        }
    }

    private async Task<(int Count, Exception? Fault)> ProbeAsync(string cell, long from, long to)
    {
        try
        {
            var count = await Rows(cell, from, to)
                .RunAggregate(0, (n, _) => n + 1, Materializer).ConfigureAwait(false);
            return (count, null);
        }
        catch (Exception fault) when (!JournalRow.IsOfStore(fault))
        {
            return (0, fault);
        }
    }

    private Source<EventEnvelope, NotUsed> Rows(string cell, long from, long to) =>
        Journal.CurrentEventsByPersistenceId(CellOptions.PersistenceIdOf(cell), from, to);
}
