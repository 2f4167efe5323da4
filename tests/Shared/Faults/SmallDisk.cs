using System.Globalization;

namespace Stockpile.Tests.Shared.Faults;

/// <summary>A file system of a fixed size in memory that can be filled to its last byte. Needs root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("stockpile-disk-").FullName;

    /// <param name="mebibytes">Its size.</param>
    private SmallDisk(int mebibytes) => Shell.Run("mount", "-t", "tmpfs", "-o",
        string.Create(CultureInfo.InvariantCulture, $"size={mebibytes}m,mode=777"), "stockpile-disk", _folder);

    public string FullPath => _folder;

    /// <param name="whyNot">What is missing, when there is none.</param>
    public static SmallDisk? TryCreate(int mebibytes, out string whyNot)
    {
        try
        {
            if (Environment.UserName != "root") throw new InvalidOperationException("only root may mount");
            whyNot = "";
            return new SmallDisk(mebibytes);
        }
        catch (InvalidOperationException fault)
        {
            whyNot = $"no small disk here: {fault.Message}";
            return null;
        }
    }

    /// <summary>Takes all that is free, until nothing more can be written.</summary>
    public void Fill()
    {
        using var ballast = new FileStream(Ballast, FileMode.Create);
        var block = new byte[1 << 20];
        try
        {
            while (true)
            {
                ballast.Write(block);
                ballast.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Free() => File.Delete(Ballast);

    public void Dispose()
    {
        Shell.Try("umount", "-l", _folder);
        Directory.Delete(_folder, recursive: true);
    }

    private string Ballast => Path.Combine(_folder, "ballast");
}
