using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Npgsql;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Postgres;
using Stockpile.Hosting.Processes;
using Stockpile.Tests.Shared;

namespace Stockpile.Hosting.Tests.Postgres;

/// <summary>The tables: the same as the plugin's, made once, and refused in words when they cannot be used.</summary>
public sealed class PostgresSchemaTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_script_makes_the_tables_and_indexes_that_the_plugin_would_make()
    {
        var byPlugin = PostgresServer.Get().CreateDatabase();
        var byScript = PostgresServer.Get().CreateDatabase();
        var config = ConfigurationFactory.ParseString(
            """
            akka.persistence.journal.sql.auto-initialize = true
            akka.persistence.snapshot-store.sql.auto-initialize = true
            akka { actor.provider = local, loggers = [] }
            """).WithFallback(StoreConfig.Postgres(byPlugin));
        using (var system = ActorSystem.Create("scratch", config))
        {
            var recovered = new TaskCompletionSource();
            system.ActorOf(Props.Create(() => new Recovers(recovered)));
            await recovered.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            await system.Terminate();
        }

        await PostgresSchema.EnsureAsync(byScript, createTables: true, Cancel);

        var expected = await DumpAsync(byPlugin);
        Assert.Contains("journal.message bytea not null", expected);
        Assert.Equal(expected, await DumpAsync(byScript));
    }

    [Fact]
    public async Task Tables_that_the_plugin_made_are_taken_as_they_are_and_the_script_may_run_twice()
    {
        var database = PostgresServer.Get().CreateDatabase();
        PostgresServer.Execute(database, PostgresSchema.Script);
        PostgresServer.Execute(database, "INSERT INTO snapshot VALUES ('a', 1, 1, NULL, NULL, NULL)");
        PostgresServer.Execute(database, PostgresSchema.Script);
        await PostgresSchema.EnsureAsync(database, createTables: true, Cancel);
        Assert.Equal(1L, PostgresServer.Execute(database, "SELECT count(*) FROM snapshot"));
    }

    [Fact]
    public async Task Many_that_start_at_once_do_not_collide()
    {
        var database = PostgresServer.Get().CreateDatabase();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            Task.Run(() => PostgresSchema.EnsureAsync(database, createTables: true, Cancel), Cancel)));
        await PostgresSchema.EnsureAsync(database, createTables: false, Cancel);
    }

    [Fact]
    public async Task Without_leave_to_create_what_is_missing_is_named_with_the_command_that_prints_the_script()
    {
        var database = PostgresServer.Get().CreateDatabase();
        var line = await RefusedAsync(database, createTables: false);
        Assert.Contains("lacks table journal, table snapshot, table stockpile_clock", line, StringComparison.Ordinal);
        Assert.Contains("stockpile journal schema", line, StringComparison.Ordinal);
        Assert.Equal(0L,
            PostgresServer.Execute(database, "SELECT count(*) FROM pg_tables WHERE tablename = 'journal'"));
    }

    [Theory]
    [InlineData("ALTER TABLE journal DROP COLUMN writer_uuid", "column journal.writer_uuid")]
    [InlineData("ALTER TABLE journal ALTER COLUMN message TYPE text", "column journal.message as bytea (it is text)")]
    [InlineData("ALTER TABLE journal DROP CONSTRAINT journal_uq", "a unique index on journal")]
    public async Task A_table_of_somebody_else_is_refused_with_what_it_lacks(string change, string lacks)
    {
        var database = PostgresServer.Get().CreateDatabase();
        PostgresServer.Execute(database, PostgresSchema.Script);
        PostgresServer.Execute(database, change);
        Assert.Contains(lacks, await RefusedAsync(database, createTables: true), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_without_rights_is_told_which()
    {
        var server = PostgresServer.Get();
        var database = server.CreateDatabase();
        var name = new NpgsqlConnectionStringBuilder(database).Database!;
        PostgresServer.Execute(database, $"CREATE ROLE guest_{name} LOGIN PASSWORD 'g'");
        var guest = server.Connection(name, $"guest_{name}", "g");

        var line = await RefusedAsync(guest, createTables: true);
        Assert.Contains("permission denied for schema public", line, StringComparison.Ordinal);
        Assert.Contains("stockpile journal schema", line, StringComparison.Ordinal);

        await PostgresSchema.EnsureAsync(database, createTables: true, Cancel);
        PostgresServer.Execute(database,
            $"GRANT SELECT, INSERT, UPDATE ON journal, snapshot, stockpile_clock TO guest_{name}");
        line = await RefusedAsync(guest, createTables: true);
        Assert.Contains(
            "lacks the right to DELETE on journal, DELETE on snapshot, DELETE on stockpile_clock", line,
            StringComparison.Ordinal);
        await PostgresSchema.RequireReadableAsync(guest, Cancel);

        PostgresServer.Execute(database, $"GRANT DELETE ON journal, snapshot, stockpile_clock TO guest_{name}");
        await PostgresSchema.EnsureAsync(guest, createTables: true, Cancel);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_only_server_is_refused_for_writing_and_good_enough_for_reading(bool createTables)
    {
        var database = PostgresServer.Get().CreateDatabase();
        PostgresServer.Execute(database, PostgresSchema.Script);
        var readOnly = database + ";Options=-c default_transaction_read_only=on";
        Assert.Contains("is read-only", await RefusedAsync(readOnly, createTables), StringComparison.Ordinal);
        await PostgresSchema.RequireReadableAsync(readOnly, Cancel);
    }

    [Fact]
    public async Task A_wrong_password_and_a_missing_database_are_one_line_at_once_without_the_password()
    {
        var server = PostgresServer.Get();
        var line = await RefusedAsync(server.Connection("postgres", password: "wr;ong"), createTables: true);
        Assert.Contains("refuses the password of stockpile@127.0.0.1:", line, StringComparison.Ordinal);
        Assert.DoesNotContain("ong", line.Replace("wrong", "", StringComparison.Ordinal), StringComparison.Ordinal);

        line = await RefusedAsync(server.Connection("nowhere"), createTables: true);
        Assert.Contains("no database of this name", line, StringComparison.Ordinal);
        Assert.Contains("createdb nowhere", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://me:secret@db/stockpile")]
    [InlineData("Host=db;Password=sec;ret=x")]
    [InlineData("Host=db;Port=secret")]
    [InlineData("Username=me;Password=secret")]
    [InlineData("secret")]
    public async Task What_is_no_connection_string_is_refused_without_quoting_it(string text)
    {
        var line = await RefusedAsync(text, createTables: true);
        Assert.Contains("Host=…;Port=…", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
        Assert.DoesNotContain("ret=", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_waited_for_and_then_named()
    {
        var fault = await Assert.ThrowsAsync<PostgresStoreException>(() => PostgresSchema.EnsureAsync(
            "Host=127.0.0.1;Port=1;Username=me;Password=secret;Database=d", true, Cancel,
            TimeSpan.FromMilliseconds(300)));
        Assert.StartsWith("no PostgreSQL answers for me@127.0.0.1:1/d, tried for 0.3 s: ", fault.Message,
            StringComparison.Ordinal);
    }

    private static async Task<string> RefusedAsync(string connectionString, bool createTables)
    {
        var fault = await Assert.ThrowsAsync<PostgresStoreException>(() =>
            PostgresSchema.EnsureAsync(connectionString, createTables, Cancel, TimeSpan.FromSeconds(30)));
        Assert.DoesNotContain('\n', fault.Message);
        return fault.Message;
    }

    /// <summary>Columns, constraints and indexes of the tables that the plugin knows, in words.</summary>
    private static async Task<IReadOnlyList<string>> DumpAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(
            """
            SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || ' ' || a.attidentity::text
                || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0
                AND c.relname <> 'stockpile_clock'
            UNION ALL SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
                AND conrelid::regclass::text <> 'stockpile_clock'
            UNION ALL SELECT indexdef FROM pg_indexes
            WHERE schemaname = 'public' AND tablename <> 'stockpile_clock'
            ORDER BY 1
            """, connection);
        var lines = new List<string>();
        await using var rows = await command.ExecuteReaderAsync(Cancel);
        while (await rows.ReadAsync(Cancel)) lines.Add(rows.GetString(0).Trim());
        return lines;
    }

    private sealed class Recovers(TaskCompletionSource recovered) : UntypedPersistentActor
    {
        public override string PersistenceId => "scratch";

        protected override void OnRecover(object message)
        {
            if (message is RecoveryCompleted) recovered.SetResult();
        }

        protected override void OnCommand(object message) => Unhandled(message);
    }
}
