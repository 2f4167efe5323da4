using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Stockpile.Hosting.Data;

/// <summary>The folder given by <c>--data</c>: the journal's file, the clock's anchor, and a lock so that two processes
/// never write the same journal.</summary>
public sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream lockFile)
    {
        FullPath = path;
        _lock = lockFile;
    }

    public string FullPath { get; }

    public const string DatabaseFile = "stockpile.db";

    public string DatabasePath => Path.Combine(FullPath, DatabaseFile);

    private string ClockPath => Path.Combine(FullPath, "clock.json");

    /// <summary>For Microsoft.Data.Sqlite; pooled, because opening a connection costs more than a write.</summary>
    public string ConnectionString => ConnectionStringOf(DatabasePath);

    public static string ConnectionStringOf(string databasePath) => new SqliteConnectionStringBuilder
    {
        DataSource = databasePath,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Cache = SqliteCacheMode.Default,
        Pooling = true,
        // A write waits for another cell's write so many seconds before it fails.
        DefaultTimeout = 10,
    }.ToString();

    /// <summary>Creates the folder if there is none, locks it, and sets the database to write-ahead logging.</summary>
    /// <exception cref="DataFolderException">It cannot be used; the message says why in one line.</exception>
    public static DataFolder Open(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(full);
            var lockFile = new FileStream(
                Path.Combine(full, "stockpile.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var folder = new DataFolder(full, lockFile);
            folder.UseWriteAheadLog();
            return folder;
        }
        catch (SqliteException e)
        {
            throw new DataFolderException($"the journal in {full} cannot be opened: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new DataFolderException(
                $"the data folder {full} cannot be used; perhaps another process uses it: {e.Message}", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new DataFolderException($"the data folder {full} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>
    /// The clock of this folder. Simulated time goes on where it stood: a folder that is opened again keeps its anchor,
    /// and one that is opened at another speed gets a new anchor at the simulated time of the moment.
    /// </summary>
    /// <param name="simulatedStart">Start of simulated time for a new folder; null: the real time.</param>
    public ScaledTimeProvider OpenClock(double speed, DateTimeOffset? simulatedStart, TimeProvider real)
    {
        var kept = ReadClock(real);
        if (kept is not null && kept.Speed.Equals(speed)) return kept;
        var now = real.GetUtcNow();
        var clock = new ScaledTimeProvider(now, kept?.GetUtcNow() ?? simulatedStart ?? now, speed, real);
        var anchor = new ClockAnchor(clock.RealStart, clock.SimulatedStart, clock.Speed);
        File.WriteAllText(ClockPath, JsonSerializer.Serialize(anchor));
        return clock;
    }

    /// <summary>The clock that this folder has; null: it has none yet.</summary>
    /// <exception cref="DataFolderException">The file holds no clock.</exception>
    public ScaledTimeProvider? ReadClock(TimeProvider real)
    {
        if (!File.Exists(ClockPath)) return null;
        var kept = ReadAnchor(ClockPath);
        return new ScaledTimeProvider(kept.RealStart, kept.SimulatedStart, kept.Speed, real);
    }

    public void Dispose()
    {
        _lock.Dispose();
        GC.SuppressFinalize(this);
    }

    private static ClockAnchor ReadAnchor(string file)
    {
        try
        {
            var anchor = JsonSerializer.Deserialize<ClockAnchor>(File.ReadAllText(file));
            if (anchor is { Speed: > 0 }) return anchor;
        }
        catch (JsonException)
        {
            // Told below, with the file's name.
        }

        throw new DataFolderException($"{file} does not hold a clock: RealStart, SimulatedStart and Speed above 0");
    }

    /// <summary>SQLite keeps the mode in the file; without it a write takes two to three times as long.</summary>
    private void UseWriteAheadLog()
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL";
        command.ExecuteNonQuery();
    }

    private sealed record ClockAnchor(DateTimeOffset RealStart, DateTimeOffset SimulatedStart, double Speed);
}

/// <summary>A data folder that cannot be used; the message is one line for users.</summary>
public sealed class DataFolderException(string message, Exception? inner = null) : Exception(message, inner);
