using System.Globalization;

namespace Stockpile.Hosting.Configuration;

/// <summary>What wins over what: a setting of a higher rank replaces one of a lower.</summary>
public enum SettingRank
{
    /// <summary>The files under <c>hocon/</c> that came with the program.</summary>
    Shipped,

    /// <summary>Put in by the program, because another setting says so.</summary>
    Derived,

    /// <summary>The file given by <c>--config</c>.</summary>
    File,

    /// <summary>An environment variable.</summary>
    Environment,

    /// <summary><c>--set key=value</c>.</summary>
    CommandLine,
}

/// <summary>Where a setting comes from.</summary>
/// <param name="Source">A file, or what it is instead, such as <c>environment STOCKPILE__HTTP__URL</c>.</param>
/// <param name="Line">Counted from 1; 0 where the source has no lines.</param>
public sealed record SettingOrigin(SettingRank Rank, string Source, int Line)
{
    public override string ToString() => Line > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Source}:{Line}")
        : Source;
}

/// <summary>One value of the configuration.</summary>
/// <param name="Path">Keys joined by dots; a key that is no plain word is quoted.</param>
/// <param name="Json">The value as JSON: a text, a list, or an empty object.</param>
public sealed record Setting(string Path, string Json, SettingOrigin Origin)
{
    private const string Hidden = "\"(hidden)\"";

    /// <summary>The value as it may be shown: what opens a door is hidden.</summary>
    public string Shown => IsSecret ? Hidden : Json;

    private bool IsSecret => Json is not "\"\""
        && (EndsWith("password") || EndsWith("secret") || EndsWith("token")
            || EndsWith("connection-string") && Json.Contains("Password=", StringComparison.OrdinalIgnoreCase));

    private bool EndsWith(string key) => Path.EndsWith(key, StringComparison.OrdinalIgnoreCase);
}
