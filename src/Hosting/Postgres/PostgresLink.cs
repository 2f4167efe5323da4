using System.Data;
using System.Net.Sockets;
using Npgsql;

namespace Stockpile.Hosting.Postgres;

/// <summary>Connections to one database, and its faults in one line each.</summary>
internal sealed class PostgresLink
{
    /// <summary>How long a server that does not answer is waited for, unless told otherwise.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly NpgsqlConnectionStringBuilder _settings;

    private PostgresLink(NpgsqlConnectionStringBuilder settings) => _settings = settings;

    /// <summary>Who, where and which, such as <c>stockpile@db:5432/stockpile</c>: never the password.</summary>
    public string Name =>
        $"{_settings.Username ?? "the default role"}@{Hosts}/{_settings.Database ?? "the default database"}";

    private string Hosts => string.Join(',', (_settings.Host ?? "").Split(',')
        .Select(host => host.Contains(':', StringComparison.Ordinal) ? host : $"{host}:{_settings.Port}"));

    /// <exception cref="PostgresStoreException">The text is no connection string.</exception>
    public static PostgresLink To(string connectionString)
    {
        if (connectionString.Contains("://", StringComparison.Ordinal)
            && !connectionString.Contains('=', StringComparison.Ordinal))
            throw Unreadable("a URL is not one");
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString)
            {
                // A schema change or a copy is rare; a pool of its own would only hold connections open.
                Pooling = false,
                ApplicationName = "stockpile",
                PersistSecurityInfo = false,
            };
            return string.IsNullOrWhiteSpace(settings.Host) ? throw Unreadable("Host is missing") : new(settings);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or InvalidCastException)
        {
            // The parser's own text may quote a piece of a password that holds a semicolon.
            throw Unreadable("a setting is unknown or its value is not allowed");
        }
    }

    /// <summary>Opens a connection; waits, with pauses that grow, for a server that is not up yet.</summary>
    /// <exception cref="PostgresStoreException">It does not answer in time, or it refuses.</exception>
    public async Task<NpgsqlConnection> OpenAsync(TimeSpan patience, CancellationToken cancel)
    {
        var since = TimeProvider.System.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var left = patience - TimeProvider.System.GetElapsedTime(since);
            var settings = new NpgsqlConnectionStringBuilder(_settings.ConnectionString);
            settings.Timeout = Math.Clamp((int)Math.Ceiling(left.TotalSeconds), 1, Math.Max(1, settings.Timeout));
            var connection = new NpgsqlConnection(settings.ConnectionString);
            try
            {
                await connection.OpenAsync(cancel).ConfigureAwait(false);
                return connection;
            }
            catch (Exception fault) when (fault is NpgsqlException or SocketException or TimeoutException)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                if (!MayPass(fault)) throw InWords(fault);
                if (TimeProvider.System.GetElapsedTime(since) + pause >= patience)
                    throw new PostgresStoreException(
                        $"no PostgreSQL answers for {Name}, tried for {patience.TotalSeconds:0.#} s: "
                        + Innermost(fault), fault);
            }

            await Task.Delay(pause, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Does all of the work in one transaction, behind a lock that one process holds at a time. The lock ends
    /// with the transaction, so it holds behind a pooler that changes sessions between transactions, too.</summary>
    /// <exception cref="PostgresStoreException">Whatever PostgreSQL objects to; nothing is changed then.</exception>
    public async Task<T> LockedAsync<T>(
        long lockKey, TimeSpan patience, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(patience, cancel).ConfigureAwait(false);
        return await GuardedAsync(async () =>
        {
            // Each statement must see what the holder before us committed.
            await using var transaction = await connection
                .BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel).ConfigureAwait(false);
            // Whoever hangs with the lock must not hang everybody else for ever.
            await connection.ExecuteAsync(
                "SELECT set_config('lock_timeout', '60s', true)", cancel).ConfigureAwait(false);
            await connection.ExecuteAsync(
                $"SELECT pg_advisory_xact_lock({lockKey})", cancel).ConfigureAwait(false);
            var result = await work(connection).ConfigureAwait(false);
            await transaction.CommitAsync(cancel).ConfigureAwait(false);
            return result;
        }).ConfigureAwait(false);
    }

    /// <summary>The work, with the faults of PostgreSQL in words.</summary>
    public async Task<T> GuardedAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or SocketException or TimeoutException)
        {
            throw InWords(fault);
        }
    }

    private PostgresStoreException InWords(Exception fault) => new((fault as PostgresException)?.SqlState switch
    {
        "28P01" => $"PostgreSQL refuses the password of {Name}",
        "28000" => $"PostgreSQL lets nobody in as {Name}: {Innermost(fault)}",
        "3D000" => $"PostgreSQL has no database of this name: {Name}; create it first: "
            + $"createdb {_settings.Database ?? _settings.Username}",
        "42501" => $"PostgreSQL does not let {Name} do what is needed: {Innermost(fault)}; let the owner run "
            + $"`{PostgresSchema.Command}`, and see docs/postgres.md for the rights",
        "25006" => ReadOnly,
        "55P03" => $"{Name}: another process holds the lock for over a minute: {Innermost(fault)}",
        not null => $"{Name}: {Innermost(fault)}",
        null when fault is NpgsqlException && fault.Message.StartsWith("No password", StringComparison.Ordinal) =>
            $"PostgreSQL asks for a password of {Name}, and there is none: give Password=…, PGPASSWORD or a passfile",
        null => $"the connection to {Name} failed: {Innermost(fault)}",
    }, fault);

    public string ReadOnly =>
        $"PostgreSQL is read-only for {Name}: a standby, or default_transaction_read_only is on; name the primary";

    /// <summary>Whether the server may take us in a moment: it is not there, it starts or stops, or it is full.
    /// </summary>
    private static bool MayPass(Exception fault) => fault switch
    {
        PostgresException refused => refused.SqlState is "57P03" or "57P01" or "57P02" or "53300",
        NpgsqlException { InnerException: SocketException or IOException or TimeoutException } => true,
        SocketException or TimeoutException => true,
        _ => false,
    };

    private static string Innermost(Exception fault) => fault switch
    {
        PostgresException refused => refused.MessageText,
        { InnerException: { } inner } => Innermost(inner),
        _ => fault.Message,
    };

    private static PostgresStoreException Unreadable(string why) => new(
        $"the connection string of PostgreSQL cannot be read: {why}; it is written as "
        + "Host=…;Port=…;Database=…;Username=…;Password=…, and a value that holds ; or = stands in quotes");
}

internal static class PostgresCommands
{
    public static async Task<object?> ExecuteAsync(
        this NpgsqlConnection connection, string text, CancellationToken cancel, params object[] values)
    {
        await using var command = new NpgsqlCommand(text, connection);
        // The schema of a large journal, or a copy of one, may take long; whoever waits can interrupt it.
        command.CommandTimeout = 0;
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return await command.ExecuteScalarAsync(cancel).ConfigureAwait(false);
    }
}
