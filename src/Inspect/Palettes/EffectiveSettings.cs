using System.Text.RegularExpressions;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using Stockpile.Core;
using Stockpile.Inspect.Catalogue;

namespace Stockpile.Inspect.Palettes;

/// <summary>The settings of an actor system as <c>key = value</c>, without its secrets.</summary>
public static partial class EffectiveSettings
{
    public const string Mask = "***";

    /// <summary>Sorted by key.</summary>
    /// <param name="path">Only what is at or below it; null: everything.</param>
    /// <exception cref="CommandRefusedException">There is nothing at the path.</exception>
    public static IEnumerable<(string Key, string Value)> Of(Config config, string? path)
    {
        var prefix = path?.Trim().TrimEnd('.') ?? "";
        var all = new List<(string Key, string Value)>();
        Collect("", config.Root, all);
        var found = all
            .Where(s => prefix.Length == 0 || s.Key == prefix
                || s.Key.StartsWith(prefix + ".", StringComparison.Ordinal))
            .OrderBy(s => s.Key, StringComparer.Ordinal).ToArray();
        if (found.Length > 0) return found;
        var heads = all.Select(s => s.Key.Split('.')[0]).Distinct().Order(StringComparer.Ordinal);
        throw new CommandRefusedException(
            $"there are no settings below '{Names.Shorten(prefix, 100)}'; there are {CommandCatalogue.Listed(heads)}");
    }

    private static void Collect(string key, HoconValue value, List<(string, string)> all)
    {
        if (value.IsObject())
        {
            foreach (var (name, child) in value.GetObject().Items)
            {
                var quoted = name.Contains('.', StringComparison.Ordinal) ? $"\"{name}\"" : name;
                Collect(key.Length == 0 ? quoted : $"{key}.{quoted}", child, all);
            }

            return;
        }

        all.Add((key, IsSecret(key) ? Mask : Masked(Text(value))));
    }

    private static string Text(HoconValue value) =>
        value.IsArray() ? $"[{string.Join(", ", value.GetArray().Select(Text))}]" : value.GetString() ?? "";

    /// <summary>A key that names a secret; a setting about secrets, such as a length, is masked too.</summary>
    private static bool IsSecret(string key) => SecretKey().IsMatch(key);

    /// <summary>Passwords inside connection strings and addresses.</summary>
    private static string Masked(string value) =>
        InAddress().Replace(InConnectionString().Replace(value, "$1" + Mask), "$1" + Mask + "@");

    [GeneratedRegex("password|secret|token|passphrase|credential|api-?key", RegexOptions.IgnoreCase)]
    private static partial Regex SecretKey();

    // A value may be quoted, and may then hold the semicolon that ends others.
    [GeneratedRegex("""((?:password|pwd|passphrase)\s*=\s*)(?:"[^"]*"|'[^']*'|[^;]*)""", RegexOptions.IgnoreCase)]
    private static partial Regex InConnectionString();

    [GeneratedRegex(@"(://[^/:@\s]*:)[^@/\s]+@")]
    private static partial Regex InAddress();
}
