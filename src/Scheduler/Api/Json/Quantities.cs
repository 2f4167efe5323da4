using System.Globalization;

namespace Stockpile.Scheduler.Api.Json;

/// <summary>Durations and sizes as people write them, with the units of the files.</summary>
public static class Quantities
{
    public const string DurationRule = "a duration such as 30m, 2h or 90s (units ms, s, m, h, d)";

    public const string MemoryRule = "a number of MiB, or a size such as 20GiB (units KiB, MiB, GiB, TiB, MB, GB, TB)";

    private const double BytesPerMiB = 1024 * 1024;

    // Longest unit first, so that ms is not read as s.
    private static readonly (string Unit, double Milliseconds)[] DurationUnits =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    private static readonly (string Unit, double Bytes)[] MemoryUnits =
    [
        ("KiB", 1024), ("MiB", BytesPerMiB), ("GiB", 1024 * BytesPerMiB), ("TiB", 1024 * 1024 * BytesPerMiB),
        ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
    ];

    /// <summary>Reads a duration of whole milliseconds, zero or more; false when the text is none.</summary>
    public static bool TryParseDuration(string? text, out TimeSpan duration)
    {
        duration = default;
        foreach (var (unit, milliseconds) in DurationUnits)
        {
            if (!TryParse(text, unit, milliseconds, out var value)) continue;
            // A TimeSpan holds about 29,000 years; beyond it there is no such duration.
            if (value > 9e14) return false;
            duration = TimeSpan.FromMilliseconds(Math.Round(value));
            return true;
        }

        return false;
    }

    /// <summary>Reads a size as MiB, rounded down; a number without a unit is MiB.</summary>
    public static bool TryParseMemory(string? text, out long mebibytes)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out mebibytes)) return true;
        foreach (var (unit, bytes) in MemoryUnits)
        {
            if (!TryParse(text, unit, bytes, out var value) || value / BytesPerMiB > long.MaxValue / 2d) continue;
            mebibytes = (long)(value / BytesPerMiB);
            return true;
        }

        return false;
    }

    /// <summary>A duration in its largest whole unit, such as <c>90s</c>; reading it gives the same duration.</summary>
    public static string Format(TimeSpan duration)
    {
        var milliseconds = (long)duration.TotalMilliseconds;
        for (var i = DurationUnits.Length - 1; i > 0; i--)
        {
            var size = (long)DurationUnits[i].Milliseconds;
            if (milliseconds != 0 && milliseconds % size == 0) return Text(milliseconds / size, DurationUnits[i].Unit);
        }

        return milliseconds == 0 ? "0s" : Text(milliseconds, "ms");
    }

    private static string Text(long value, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");

    private static bool TryParse(string? text, string unit, double size, out double value)
    {
        value = 0;
        if (text is null || text.Length > 32 || !text.EndsWith(unit, StringComparison.Ordinal)) return false;
        var number = text.AsSpan(0, text.Length - unit.Length).TrimEnd(' ');
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value))
            return false;
        value *= size;
        return double.IsFinite(value);
    }
}
