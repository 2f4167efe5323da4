using System.Globalization;

namespace Stockpile.Formats.Hocon;

/// <summary>Durations and sizes as people write them.</summary>
public static class Units
{
    /// <summary>The units of a duration in words, for error messages.</summary>
    public const string DurationRule = "a number and a unit: ms, s, m, h or d, such as 30m or 1.5h";

    /// <summary>The units of a size in words, for error messages.</summary>
    public const string SizeRule = "a number and a unit: MiB, GiB or TiB, such as 512MiB or 20GiB";

    private static readonly (string Unit, double Milliseconds)[] Durations =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    private static readonly (string Unit, double MiB)[] Sizes = [("MiB", 1), ("GiB", 1024), ("TiB", 1024 * 1024)];

    /// <summary>Reads <c>30m</c>, <c>2h</c>, <c>90s</c>, <c>250ms</c>, <c>1d</c> to whole milliseconds.</summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = default;
        if (!TryScaled(text, Durations, out var milliseconds)) return false;

        // Ten thousand years stay well inside what a TimeSpan holds.
        if (Math.Abs(milliseconds) > 3.2e14) return false;
        duration = TimeSpan.FromMilliseconds((long)Math.Round(milliseconds));
        return true;
    }

    /// <summary>Reads <c>20GiB</c>, <c>512MiB</c>, <c>1.5TiB</c> to whole MiB.</summary>
    public static bool TrySize(string text, out long mebibytes)
    {
        mebibytes = 0;
        if (!TryScaled(text, Sizes, out var size) || Math.Abs(size) > 1e15 || size != Math.Round(size)) return false;
        mebibytes = (long)size;
        return true;
    }

    /// <summary>Reads a plain finite number.</summary>
    public static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private static bool TryScaled(string text, (string Unit, double Factor)[] units, out double value)
    {
        value = 0;
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] is '.' or '-')) digits++;
        var unit = text[digits..].Trim();
        const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        if (!double.TryParse(text.AsSpan(0, digits), Plain, CultureInfo.InvariantCulture, out var number)) return false;
        foreach (var (name, factor) in units)
        {
            if (unit != name) continue;
            value = number * factor;
            return double.IsFinite(value);
        }
        return false;
    }
}
