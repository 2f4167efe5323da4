namespace Stockpile.Cluster.Tests;

/// <summary>A folder that is gone when the test is over.</summary>
internal sealed class TempFolder : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("stockpile-cluster-").FullName;

    public string Write(string name, string text)
    {
        var file = Path.Combine(FullPath, name);
        File.WriteAllText(file, text);
        return file;
    }

    public string Sub(string name) => Path.Combine(FullPath, name);

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
