using Microsoft.Data.Sqlite;
using Npgsql;
using Stockpile.Hosting.Data;

namespace Stockpile.Hosting.Postgres;

/// <summary>Where a copy stands.</summary>
/// <param name="Step">What is done, such as <c>copying journal</c>.</param>
/// <param name="Rows">Of the step, so far.</param>
/// <param name="Total">Of the step, in all.</param>
public sealed record CopyProgress(string Step, long Rows, long Total);

/// <summary>What was copied.</summary>
/// <param name="JournalSha256">Fingerprint of all values of all rows, the same on both sides.</param>
/// <param name="SnapshotSha256">The same of the snapshots.</param>
/// <param name="Clock">Whether there was a clock to copy.</param>
public sealed record CopyResult(
    long JournalRows, long SnapshotRows, string JournalSha256, string SnapshotSha256, bool Clock);

/// <summary>
/// Copies journal, snapshots and clock from a data folder into an empty PostgreSQL database, value by value, in one
/// transaction. It commits only when the rows read back from PostgreSQL are those that SQLite holds.
/// </summary>
public static class JournalCopy
{
    /// <param name="source">Held open, and so locked, by the caller.</param>
    /// <param name="progress">Called after every row.</param>
    /// <exception cref="PostgresStoreException">The target cannot be used or is not empty. It is as it was.
    /// </exception>
    /// <exception cref="DataFolderException">The source cannot be read. The target is as it was.</exception>
    public static async Task<CopyResult> RunAsync(
        DataFolder source, string connectionString, Action<CopyProgress> progress, CancellationToken cancel)
    {
        var link = PostgresLink.To(connectionString);
        try
        {
            await using var sqlite = new SqliteConnection(source.ConnectionString);
            await sqlite.OpenAsync(cancel).ConfigureAwait(false);
            await using var snapshot = sqlite.BeginTransaction(deferred: true);
            return await link.LockedAsync(PostgresSchema.LockKey, PostgresLink.DefaultPatience, async target =>
            {
                await PostgresSchema.EnsureAsync(link, target, createTables: true, cancel).ConfigureAwait(false);
                await RequireEmptyAsync(link, target, cancel).ConfigureAwait(false);
                var journal = await CopyAsync(
                    CopiedTable.Journal, link, sqlite, snapshot, target, progress, cancel).ConfigureAwait(false);
                var snapshots = await CopyAsync(
                    CopiedTable.Snapshot, link, sqlite, snapshot, target, progress, cancel).ConfigureAwait(false);
                await GoOnCountingAsync(sqlite, snapshot, target, cancel).ConfigureAwait(false);
                var clock = source.ReadClock(TimeProvider.System);
                if (clock is not null) await PostgresClock.WriteAsync(target, clock, cancel).ConfigureAwait(false);
                return new CopyResult(
                    journal.Rows, snapshots.Rows, journal.Sha256, snapshots.Sha256, clock is not null);
            }, cancel).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is SqliteException or InvalidCastException or FormatException)
        {
            throw new DataFolderException($"the journal in {source.FullPath} cannot be read: {fault.Message}", fault);
        }
    }

    private static async Task RequireEmptyAsync(
        PostgresLink link, NpgsqlConnection target, CancellationToken cancel)
    {
        // From here to the commit nobody else writes; a cluster that starts meanwhile waits.
        await target.ExecuteAsync(
            "LOCK TABLE journal, snapshot, stockpile_clock IN SHARE ROW EXCLUSIVE MODE", cancel).ConfigureAwait(false);
        var found = await target.ExecuteAsync(
            """
            SELECT string_agg(format('%s in %s', rows, tab), ', ' ORDER BY tab) FROM (
                SELECT 'journal' tab, count(*) rows FROM journal UNION ALL
                SELECT 'snapshot', count(*) FROM snapshot UNION ALL
                SELECT 'stockpile_clock', count(*) FROM stockpile_clock) counts WHERE rows > 0
            """, cancel).ConfigureAwait(false);
        if (found is string rows)
            throw new PostgresStoreException(
                $"{link.Name} is not empty, rows: {rows}; a copy needs a database that no cluster has used");
    }

    private static async Task<(long Rows, string Sha256)> CopyAsync(
        CopiedTable table, PostgresLink link, SqliteConnection source, SqliteTransaction snapshot,
        NpgsqlConnection target, Action<CopyProgress> progress, CancellationToken cancel)
    {
        if (Count(source, snapshot, $"sqlite_master WHERE type = 'table' AND name = '{table.Name}'") == 0)
            throw new DataFolderException($"{source.DataSource} holds no table {table.Name}: no cluster has used it");
        var total = Count(source, snapshot, table.Name);
        using var sent = new RowDigest();
        using var stored = new RowDigest();
        await table.WriteAsync(target, table.RowsOf(source, snapshot).Select(row =>
        {
            sent.Add(row);
            return row;
        }), () => progress(new CopyProgress($"copying {table.Name}", sent.Rows, total)), cancel).ConfigureAwait(false);
        await foreach (var row in table.RowsOfAsync(target, cancel).ConfigureAwait(false))
        {
            stored.Add(row);
            progress(new CopyProgress($"comparing {table.Name}", stored.Rows, total));
        }

        if (stored.Rows != sent.Rows || stored.Text != sent.Text)
            throw new PostgresStoreException(
                $"{link.Name} gives back other rows of {table.Name} than were sent ({stored.Rows} of {sent.Rows}); "
                + "nothing was kept");
        return (sent.Rows, sent.Text);
    }

    /// <summary>The next row gets a number that was never given, also where the newest rows were deleted.</summary>
    private static async Task GoOnCountingAsync(
        SqliteConnection source, SqliteTransaction snapshot, NpgsqlConnection target, CancellationToken cancel)
    {
        using var command = source.CreateCommand();
        command.Transaction = snapshot;
        command.CommandText = "SELECT seq FROM sqlite_sequence WHERE name = 'journal'";
        if (command.ExecuteScalar() is long last and > 0)
            await target.ExecuteAsync(
                "SELECT setval(pg_get_serial_sequence('journal', 'ordering'), $1)", cancel, last)
                .ConfigureAwait(false);
    }

    private static long Count(SqliteConnection source, SqliteTransaction snapshot, string from)
    {
        using var command = source.CreateCommand();
        command.Transaction = snapshot;
        command.CommandText = $"SELECT COUNT(*) FROM {from}";
        return (long)command.ExecuteScalar()!;
    }
}
