using System.Globalization;
using Stockpile.Core;

namespace Stockpile.Scheduler.Api.Text;

/// <summary>Numbers and times as people read them, on whichever face they look.</summary>
public static class Show
{
    public static string Number(double value) =>
        value.ToString(Math.Abs(value) >= 100 ? "N0" : "#,0.##", CultureInfo.InvariantCulture);

    public static string Number(long value) => Wording.Number(value);

    public static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + "%";

    public static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>The two largest units, such as <c>3d 4h</c>.</summary>
    public static string Duration(TimeSpan time)
    {
        if (time < TimeSpan.Zero) return "-" + Duration(-time);
        (long Count, string Unit)[] parts =
            [((long)time.TotalDays, "d"), (time.Hours, "h"), (time.Minutes, "m"), (time.Seconds, "s")];
        var first = Array.FindIndex(parts, p => p.Count > 0);
        if (first < 0) return time == TimeSpan.Zero ? "0s" : $"{time.Milliseconds}ms";
        return string.Join(' ', parts.Skip(first).Take(2).Where(p => p.Count > 0).Select(p => $"{p.Count}{p.Unit}"));
    }

    /// <summary>MiB as the largest unit that keeps it readable.</summary>
    public static string Memory(long mebibytes) => mebibytes switch
    {
        >= 1024 * 1024 => Number(Math.Round(mebibytes / (1024d * 1024), 1)) + "TiB",
        >= 1024 => Number(Math.Round(mebibytes / 1024d, 1)) + "GiB",
        _ => Number(mebibytes) + "MiB",
    };

    public static string? Labels(IReadOnlyDictionary<string, string>? labels) => labels is null
        ? null
        : string.Join(", ", labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));
}
