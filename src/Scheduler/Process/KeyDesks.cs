using System.Globalization;
using Akka.Util;

namespace Stockpile.Scheduler.Process;

/// <summary>Which desk a key belongs to. The same in every process and every release.</summary>
public static class KeyDesks
{
    /// <summary>Fixed for the life of a journal: a key's desk follows from it.</summary>
    public const int Count = 64;

    private static readonly string[] Names =
        [.. Enumerable.Range(0, Count).Select(n => string.Create(CultureInfo.InvariantCulture, $"desk-{n:00}"))];

    private static readonly HashSet<string> Known = [.. Names];

    /// <summary>All desks, by name.</summary>
    public static IReadOnlyList<string> All => Names;

    public static string Of(string key) => Names[(uint)MurmurHash.StringHash(key) % Count];

    public static bool IsDesk(string name) => Known.Contains(name);

    /// <summary>A cell's begins with <c>cell-</c>, so a desk is never taken for one.</summary>
    public static string PersistenceIdOf(string desk) => desk;
}
