using Npgsql;

namespace Stockpile.Hosting.Postgres;

/// <summary>The tables of Stockpile in a PostgreSQL database.</summary>
public static class PostgresSchema
{
    /// <summary>Prints <see cref="Script"/>.</summary>
    public const string Command = "stockpile journal schema";

    /// <summary>PostgreSQL versions below have no MERGE, which the snapshots are written with.</summary>
    private const int OldestVersion = 15;

    /// <summary>Any number that no other program uses in the same database.</summary>
    internal const long LockKey = 74_010_001;

    /// <summary>SQL that creates what is missing and leaves alone what is there.</summary>
    public static string Script { get; } = ReadScript();

    /// <summary>
    /// Sees to it that the tables are there, complete, and that the role may write them. Of several processes that
    /// start at once, one creates them in one transaction, and the others wait for it.
    /// </summary>
    /// <param name="createTables">False: nothing is created; what is missing is named.</param>
    /// <param name="patience">How long a server that does not answer is waited for; null: a minute.</param>
    /// <exception cref="PostgresStoreException">The tables cannot be used; the message is one line.</exception>
    public static Task EnsureAsync(
        string connectionString, bool createTables, CancellationToken cancel, TimeSpan? patience = null)
    {
        var link = PostgresLink.To(connectionString);
        return link.LockedAsync(LockKey, patience ?? PostgresLink.DefaultPatience, async connection =>
        {
            await EnsureAsync(link, connection, createTables, cancel).ConfigureAwait(false);
            return true;
        }, cancel);
    }

    /// <summary>The tables are there and can be read; a standby and a role that may only read are good enough.
    /// </summary>
    /// <exception cref="PostgresStoreException">They cannot; the message is one line.</exception>
    public static async Task RequireReadableAsync(
        string connectionString, CancellationToken cancel, TimeSpan? patience = null)
    {
        var link = PostgresLink.To(connectionString);
        await using var connection =
            await link.OpenAsync(patience ?? PostgresLink.DefaultPatience, cancel).ConfigureAwait(false);
        await link.GuardedAsync(async () =>
        {
            RequireNothing(link, await SchemaCheck.MissingAsync(connection, cancel).ConfigureAwait(false));
            await RequireRightsAsync(link, connection, ["SELECT"], cancel).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    /// <summary>The same in a transaction of the caller's.</summary>
    internal static async Task EnsureAsync(
        PostgresLink link, NpgsqlConnection connection, bool createTables, CancellationToken cancel)
    {
        if (connection.PostgreSqlVersion.Major < OldestVersion)
            throw new PostgresStoreException(
                $"{link.Name} is PostgreSQL {connection.PostgreSqlVersion}; Stockpile needs {OldestVersion} or newer");
        if (await connection.ExecuteAsync("SHOW transaction_read_only", cancel).ConfigureAwait(false) is "on")
            throw new PostgresStoreException(link.ReadOnly);
        var missing = await SchemaCheck.MissingAsync(connection, cancel).ConfigureAwait(false);
        if (missing.Count > 0 && createTables)
        {
            await connection.ExecuteAsync(Script, cancel).ConfigureAwait(false);
            // What is still missing is missing in a table of the same name that somebody else made.
            missing = await SchemaCheck.MissingAsync(connection, cancel).ConfigureAwait(false);
        }

        RequireNothing(link, missing);
        await RequireRightsAsync(link, connection, ["SELECT", "INSERT", "UPDATE", "DELETE"], cancel)
            .ConfigureAwait(false);
    }

    private static void RequireNothing(PostgresLink link, IReadOnlyList<string> missing)
    {
        if (missing.Count > 0)
            throw new PostgresStoreException(
                $"{link.Name} lacks {string.Join(", ", missing)}; `{Command}` prints the script that creates it");
    }

    private static async Task RequireRightsAsync(
        PostgresLink link, NpgsqlConnection connection, string[] rights, CancellationToken cancel)
    {
        var lacking = await connection.ExecuteAsync(
            """
            SELECT string_agg(privilege || ' on ' || tab, ', ') FROM unnest($1) tab, unnest($2) privilege
            WHERE NOT has_table_privilege(to_regclass(tab), privilege)
            """, cancel, SchemaCheck.Tables, rights).ConfigureAwait(false);
        if (lacking is string names)
            throw new PostgresStoreException(
                $"{link.Name} lacks the right to {names}; see docs/postgres.md for the rights");
    }

    private static string ReadScript()
    {
        using var stream = typeof(PostgresSchema).Assembly
            .GetManifestResourceStream("Stockpile.Hosting.Postgres.schema.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
