namespace Stockpile.Tidy.Tests;

/// <summary>
/// Files that may break a rule: path and reason. An entry that is no longer needed fails the test of its rule, so the
/// lists stay as short as they can be.
/// </summary>
internal static class Allowed
{
    public static readonly Dictionary<string, string> LongFiles = new(StringComparer.Ordinal);

    public static readonly Dictionary<string, string> Blocking = new(StringComparer.Ordinal);

    public static readonly Dictionary<string, string> Console = new(StringComparer.Ordinal);

    public static readonly Dictionary<string, string> Hashes = new(StringComparer.Ordinal);
}
