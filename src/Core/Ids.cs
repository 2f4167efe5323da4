using System.Globalization;
using System.Text;

namespace Stockpile.Core;

/// <summary>
/// A job's id: the home cell and the job's number there, written <c>north-17</c>. Any process can tell from the id
/// which cell answers for the job.
/// </summary>
public readonly record struct JobId(string Cell, long Number)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Cell}-{Number}");

    /// <summary>Reads <c>cell-number</c>; false when the text is not of that form.</summary>
    public static bool TryParse(string? text, out JobId id)
    {
        id = default;
        if (text is null || text.Length > Limits.NameCharsMax) return false;
        var dash = text.LastIndexOf('-');
        if (dash <= 0 || !Names.IsName(text[..dash])) return false;
        if (!long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        id = new JobId(text[..dash], number);
        return true;
    }
}

/// <summary>
/// An allocation's id, unique within the cell that made it and never used again: <c>north-17.942</c> is the 942nd
/// allocation of its cell, held by job <c>north-17</c>.
/// </summary>
public readonly record struct AllocationId(JobId Job, long Sequence)
{
    public override string ToString() => Format(Job.ToString(), Sequence);

    /// <param name="job">The job's id, as <see cref="JobId.ToString"/> writes it.</param>
    public static string Format(string job, long sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{job}.{sequence}");
}

/// <summary>What may be the name of a cell, node, host, tenant or model.</summary>
public static class Names
{
    /// <summary>
    /// Letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, starting with a letter or digit, at most
    /// <see cref="Limits.NameCharsMax"/> characters: safe as an actor name, a file name and a URL segment.
    /// </summary>
    public static bool IsName(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > Limits.NameCharsMax || !char.IsAsciiLetterOrDigit(text[0]))
            return false;
        foreach (var c in text)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
                return false;
        return true;
    }

    /// <summary>The rule of <see cref="IsName"/> in words, for error messages.</summary>
    public static string Rule =>
        $"1 to {Limits.NameCharsMax} letters, digits, '-', '_' or '.', starting with a letter or digit";

    /// <summary>
    /// A text as an error message may show it: a 1 MB name stays short, and a character that would break the line,
    /// drive a terminal, turn or hide what is beside it, or that is none at all, is shown by its number, as
    /// <c>&lt;U+202E&gt;</c>. Characters are those of Unicode, not the halves in which .NET keeps some of them.
    /// </summary>
    public static string Shorten(string text, int charsMax = 40)
    {
        var shown = new StringBuilder();
        var count = 0;
        for (var i = 0; i < text.Length; count++)
        {
            var isWhole = Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length)
                == System.Buffers.OperationStatus.Done;
            if (count < charsMax)
            {
                if (isWhole && !IsOdd(rune)) shown.Append(text, i, length);
                else shown.Append(CultureInfo.InvariantCulture, $"<U+{(isWhole ? rune.Value : text[i]):X4}>");
            }

            i += length;
        }

        return count <= charsMax
            ? shown.ToString()
            : shown.Append(CultureInfo.InvariantCulture, $"… ({count} characters)").ToString();
    }

    /// <summary>Characters of Unicode in a text; half of one counts as one.</summary>
    public static int Count(string text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes()) count++;
        return count;
    }

    /// <summary>Whether it is a sign that cannot be seen and changes how others are seen. Those of the invisible ones
    /// without which words of some scripts cannot be written are none.</summary>
    internal static bool IsOdd(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
        UnicodeCategory.Format => !IsOfAScript(rune.Value),
        _ => false,
    };

    /// <summary>Joiners (Persian, Indic scripts, emoji), the Mongolian vowel separator, signs that stand around numbers
    /// in Arabic, Syriac and Kaithi, and those that join hieroglyphs.</summary>
    private static bool IsOfAScript(int value) => value is 0x200C or 0x200D or 0x180E or (>= 0x0600 and <= 0x0605)
        or 0x06DD or 0x070F or 0x0890 or 0x0891 or 0x08E2 or 0x110BD or 0x110CD or (>= 0x13430 and <= 0x1343F);
}
