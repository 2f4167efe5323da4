using Akka;
using Akka.Actor;
using Akka.Persistence.Query;
using Akka.Persistence.Sql.Query;
using Akka.Streams;
using Akka.Streams.Dsl;
using Stockpile.Core;
using Stockpile.Core.Cells;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;

namespace Stockpile.Scheduler.Routing;

/// <summary>Reads the past from the journal. It never asks a cell, so it answers for cells that are down too.</summary>
public sealed class JournalReader(ActorSystem system, CellOptions options)
{
    private readonly Lazy<IMaterializer> _lazyMaterializer = new(() => system.Materializer());

    private IMaterializer Materializer => _lazyMaterializer.Value;

    /// <summary>The events of one job, oldest first.</summary>
    public async Task<IReadOnlyList<HistoryEntry>> HistoryAsync(JobId id, CancellationToken cancel)
    {
        var history = new JobHistory(id);
        await Rounds(id.Cell, cancel).RunForeach(history.Add, Materializer).ConfigureAwait(false);
        if (history.ForwardedTo is { } cell)
            await Rounds(cell, cancel).RunForeach(history.Add, Materializer).ConfigureAwait(false);
        // Two cells commit the steps of a hand-over, each in its own journal; OrderBy keeps the order within one.
        return [.. history.Entries.OrderBy(e => e.At)];
    }

    /// <summary>A cell as the journal had it at a time.</summary>
    public async Task<CellView> CellAtAsync(string cell, DateTimeOffset at, CancellationToken cancel) =>
        CellViews.Cell(await StateAtAsync(cell, at, cancel).ConfigureAwait(false));

    /// <summary>A cell's state from the journal alone, up to and including a time. All invariants are checked on the
    /// way.</summary>
    public async Task<CellState> StateAtAsync(string cell, DateTimeOffset at, CancellationToken cancel)
    {
        var state = new CellState(cell, options.Catalog, options.Policy);
        await Rounds(cell, cancel)
            .TakeWhile(round => round.At <= at)
            .RunForeach(state.Replay, Materializer)
            .ConfigureAwait(false);
        return state;
    }

    /// <summary>A cell's state from the journal alone, up to and including a round.</summary>
    /// <param name="observe">Sees every round.</param>
    public async Task<CellState> StateAtRoundAsync(
        string cell, long round, CancellationToken cancel, Action<Round>? observe = null)
    {
        var state = new CellState(cell, options.Catalog, options.Policy);
        await Rounds(cell, cancel)
            .TakeWhile(r => r.Number <= round)
            .RunForeach(r =>
            {
                state.Replay(r);
                observe?.Invoke(r);
            }, Materializer)
            .ConfigureAwait(false);
        return state;
    }

    /// <summary>A replay of a cell that can be moved forward.</summary>
    public JournalReplay Replay(string cell) => new(
        () => new CellState(cell, options.Catalog, options.Policy),
        // A cell writes one row per round, so a round's number is its row's.
        (from, cancel) => Rounds(cell, cancel, from), Materializer);

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
        var rounds = await Rounds(cell, cancel, Math.Max(1, newest - count + 1))
            .RunWith(Sink.Seq<Round>(), Materializer).ConfigureAwait(false);
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

    private SqlReadJournal Journal =>
        PersistenceQuery.Get(system).ReadJournalFor<SqlReadJournal>(SqlReadJournal.Identifier);

    private Source<Round, NotUsed> Rounds(string cell, CancellationToken cancel, long from = 0) =>
        Journal.CurrentEventsByPersistenceId(CellOptions.PersistenceIdOf(cell), from, long.MaxValue)
            .Select(row =>
            {
                cancel.ThrowIfCancellationRequested();
                return row.Event is RoundCommitted round
                    ? round.FromWire()
                    : throw new InvariantBrokenException(
                        $"row {row.SequenceNr} of {row.PersistenceId} holds a {row.Event.GetType().Name}");
            });
}
