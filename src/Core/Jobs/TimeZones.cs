using System.Collections.Concurrent;

namespace Stockpile.Core.Jobs;

/// <summary>Time zones by their IANA names, from the machine's own database.</summary>
public static class TimeZones
{
    private const int NameCharsMax = 64;

    // Only zones that exist are kept, so nobody fills it with names of his own.
    private static readonly ConcurrentDictionary<string, TimeZoneInfo> Found = new(StringComparer.Ordinal);

    public static bool IsKnown(string name) => Find(name) is not null;

    /// <summary>
    /// The time of day and the date there. A zone that this machine does not know counts as UTC: the machine that took
    /// the job knew it, and a cell that moves must not stop for want of a file.
    /// </summary>
    /// <param name="name">Empty: UTC.</param>
    public static DateTime LocalTime(DateTimeOffset at, string name) =>
        name.Length > 0 && Find(name) is { } zone ? TimeZoneInfo.ConvertTime(at, zone).DateTime : at.UtcDateTime;

    private static TimeZoneInfo? Find(string name)
    {
        if (Found.TryGetValue(name, out var zone)) return zone;
        // The database is a folder, and the name becomes a path. Its own names begin with a capital letter; the others
        // there, such as localtime, are the machine's.
        var isName = name.Length is > 0 and <= NameCharsMax && char.IsAsciiLetterUpper(name[0])
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+');
        if (!isName || !TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone)) return null;
        return Found.GetOrAdd(name, zone);
    }
}
