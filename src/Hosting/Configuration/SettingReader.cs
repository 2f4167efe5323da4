using System.Globalization;
using System.Text.Json;
using Stockpile.Core;
using Stockpile.Formats.Hocon;

namespace Stockpile.Hosting.Configuration;

/// <summary>Reads values strictly; an error names where the value comes from, its key and what is allowed.</summary>
internal sealed class SettingReader(SettingLayers layers)
{
    /// <summary>Whether there is such a setting; of those that stand in a shipped file nobody needs to ask.</summary>
    public bool Has(string path) => layers.Has(path);

    public string Text(string path)
    {
        var setting = layers.Get(path);
        return ValueOf(setting) ?? throw Error(path, "is a list where one value is expected");
    }

    public string Required(string path, string what) =>
        Text(path) is { Length: > 0 } text ? text : throw Error(path, $"is missing: {what}");

    public string Name(string path)
    {
        var text = Text(path);
        return Names.IsName(text) ? text : throw Error(path, $"'{text}' is not a name; {Names.Rule}");
    }

    public string OneOf(string path, params string[] allowed)
    {
        var text = Text(path);
        return allowed.Contains(text, StringComparer.Ordinal) ? text
            : throw Error(
                path, $"'{text}' is not allowed{Suggestion.Hint(text, allowed)}; {string.Join(", ", allowed)}");
    }

    public int Int(string path, int min, int max)
    {
        var text = Text(path);
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max
            ? value
            : throw Error(path, $"'{text}' is not a whole number of {min} to {max}");
    }

    public double Double(string path, double min, double max)
    {
        var text = Text(path);
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max
            ? value
            : throw Error(path, string.Create(CultureInfo.InvariantCulture,
                $"'{text}' is not a number of {min} to {max}"));
    }

    public bool Bool(string path) => OneOf(path, "true", "false") == "true";

    public TimeSpan Duration(string path)
    {
        var text = Text(path);
        return Units.TryDuration(text, out var value) && value >= TimeSpan.Zero
            ? value
            : throw Error(path, $"'{text}' is not a duration; {Units.DurationRule}");
    }

    public long SizeMiB(string path, long max)
    {
        var text = Text(path);
        return Units.TrySize(text, out var value) && value >= 0 && value <= max
            ? value
            : throw Error(path, $"'{text}' is not a size up to {max}MiB; {Units.SizeRule}");
    }

    /// <summary>A list of texts, or one text with commas, which is how the environment says it.</summary>
    public IReadOnlyList<string> Texts(string path)
    {
        var setting = layers.Get(path);
        if (ValueOf(setting) is { } text)
            return text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        using var json = JsonDocument.Parse(setting.Json);
        return json.RootElement.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String)
            ? [.. json.RootElement.EnumerateArray().Select(e => e.GetString()!)]
            : throw Error(path, "is not a list of texts");
    }

    /// <summary>The texts below a path, by the last key of theirs.</summary>
    public IReadOnlyDictionary<string, string> Map(string path) => layers.Below(path).ToDictionary(
        s => s.Path[(path.Length + 1)..].Trim('"'),
        s => ValueOf(s) ?? throw Error(s.Path, "is a list where one value is expected"),
        StringComparer.Ordinal);

    public InputException Error(string path, string message)
    {
        var origin = layers.Get(path).Origin;
        return new InputException(origin.Source, origin.Line, path, message);
    }

    /// <summary>Null: the value is a list.</summary>
    private static string? ValueOf(Setting setting) =>
        setting.Json.StartsWith('"') ? JsonSerializer.Deserialize<string>(setting.Json) : null;
}
