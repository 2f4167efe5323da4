using Stockpile.Hosting.Configuration;

namespace Stockpile.Hosting;

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
    public static Task<OpenedJournal> OpenAsync(
        JournalSettings settings, SettingLayers layers, double speed, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return Task.FromResult(OpenSqlite(settings.DataFolder!, layers, speed));
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
