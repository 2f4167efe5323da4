using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Postgres;
using Stockpile.Tests.Shared;

namespace Stockpile.Cli.Tests;

/// <summary>A data folder with what a short demo left, and rows of the kinds that it does not leave.</summary>
public sealed class DemoFolder : IAsyncLifetime
{
    private readonly string _path = Directory.CreateTempSubdirectory("journal-copy-").FullName;
    private int _copies;

    public async ValueTask InitializeAsync()
    {
        var demo = await new CommandLine().RunAsync(
            "demo", "--json", "--fleet", StockpileConfig.PathOf("fleets/small.conf"), "--speed", "2400", "--for", "3s",
            "--data", Path.Combine(_path, "demo"));
        Assert.True(demo.Exit == 0, demo.Error);
        using var connection = JournalCopyTests.OpenSqlite(Path.Combine(_path, "demo"));
        JournalCopyTests.Execute(connection,
            """
            INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, tags, manifest, identifier,
                writer_uuid) VALUES (7, 1, '/sharding/é', 1, X'00FF00', NULL, NULL, NULL, NULL);
            INSERT INTO journal (ordering, created, deleted, persistence_id, sequence_number, message)
                VALUES (900000, 7, 0, '/sharding/gone', 1, X'');
            DELETE FROM journal WHERE ordering = 900000;
            INSERT INTO snapshot VALUES ('b', 2, 9, X'0001', 'cell-snapshot:1', 7401), ('B', 1, 9, NULL, NULL, NULL),
                ('é', 1, 9, X'', '', 0);
            """);
        SqliteConnection.ClearAllPools();
    }

    /// <summary>A copy of the folder, for one test.</summary>
    public string Copy()
    {
        var copy = Path.Combine(_path, $"copy-{Interlocked.Increment(ref _copies)}");
        Directory.CreateDirectory(copy);
        foreach (var file in new[] { "stockpile.db", "clock.json" })
            File.Copy(Path.Combine(_path, "demo", file), Path.Combine(copy, file));
        return copy;
    }

    public ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_path, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary><c>journal copy</c>: all of it, as it was, or nothing.</summary>
[Trait("Suite", "release")]
public sealed class JournalCopyTests(DemoFolder demo) : IClassFixture<DemoFolder>
{
    private const string AllRows =
        "SELECT ordering, created, deleted, persistence_id, sequence_number, message, tags, manifest, identifier, "
        + "writer_uuid FROM journal ORDER BY ordering";

    private const string AllSnapshots =
        "SELECT persistence_id, sequence_number, created, snapshot, manifest, serializer_id FROM snapshot ORDER BY ";

    private readonly CommandLine _cli = new();
    private readonly string _target = PostgresServer.Get().CreateDatabase();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_row_arrives_as_it_was_and_both_sides_replay_to_the_same()
    {
        var folder = demo.Copy();
        var before = await _cli.RunAsync("journal", "check", "--data", folder, "--json");

        var copy = await _cli.RunAsync("journal", "copy", "--data", folder, "--postgres", _target, "--json");

        Assert.True(copy.Exit == 0, copy.Error);
        Assert.True(copy.Json.GetProperty("agrees").GetBoolean());
        await using (var sqlite = OpenSqlite(folder))
        await using (var postgres = new NpgsqlConnection(_target))
        {
            await postgres.OpenAsync(Cancel);
            var rows = Rows(sqlite, AllRows);
            Assert.Contains(rows, row => row.Contains("cellShard", StringComparison.Ordinal));
            Assert.Equal(rows, Rows(postgres, AllRows));
            Assert.Equal(Rows(sqlite, AllSnapshots + "persistence_id"),
                Rows(postgres, AllSnapshots + "persistence_id COLLATE \"C\""));
            Assert.Equal(rows.Count, copy.Json.GetProperty("copied").GetProperty("journalRows").GetInt64());
        }

        var after = await _cli.RunAsync("journal", "check", "--postgres", _target, "--json");
        Assert.Equal(before.Out, after.Out);
        Assert.Contains("sound", after.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulated_time_goes_on_and_the_next_row_gets_a_number_that_was_never_given()
    {
        var folder = demo.Copy();
        Assert.Equal(0, (await _cli.RunAsync("journal", "copy", "--data", folder, "--postgres", _target)).Exit);

        using var data = DataFolder.Open(folder);
        var old = data.ReadClock(TimeProvider.System)!;
        var clock = await PostgresClock.OpenAsync(_target, old.Speed, null, TimeProvider.System, Cancel);
        Assert.Equal(2_400, clock.Speed);
        Assert.InRange(old.RealStart - clock.RealStart, TimeSpan.Zero, TimeSpan.FromMicroseconds(1));
        Assert.InRange(clock.SimulatedStart - old.SimulatedStart, TimeSpan.Zero, TimeSpan.FromMicroseconds(1));
        Assert.Equal(900_001L, PostgresServer.Execute(_target,
            """
            INSERT INTO journal (created, deleted, persistence_id, sequence_number, message)
            VALUES (1, false, 'next', 1, '') RETURNING ordering
            """));
    }

    [Fact]
    public async Task A_target_that_is_not_empty_is_refused_and_left_as_it_is()
    {
        var folder = demo.Copy();
        PostgresServer.Execute(_target, PostgresSchema.Script);
        PostgresServer.Execute(_target, "INSERT INTO snapshot VALUES ('a', 1, 1, NULL, NULL, NULL)");

        var copy = await _cli.RunAsync("journal", "copy", "--data", folder, "--postgres", _target);

        Refused(copy, "is not empty, rows: 1 in snapshot");
        Assert.Equal(0L, PostgresServer.Execute(_target, "SELECT count(*) FROM journal"));
    }

    [Theory]
    [InlineData("copying journal", false)]
    [InlineData("comparing journal", false)]
    [InlineData("copying snapshot", true)]
    [InlineData("comparing snapshot", true)]
    public async Task A_copy_that_is_interrupted_or_loses_its_server_leaves_nothing(string step, bool serverEnds)
    {
        using var data = DataFolder.Open(demo.Copy());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var reached = 0;
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => JournalCopy.RunAsync(data, _target, progress =>
        {
            if (progress.Step != step || progress.Rows != progress.Total || reached++ > 0) return;
            if (!serverEnds) stop.Cancel();
            else
                PostgresServer.Execute(_target,
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """);
        }, stop.Token));

        Assert.Equal(1, reached);
        if (serverEnds) Assert.IsType<PostgresStoreException>(fault);
        else Assert.IsAssignableFrom<OperationCanceledException>(fault);
        Assert.Equal(0L, PostgresServer.Execute(_target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Fact]
    public async Task A_folder_that_is_in_use_is_refused()
    {
        using var used = DataFolder.Open(demo.Copy());
        Refused(await _cli.RunAsync("journal", "copy", "--data", used.FullPath, "--postgres", _target),
            "perhaps another process uses it");
    }

    [Theory]
    [InlineData("not a database", "cannot be opened")]
    [InlineData("", "holds no cell")]
    [InlineData(null, "there is no stockpile.db")]
    public async Task A_folder_that_cannot_be_read_is_refused(string? content, string why)
    {
        var folder = demo.Copy();
        File.Delete(Path.Combine(folder, "stockpile.db"));
        if (content is not null)
            await File.WriteAllTextAsync(Path.Combine(folder, "stockpile.db"), content.PadRight(content.Length * 99),
                Cancel);
        Refused(await _cli.RunAsync("journal", "copy", "--data", folder, "--postgres", _target), why);
    }

    [Fact]
    public async Task A_journal_that_is_not_sound_is_not_copied()
    {
        var folder = demo.Copy();
        await using (var sqlite = OpenSqlite(folder))
            Execute(sqlite, "DELETE FROM journal WHERE persistence_id = 'cell-north' AND sequence_number = 3");

        var copy = await _cli.RunAsync("journal", "copy", "--data", folder, "--postgres", _target);

        Refused(copy, "cell north in", "is not sound, so nothing was copied");
        Assert.Equal(0L, PostgresServer.Execute(_target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Fact]
    public async Task Check_tells_a_changed_row_in_PostgreSQL_and_a_database_without_tables()
    {
        (await _cli.RunAsync("journal", "check", "--postgres", _target)).Fails(1, "lacks table journal");
        Assert.Equal(0, (await _cli.RunAsync("journal", "copy", "--data", demo.Copy(), "--postgres", _target)).Exit);
        PostgresServer.Execute(_target,
            "DELETE FROM journal WHERE persistence_id = 'cell-north' AND sequence_number = 3");
        Assert.Equal(1, (await _cli.RunAsync("journal", "check", "--postgres", _target)).Exit);
    }

    [Fact]
    public async Task The_printed_script_is_the_one_that_the_program_runs()
    {
        PostgresServer.Execute(_target, (await _cli.RunAsync("journal", "schema")).Out);
        await PostgresSchema.EnsureAsync(_target, createTables: false, Cancel);
    }

    [Theory]
    [InlineData("journal check")]
    [InlineData("journal check --data a --postgres b")]
    [InlineData("journal copy --data a")]
    [InlineData("journal copy --postgres b")]
    public async Task Both_sides_must_be_named_as_the_verb_needs_them(string line) =>
        (await _cli.RunAsync(line.Split(' '))).Fails(2, "--");

    internal static SqliteConnection OpenSqlite(string folder)
    {
        var connection = new SqliteConnection(
            DataFolder.ConnectionStringOf(Path.Combine(folder, "stockpile.db")) + ";Pooling=False");
        connection.Open();
        return connection;
    }

    internal static void Execute(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Exit code 1; the last line on standard error says why, and those before it are progress.</summary>
    private static void Refused(Outcome outcome, params string[] inError)
    {
        var last = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Last();
        (outcome with { Error = last + "\n" }).Fails(1, inError);
        Assert.Equal("", outcome.Out);
    }

    private static List<string> Rows(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) switch
            {
                DBNull => "null",
                byte[] bytes => Convert.ToHexString(bytes),
                bool flag => flag ? "1" : "0",
                var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
            })));
        return rows;
    }
}
