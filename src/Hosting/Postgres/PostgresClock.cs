using Npgsql;
using Stockpile.Hosting.Data;

namespace Stockpile.Hosting.Postgres;

/// <summary>The clock of a cluster, whose anchor all schedulers find in table <c>stockpile_clock</c>.</summary>
public static class PostgresClock
{
    private const long LockKey = 74_010_002;

    /// <summary>
    /// Simulated time goes on where it stood: the first process sets the anchor, the others take it over, and one that
    /// comes with another speed sets a new anchor at the simulated time of the moment.
    /// </summary>
    /// <param name="speed">Simulated seconds per real second, above 0.</param>
    /// <param name="simulatedStart">Start of simulated time for a new database; null: the real time.</param>
    /// <exception cref="PostgresStoreException">The table cannot be used; the message is one line.</exception>
    public static async Task<ScaledTimeProvider> OpenAsync(
        string connectionString, double speed, DateTimeOffset? simulatedStart, TimeProvider real,
        CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(speed);
        var link = PostgresLink.To(connectionString);
        return await link.LockedAsync(LockKey, PostgresLink.DefaultPatience, async connection =>
        {
            var now = real.GetUtcNow();
            var kept = await ReadAsync(connection, real, cancel).ConfigureAwait(false);
            if (kept is not null && kept.Speed.Equals(speed)) return kept;
            var start = kept?.GetUtcNow() ?? simulatedStart ?? now;
            var anchored = new ScaledTimeProvider(Earlier(now), Later(start), speed, real);
            await WriteAsync(connection, anchored, cancel).ConfigureAwait(false);
            return anchored;
        }, cancel).ConfigureAwait(false);
    }

    /// <summary>The anchor that stands in the table; null: there is none yet.</summary>
    internal static async Task<ScaledTimeProvider?> ReadAsync(
        NpgsqlConnection connection, TimeProvider real, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "SELECT real_start, simulated_start, speed FROM stockpile_clock", connection);
        await using var row = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        return await row.ReadAsync(cancel).ConfigureAwait(false)
            ? new ScaledTimeProvider(
                row.GetFieldValue<DateTimeOffset>(0), row.GetFieldValue<DateTimeOffset>(1), row.GetDouble(2), real)
            : null;
    }

    /// <summary>Puts an anchor into the table. Its instants are whole microseconds afterwards.</summary>
    internal static Task WriteAsync(
        NpgsqlConnection connection, ScaledTimeProvider clock, CancellationToken cancel) =>
        connection.ExecuteAsync(
            """
            INSERT INTO stockpile_clock (id, real_start, simulated_start, speed) VALUES (1, $1, $2, $3)
            ON CONFLICT (id) DO UPDATE SET real_start = excluded.real_start,
                simulated_start = excluded.simulated_start, speed = excluded.speed
            """, cancel, Earlier(clock.RealStart).UtcDateTime, Later(clock.SimulatedStart).UtcDateTime, clock.Speed);

    /// <summary>PostgreSQL keeps microseconds, .NET a tenth of one. The real start is rounded down and the simulated
    /// one up, so that simulated time may jump ahead by a trifle, but never back.</summary>
    private static DateTimeOffset Earlier(DateTimeOffset time) =>
        time.ToUniversalTime().AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));

    private static DateTimeOffset Later(DateTimeOffset time) =>
        Earlier(time) == time ? time : Earlier(time).AddTicks(TimeSpan.TicksPerMicrosecond);
}
