using Akka.Actor;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Processes;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cli.Tests;

/// <summary><c>journal check</c>: what is damaged is named, and the other cells are checked all the same.</summary>
public sealed class JournalCheckTests(DemoFolder demo) : IClassFixture<DemoFolder>
{
    private const long SnapshotRound = 10;
    private const string Third = "WHERE persistence_id = 'cell-north' AND sequence_number = 3";

    private readonly CommandLine _cli = new();
    private readonly string _folder = demo.Copy();

    [Theory]
    [InlineData("UPDATE journal SET message = X'0AC80102030405060708' ", "row 3 of cell-north cannot be read: ")]
    [InlineData("UPDATE journal SET manifest = 'round-committed:2' ",
        "row 3 of cell-north cannot be read: the manifest 'round-committed:2' is unknown to this release")]
    [InlineData("UPDATE journal SET identifier = 99 ", "row 3 of cell-north cannot be read: ")]
    [InlineData("DELETE FROM journal ", "row 3 of cell-north is missing: row 4 follows row 2")]
    public async Task A_row_that_cannot_be_used_is_named_and_the_other_cells_are_checked(string damage, string said)
    {
        Execute(damage + Third);

        var check = await _cli.RunAsync("journal", "check", "--data", _folder, "--json");

        Assert.Equal(1, check.Exit);
        var cells = check.Json.GetProperty("cells").EnumerateArray()
            .ToDictionary(c => c.GetProperty("cell").GetString()!);
        Assert.StartsWith(said, cells["north"].GetProperty("verdict").GetString(), StringComparison.Ordinal);
        cells.Remove("north");
        Assert.NotEmpty(cells);
        Assert.All(cells.Values, cell => Assert.Equal("sound", cell.GetProperty("verdict").GetString()));
    }

    [Theory]
    [InlineData("", 0, "as the rows")]
    [InlineData("UPDATE snapshot SET snapshot = X'0AC80102' ", 1, "cannot be read: ")]
    [InlineData("UPDATE snapshot SET manifest = 'cell-snapshot:2' ", 1, "cannot be read: ")]
    [InlineData("UPDATE snapshot SET serializer_id = 99 ", 1, "cannot be read: ")]
    [InlineData("UPDATE snapshot SET sequence_number = 9 ", 1, "holds round 10 of cell north")]
    [InlineData("UPDATE snapshot SET sequence_number = 900000 ", 1, "holds round 10 of cell north")]
    public async Task A_snapshot_is_compared_with_the_rows(string damage, int exit, string said)
    {
        await SnapshotAsync(_ => { });
        if (damage.Length > 0) Execute(damage + "WHERE persistence_id = 'cell-north'");

        await SaysAsync(exit, said);
    }

    [Fact]
    public async Task A_snapshot_that_holds_something_else_than_the_rows_is_told()
    {
        await SnapshotAsync(snapshot => snapshot.NextJob++);
        await SaysAsync(1, "holds something else than the rows");
    }

    [Fact]
    public async Task A_snapshot_that_counted_less_goodput_is_told_and_does_not_fail()
    {
        await SnapshotAsync(snapshot => snapshot.Counters.UsefulBatchMs += 1);
        await SaysAsync(0, "as the rows, but for goodput");
    }

    [Fact]
    public async Task A_snapshot_of_a_round_that_the_journal_does_not_have_is_told()
    {
        await SnapshotAsync(_ => { });
        Execute($"DELETE FROM journal WHERE persistence_id = 'cell-north' AND sequence_number >= {SnapshotRound}");
        await SaysAsync(1, "no row of the journal goes as far");
    }

    private async Task SaysAsync(int exit, string said)
    {
        var check = await _cli.RunAsync("journal", "check", "--data", _folder, "--json");

        Assert.True(exit == check.Exit, check.Out + check.Error);
        var north = check.Json.GetProperty("cells").EnumerateArray()
            .First(c => c.GetProperty("cell").GetString() == "north");
        // The rows alone are enough.
        Assert.Equal("sound", north.GetProperty("verdict").GetString());
        var snapshot = north.GetProperty("snapshot");
        Assert.StartsWith(said, snapshot.GetProperty("verdict").GetString(), StringComparison.Ordinal);
        Assert.Equal(exit == 0, snapshot.GetProperty("agrees").GetBoolean());
        var people = await _cli.RunAsync("journal", "check", "--data", _folder);
        Assert.Equal(exit, people.Exit);
        Assert.Contains(said.Split(':')[0], people.Out, StringComparison.Ordinal);
    }

    /// <summary>Puts a snapshot of cell north beside its rows, as the cell itself would have taken it.</summary>
    private async Task SnapshotAsync(Action<CellSnapshot> edit)
    {
        var catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
        var options = new CellOptions(
            catalog, PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), catalog), TimeProvider.System,
            TimeProvider.System);
        var store = DataFolder.ConnectionStringOf(Path.Combine(_folder, "stockpile.db"));
        using var system = ActorSystem.Create("snapshot", StoreConfig.Sqlite(store));
        var state = await new JournalReader(system, options).StateAtRoundAsync(
            "north", SnapshotRound, TestContext.Current.CancellationToken);
        await system.Terminate();
        var snapshot = state.Capture().ToWire();
        edit(snapshot);
        // A demo that ran fast has had one of its own.
        Execute("DELETE FROM snapshot WHERE persistence_id = 'cell-north'");
        Execute("INSERT INTO snapshot (persistence_id, sequence_number, created, snapshot, manifest, serializer_id) "
            + $"VALUES ('cell-north', {SnapshotRound}, 9, X'{Convert.ToHexString(snapshot.ToByteArray())}', "
            + "'cell-snapshot:1', 7401)");
    }

    private void Execute(string sql)
    {
        using var connection = JournalCopyTests.OpenSqlite(_folder);
        JournalCopyTests.Execute(connection, sql);
        SqliteConnection.ClearAllPools();
    }
}
