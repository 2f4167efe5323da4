using Stockpile.Hosting.Access;

namespace Stockpile.Hosting.Tests.Access;

/// <summary>A temporary folder with an authority and the certificate of one member.</summary>
internal sealed class Folder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stockpile-access-");

    public string Path => _folder.FullName;

    public string this[string file] => System.IO.Path.Combine(Path, file);

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>That nobody but the owner may read any of them.</summary>
    public static void AssertPrivate(IEnumerable<string> files)
    {
        if (OperatingSystem.IsWindows()) return;
        foreach (var file in files)
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public Folder WithCertificate(string name = "member", TimeProvider? clock = null)
    {
        new CertificateMaker(Path, clock ?? TimeProvider.System, days: 2).Make([name]);
        return this;
    }
}
