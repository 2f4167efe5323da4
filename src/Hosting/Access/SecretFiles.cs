using System.Security.Cryptography;
using System.Text;

namespace Stockpile.Hosting.Access;

/// <summary>Files that only their owner may read.</summary>
internal static class SecretFiles
{
    public static void Ensure(string folder)
    {
        if (OperatingSystem.IsWindows() || Directory.Exists(folder)) Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(
                folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Writes a new file, whole or not at all; nobody else may read it, at no moment.</summary>
    /// <exception cref="IOException">It is there already.</exception>
    public static void Write(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var part = path + ".part";
        File.Delete(part);
        using (var file = new FileStream(part, options)) file.Write(Encoding.UTF8.GetBytes(text + "\n"));
        File.Move(part, path);
    }

    /// <exception cref="SecretFolderException">The folder cannot be used.</exception>
    public static void Guarded(string folder, Action work)
    {
        try
        {
            work();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SecretFolderException($"{folder} cannot be used: {fault.Message.Split('\n')[0]}", fault);
        }
    }
}
