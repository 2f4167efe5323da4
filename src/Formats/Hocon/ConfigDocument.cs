using System.Text;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using Stockpile.Core;

namespace Stockpile.Formats.Hocon;

/// <summary>A file as a tree of sections whose every error names file, line and key.</summary>
public static class ConfigDocument
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="InputException">It is missing, too large, no text, or not well formed.</exception>
    public static ConfigSection Read(string path, string? rootArray = null) =>
        Parse(path, ReadText(path), rootArray);

    /// <summary>Reads a text.</summary>
    /// <param name="file">Its name, for error messages.</param>
    /// <param name="text">HOCON or JSON.</param>
    /// <param name="rootArray">The key under which an array at the root appears; null: only an object.</param>
    public static ConfigSection Parse(string file, string text, string? rootArray = null)
    {
        if (text.Length > FormatLimits.FileBytesMax)
            throw new InputException(file, 0, "", $"is larger than {FormatLimits.FileBytesMax / (1024 * 1024)} MiB");
        var locator = KeyLocator.Scan(file, text, rootArray);
        try
        {
            var root = Parser.Parse(locator.Json, null);
            return new ConfigSection(file, locator, "", root.Value?.GetObject() ?? new HoconObject());
        }
        catch (Exception e) when (e is FormatException or ConfigurationException or NullReferenceException
            or NotSupportedException or ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            // The parser gets plain JSON and takes it; should that ever fail, the user still sees one line.
            if (e is InputException) throw;
            throw new InputException(file, 1, "", $"is not HOCON: {e.Message}");
        }
    }

    /// <summary>The text of a file that must be UTF-8 and within <see cref="FormatLimits.FileBytesMax"/>.</summary>
    public static string ReadText(string path)
    {
        try
        {
            var info = new FileInfo(path);
            if (Directory.Exists(path)) throw new InputException(path, 0, "", "is a folder, not a file");
            if (!info.Exists) throw new InputException(path, 0, "", "does not exist");
            if (info.Length > FormatLimits.FileBytesMax)
                throw new InputException(
                    path, 0, "", $"is larger than {FormatLimits.FileBytesMax / (1024 * 1024)} MiB");
            return File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException)
        {
            throw new InputException(path, 0, "", "is not UTF-8 text");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException
            or NotSupportedException)
        {
            throw new InputException(path, 0, "", $"cannot be read: {e.Message}");
        }
    }
}
