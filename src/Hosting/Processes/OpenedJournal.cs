using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Postgres;

namespace Stockpile.Hosting.Processes;

/// <summary>The journal that a scheduler process writes, ready for use, and the clock that is kept beside it.</summary>
public sealed class OpenedJournal : IAsyncDisposable
{
    private readonly DataFolder? _folder;

    private OpenedJournal(ScaledTimeProvider clock, DataFolder? folder)
    {
        Clock = clock;
        _folder = folder;
    }

    public ScaledTimeProvider Clock { get; }

    /// <summary>Opens it as the settings say, creates what is missing, and tells the layers where it is.</summary>
    /// <param name="speed">Simulated seconds per real second.</param>
    /// <exception cref="DataFolderException">The folder cannot be used.</exception>
    /// <exception cref="PostgresStoreException">The database cannot be used.</exception>
    public static async Task<OpenedJournal> OpenAsync(
        JournalSettings settings, SettingLayers layers, double speed, CancellationToken cancel)
    {
        if (settings.Postgres is not { } postgres) return OpenSqlite(settings.DataFolder!, layers, speed);
        await PostgresSchema.EnsureAsync(
            postgres.ConnectionString, postgres.CreateTables, cancel, postgres.Patience).ConfigureAwait(false);
        layers.UsePostgres(postgres.ConnectionString);
        var clock = await PostgresClock.OpenAsync(
            postgres.ConnectionString, speed, null, TimeProvider.System, cancel).ConfigureAwait(false);
        return new OpenedJournal(clock, null);
    }

    public ValueTask DisposeAsync()
    {
        _folder?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static OpenedJournal OpenSqlite(string path, SettingLayers layers, double speed)
    {
        var folder = DataFolder.Open(path);
        try
        {
            layers.UseSqlite(folder.ConnectionString);
            return new OpenedJournal(folder.OpenClock(speed, null, TimeProvider.System), folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }
}
