using System.Globalization;

namespace Stockpile.Core;

/// <summary>Numbers and lists in messages.</summary>
public static class Wording
{
    /// <summary>A number as people read it: <c>19,998</c>.</summary>
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number with its noun: <c>1 node</c>, <c>2 nodes</c>.</summary>
    /// <param name="many">The plural where it is not the noun with an s.</param>
    public static string Count(long count, string one, string? many = null) =>
        $"{Number(count)} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary>The form of a word that belongs to a number: <c>1 node lacks</c>, <c>2 nodes lack</c>.</summary>
    public static string For(long count, string one, string many) => count == 1 ? one : many;

    /// <summary><c>a</c>, <c>a and b</c>, <c>a, b and c</c>, <c>a, b, c and 4 more</c>.</summary>
    public static string List(IReadOnlyList<string> all, int most = int.MaxValue)
    {
        if (all.Count > most) return $"{string.Join(", ", all.Take(most))} and {Number(all.Count - most)} more";
        return all.Count < 2 ? string.Concat(all) : $"{string.Join(", ", all.SkipLast(1))} and {all[^1]}";
    }
}
