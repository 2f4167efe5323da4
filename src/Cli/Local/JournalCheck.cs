using Akka.Actor;
using Akka.Configuration;
using Stockpile.Cli.Output;
using Stockpile.Core.State;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Postgres;
using Stockpile.Hosting.Processes;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cli.Local;

/// <summary>What the journal says of one cell.</summary>
/// <param name="AllocationsPlaced">Over the cell's whole life.</param>
/// <param name="AllocationsHeld">At its last round, or at the report's.</param>
/// <param name="Digest">See <see cref="AllocationsHash"/>.</param>
/// <param name="Agrees">The invariants held in every round, and the report says the same.</param>
/// <param name="Verdict">The same in words.</param>
/// <param name="Snapshot">The newest snapshot, beside the rows.</param>
internal sealed record CellCheck(
    string Cell, long Rounds, long Events, long AllocationsPlaced, int AllocationsHeld, string Digest, bool Agrees,
    string Verdict, SnapshotCheck? Snapshot = null);

/// <summary>
/// Replays the journal of a data folder or of a PostgreSQL database, cell by cell, with the invariants that guard a
/// live cell: no device held beyond its whole, no gang in parts, no job lost or placed twice.
/// </summary>
internal static class JournalCheck
{
    /// <summary>The journal of a folder that no process uses.</summary>
    /// <param name="expected">What a report says of the cells; null: nothing to compare with.</param>
    public static async Task<IReadOnlyList<CellCheck>> RunAsync(
        string data, IReadOnlyList<JournalReport>? expected, CancellationToken cancel)
    {
        using var folder = Open(data);
        return await RunAsync(StoreConfig.Sqlite(folder.ConnectionString), expected, cancel);
    }

    /// <summary>The journal of a database; a cluster may go on using it.</summary>
    public static async Task<IReadOnlyList<CellCheck>> RunPostgresAsync(
        string connectionString, IReadOnlyList<JournalReport>? expected, CancellationToken cancel)
    {
        await LocalInput.OrRefuseAsync(() => PostgresSchema.RequireReadableAsync(connectionString, cancel));
        return await RunAsync(StoreConfig.Postgres(connectionString), expected, cancel);
    }

    /// <summary>The folder of a journal that is there; none is made.</summary>
    public static DataFolder Open(string data) => File.Exists(Path.Combine(data, "stockpile.db"))
        ? LocalInput.OrRefuse(() => DataFolder.Open(data))
        : throw new CliException(ExitCodes.Refused, $"{data}: there is no stockpile.db in this folder");

    /// <param name="store">The configuration that leads to the journal.</param>
    public static async Task<IReadOnlyList<CellCheck>> RunAsync(
        Config store, IReadOnlyList<JournalReport>? expected, CancellationToken cancel)
    {
        var input = LocalInput.Read(fleet: null);
        // The query side of persistence alone: no cluster is formed, and nothing is written.
        var config = ConfigurationFactory.ParseString("akka { actor.provider = local, loggers = [] }")
            .WithFallback(store);
        using var system = ActorSystem.Create(StockpileConfig.SystemName, config);
        try
        {
            var options = new CellOptions(input.Catalog, input.Policy, TimeProvider.System, TimeProvider.System);
            var journal = new JournalReader(system, options);
            var snapshots = new SnapshotReader(system, options);
            var checks = new List<CellCheck>();
            foreach (var cell in await journal.CellsAsync())
                checks.Add(await CheckAsync(
                    journal, snapshots, cell, expected?.FirstOrDefault(e => e.Cell == cell), expected is not null,
                    cancel));
            foreach (var missing in (expected ?? []).Where(e => checks.TrueForAll(c => c.Cell != e.Cell)))
                checks.Add(new CellCheck(missing.Cell, 0, 0, 0, 0, "", false, "the journal does not know it"));
            return checks;
        }
        finally
        {
            await system.Terminate();
        }
    }

    private static async Task<CellCheck> CheckAsync(
        JournalReader journal, SnapshotReader snapshots, string cell, JournalReport? expected, bool compares,
        CancellationToken cancel)
    {
        long events = 0;
        var last = expected?.Round ?? long.MaxValue;
        var newest = await snapshots.NewestAsync(cell, last, cancel);
        try
        {
            var snapshot = newest.Check;
            var state = await journal.StateAtRoundAsync(cell, last, cancel, (at, round) =>
            {
                events += round.Events.Count;
                if (newest.State is { } taken && round.Number == newest.Round)
                    snapshot = SnapshotReader.Compare(taken, at);
            });
            if (newest.State is not null && newest.Round > state.RoundNumber)
                snapshot = new SnapshotCheck(newest.Round, false, "no row of the journal goes as far");
            var digest = AllocationsHash.Of(state);
            var agrees = compares ? expected is not null && digest == expected.Digest : true;
            var verdict = !compares ? "sound"
                : expected is null ? "the report does not know it"
                : agrees ? "agrees with the report" : $"the report has {expected.Digest} at round {expected.Round}";
            return new CellCheck(cell, state.RoundNumber, events, state.Counters.Allocations, state.Allocations.Count,
                digest, agrees, verdict, snapshot);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // A row that cannot be read, or that breaks an invariant: the other cells are checked all the same.
            return new CellCheck(cell, 0, events, 0, 0, "", false, Screen.OneLine(fault.Message), newest.Check);
        }
    }
}
