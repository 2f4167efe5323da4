using System.Globalization;

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
    /// A text as an error message may show it: a 1 MB name stays short, and what would break the line, drive a terminal
    /// or not be a character at all becomes a question mark.
    /// </summary>
    public static string Shorten(string text, int charsMax = 40)
    {
        var shown = text.Length <= charsMax ? text : text[..charsMax];
        if (shown.Any(IsOdd)) shown = string.Concat(shown.Select(c => IsOdd(c) ? '?' : c));
        return text.Length <= charsMax
            ? shown
            : string.Create(CultureInfo.InvariantCulture, $"{shown}… ({text.Length} characters)");
    }

    private static bool IsOdd(char c) => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029';
}
