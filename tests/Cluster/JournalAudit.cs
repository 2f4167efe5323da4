using Akka.Actor;
using Akka.Configuration;
using Microsoft.Data.Sqlite;
using Stockpile.Core;
using Stockpile.Core.State;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Processes;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using Stockpile.Tests.Shared.Faults;

namespace Stockpile.Cluster.Tests;

/// <summary>
/// Reads a journal in a data folder: the replay that checks the cells' own invariants, and the books that are kept from
/// the events alone (<see cref="JournalLedger"/>).
/// </summary>
internal sealed class JournalAudit
{
    private readonly JournalLedger _ledger = new();

    /// <summary>Key → job, over all cells.</summary>
    public IReadOnlyDictionary<string, JobId> Jobs => _ledger.Jobs;

    public Dictionary<string, CellState> States { get; } = new(StringComparer.Ordinal);

    public long Epochs => _ledger.Epochs;

    /// <param name="observe">Sees every round, cell by cell.</param>
    /// <param name="last">The number of the last round that is read of each cell.</param>
    public static async Task<JournalAudit> ReadAsync(
        string data, CancellationToken cancel, Action<Round>? observe = null, long last = long.MaxValue)
    {
        var catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
        var policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), catalog);
        var connection = DataFolder.ConnectionStringOf(Path.Combine(data, "stockpile.db"));
        using var system = ActorSystem.Create("audit", ConfigurationFactory.ParseString("akka.loglevel = ERROR")
            .WithFallback(StoreConfig.Sqlite(connection)));
        RowsAreOurs(connection);
        var reader = new JournalReader(
            system, new CellOptions(catalog, policy, TimeProvider.System, TimeProvider.System));
        var audit = new JournalAudit();
        foreach (var cell in await reader.CellsAsync())
            audit.States[cell] = await reader.StateAtRoundAsync(cell, last, cancel, (_, round) =>
            {
                audit._ledger.Take(round);
                observe?.Invoke(round);
            });
        await system.Terminate();
        Assert.Empty(audit._ledger.Findings);
        return audit;
    }

    /// <summary>Every row is written by the serializer of the wire types, and by no other.</summary>
    private static void RowsAreOurs(string connectionString)
    {
        using var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT DISTINCT identifier FROM journal WHERE persistence_id LIKE 'cell-%'";
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        Assert.Equal(7401, row.GetInt32(0));
        Assert.False(row.Read(), "the journal holds rows of two serializers");
    }
}
