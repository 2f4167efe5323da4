using System.Globalization;
using Stockpile.Core;

namespace Stockpile.Formats.Hocon;

/// <summary>
/// A file that a person wrote is not right. The message is one line that names the file, the line, the key, the value
/// and what is allowed: <c>jobs.conf:12: key 'jobs[0].devices': -3 is not allowed; 1..100000</c>.
/// </summary>
public sealed class InputException : FormatException
{
    /// <param name="file">As the user named it.</param>
    /// <param name="line">Counted from 1; 0 where no line is at fault, as for a missing file.</param>
    /// <param name="key">Path of the key, such as <c>jobs[0].devices</c>; empty where none is at fault.</param>
    /// <param name="message">The value and what is allowed.</param>
    public InputException(string file, int line, string key, string message)
        : base(Compose(file, line, key, message))
    {
        File = file;
        Line = line;
        Key = key;
    }

    public string File { get; }

    public int Line { get; }

    public string Key { get; }

    /// <summary>A text as an error message may show it: one line, and short even where the text is huge.</summary>
    public static string Show(string text, int charsMax = 40) => Names.Shorten(text, charsMax);

    private static string Compose(string file, int line, string key, string message)
    {
        var place = Show(file, 400);
        if (line > 0) place = string.Create(CultureInfo.InvariantCulture, $"{place}:{line}");
        var what = key.Length > 0 ? $" key '{Show(key, 160)}':" : "";
        return $"{place}:{what} {Show(message, 600)}";
    }
}
