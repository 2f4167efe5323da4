namespace Stockpile.Tests.Shared;

/// <summary>Temporary folders in which something is still closing its files.</summary>
public static class TestFolders
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Deletes a folder with all it holds. An actor system that was told to end may still write on a busy machine, and
    /// what it makes meanwhile is in the way.
    /// </summary>
    /// <exception cref="IOException">Somebody still writes into it after a minute.</exception>
    public static void Delete(string folder)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException) when (Directory.Exists(folder) && TimeProvider.System.GetElapsedTime(since) < Patience)
            {
                Thread.Sleep(100);
            }
        }
    }
}
