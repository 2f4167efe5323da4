namespace Stockpile.Tests.Shared;

/// <summary>
/// The turn of one test process at the whole machine: tests that start clusters of processes or containers would only
/// slow each other down until time-outs that a cluster is right to have put members out. A file that is open with no
/// sharing; the system closes it when its process dies.
/// </summary>
public sealed class MachineTurn : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(25);

    private readonly FileStream _file;

    private MachineTurn(FileStream file) => _file = file;

    /// <summary>Waits until no other process has it.</summary>
    /// <exception cref="TimeoutException">The other one holds it for longer than any of them should take.</exception>
    public static async Task<MachineTurn> TakeAsync()
    {
        var path = Path.Combine(Path.GetTempPath(), "stockpile-tests.lock");
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new MachineTurn(new FileStream(
                    path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException)
            {
                if (TimeProvider.System.GetElapsedTime(since) > Patience)
                    throw new TimeoutException($"another test process has held {path} for {Patience}");
                await Task.Delay(TimeSpan.FromMilliseconds(500));
            }
        }
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
