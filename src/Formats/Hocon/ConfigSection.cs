using System.Globalization;
using Akka.Configuration.Hocon;
using Stockpile.Core;

namespace Stockpile.Formats.Hocon;

/// <summary>
/// One object of a file, read strictly: it remembers which keys were asked for, and <see cref="Done"/> refuses the
/// others, so that a mistyped key is an error and not a default. A required field has no default argument.
/// </summary>
public sealed class ConfigSection
{
    private readonly string _file;
    private readonly KeyLocator _locator;
    private readonly HoconObject _object;
    private readonly SortedSet<string> _asked = new(StringComparer.Ordinal);

    internal ConfigSection(string file, KeyLocator locator, string path, HoconObject from)
    {
        _file = file;
        _locator = locator;
        _object = from;
        Path = path;
    }

    /// <summary>Where it stands in the file; empty for the root.</summary>
    public string Path { get; }

    public IEnumerable<string> Keys => _object.Items.Keys;

    /// <summary>Whether the file has the key; asking makes it a known one.</summary>
    public bool Has(string key)
    {
        _asked.Add(key);
        return _object.Items.ContainsKey(key);
    }

    /// <summary>An error at a key of this section, or at the section itself for an empty key.</summary>
    public InputException Error(string key, string message)
    {
        var path = key.Length == 0 ? Path : KeyLocator.Join(Path, key);
        return new InputException(_file, _locator.LineOf(path), path, message);
    }

    /// <summary>An error at a key deeper inside this section, such as <c>replicas.min</c>.</summary>
    public InputException ErrorAt(string keys, string message)
    {
        var path = keys.Split('.').Aggregate(Path, KeyLocator.Join);
        return new InputException(_file, _locator.LineOf(path), path, message);
    }

    /// <summary>Refuses every key that nothing asked for.</summary>
    public void Done()
    {
        foreach (var key in _object.Items.Keys)
            if (!_asked.Contains(key))
                throw Error(key, $"is not known{Suggestion.Hint(key, _asked)}; allowed: {string.Join(", ", _asked)}");
    }

    public string GetText(string key) => Find(key) is { } value ? Text(key, value) : throw Missing(key);

    public string GetText(string key, string absent) => Find(key) is { } value ? Text(key, value) : absent;

    /// <summary>A name as <see cref="Names.IsName"/> has it.</summary>
    public string GetName(string key)
    {
        var text = GetText(key);
        return Names.IsName(text) ? text : throw Error(key, $"{Quote(text)} is not a name; {Names.Rule}");
    }

    /// <param name="key">The key.</param>
    /// <param name="min">Least value allowed.</param>
    /// <param name="max">Greatest value allowed.</param>
    /// <param name="absent">The value where the key is absent; null: it is required.</param>
    /// <param name="orZero">Whether 0 is allowed beside min..max, as a way to say "none".</param>
    public int GetInt(string key, int min, int max, int? absent = null, bool orZero = false) =>
        orZero && Find(key) is { } found && IsText(found) && TextOf(found) == "0"
            ? 0
            : (int)GetLong(key, min, max, absent);

    public long GetLong(string key, long min, long max, long? absent = null)
    {
        if (Find(key) is not { } found) return absent ?? throw Missing(key);
        var text = Text(key, found);
        if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            // A number that is too large for any limit is refused as one, and not as a word.
            throw Error(key, double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var huge)
                && double.IsFinite(huge)
                ? $"{InputException.Show(text)} is not allowed; {min}..{max}"
                : $"{Quote(text)} is not a whole number; {min}..{max}");
        }
        if (value != decimal.Truncate(value)) throw Error(key, $"{Quote(text)} is not a whole number; {min}..{max}");
        return value >= min && value <= max
            ? (long)value
            : throw Error(key, $"{InputException.Show(text)} is not allowed; {min}..{max}");
    }

    public double GetDouble(string key, double min, double max, double? absent = null)
    {
        if (Find(key) is not { } found) return absent ?? throw Missing(key);
        return Number(key, Text(key, found), min, max);
    }

    public double? GetOptionalDouble(string key, double min, double max) =>
        Find(key) is null ? null : GetDouble(key, min, max);

    public bool GetBool(string key, bool absent)
    {
        if (Find(key) is not { } found) return absent;
        return Text(key, found) switch
        {
            "true" or "yes" or "on" => true,
            "false" or "no" or "off" => false,
            var text => throw Error(key, $"{Quote(text)} is not true or false"),
        };
    }

    /// <summary>A duration such as <c>30m</c>; a negative one is refused.</summary>
    public TimeSpan GetDuration(string key, TimeSpan? absent = null)
    {
        if (Find(key) is not { } found) return absent ?? throw Missing(key);
        var text = Text(key, found);
        if (!Units.TryDuration(text, out var duration))
            throw Error(key, $"{Quote(text)} is not a duration; {Units.DurationRule}");
        return duration >= TimeSpan.Zero ? duration : throw Error(key, $"{text} is not allowed; 0s or more");
    }

    /// <summary>A size such as <c>20GiB</c>, in MiB.</summary>
    public long GetSizeMiB(string key, long max, long? absent = null)
    {
        if (Find(key) is not { } found) return absent ?? throw Missing(key);
        var text = Text(key, found);
        if (!Units.TrySize(text, out var size)) throw Error(key, $"{Quote(text)} is not a size; {Units.SizeRule}");
        return size >= 0 && size <= max ? size : throw Error(key, $"{text} is not allowed; 0MiB..{max}MiB");
    }

    /// <summary>A list of texts; absent: empty.</summary>
    public IReadOnlyList<string> GetTexts(string key, int countMax)
    {
        var items = Array(key, countMax);
        var texts = new List<string>(items.Count);
        foreach (var (path, item) in items)
            texts.Add(IsText(item) ? TextOf(item) : throw At(path, "is not a text"));
        return texts;
    }

    /// <summary>A list of objects; absent: empty.</summary>
    public IReadOnlyList<ConfigSection> GetSections(string key, int countMax)
    {
        var items = Array(key, countMax);
        var sections = new List<ConfigSection>(items.Count);
        foreach (var (path, item) in items)
            sections.Add(item.IsObject() ? Child(path, item) : throw At(path, "is not an object; write { … }"));
        return sections;
    }

    public ConfigSection GetSection(string key) => GetOptionalSection(key) ?? throw Missing(key);

    public ConfigSection? GetOptionalSection(string key)
    {
        if (Find(key) is not { } found) return null;
        return found.IsObject() ? Child(KeyLocator.Join(Path, key), found)
            : throw Error(key, "is not an object; write { … }");
    }

    /// <summary>Whether the key holds an object and not a plain value.</summary>
    public bool IsSection(string key) => Find(key) is { } found && found.IsObject();

    /// <summary>An object with free keys and text values, such as labels.</summary>
    public IReadOnlyDictionary<string, string> GetTextMap(string key, int countMax)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (GetOptionalSection(key) is not { } section) return map;
        if (section._object.Items.Count > countMax)
            throw Error(key, $"{section._object.Items.Count} entries are too many; at most {countMax}");
        foreach (var name in section.Keys) map[name] = section.GetText(name);
        return map;
    }

    private HoconValue? Find(string key)
    {
        _asked.Add(key);
        return _object.Items.GetValueOrDefault(key);
    }

    private string Text(string key, HoconValue value) => IsText(value)
        ? TextOf(value)
        : throw Error(key, value.IsObject() ? "is an object where one value is expected"
            : "is a list where one value is expected");

    private static bool IsText(HoconValue value) => !value.IsObject() && value.Values.All(v => v is HoconLiteral);

    // Akka gives null for a quoted "null"; an unquoted one never comes this far.
    private static string TextOf(HoconValue value) => value.GetString() ?? "null";

    private double Number(string key, string text, double min, double max)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            || !double.IsFinite(value))
        {
            throw Error(key, $"{Quote(text)} is not a number");
        }
        if (value >= min && value <= max) return value;
        throw Error(key, string.Create(CultureInfo.InvariantCulture,
            $"{InputException.Show(text)} is not allowed; {min}..{max}"));
    }

    private List<(string Path, HoconValue Value)> Array(string key, int countMax)
    {
        var result = new List<(string, HoconValue)>();
        if (Find(key) is not { } found) return result;
        if (found.IsObject() || !found.Values.Any(v => v is HoconArray)) throw Error(key, "is not a list; write [ … ]");
        var path = KeyLocator.Join(Path, key);
        foreach (var item in found.GetArray())
        {
            if (result.Count == countMax) throw Error(key, $"has too many entries; at most {countMax}");
            result.Add((KeyLocator.Join(path, result.Count), item));
        }
        return result;
    }

    private ConfigSection Child(string path, HoconValue value) => new(_file, _locator, path, value.GetObject());

    private InputException At(string path, string message) => new(_file, _locator.LineOf(path), path, message);

    private InputException Missing(string key)
    {
        var near = Suggestion.Nearest(key, _object.Items.Keys.Where(k => !_asked.Contains(k)));
        return near is null
            ? Error(key, "is missing")
            : Error(near, $"is not known, and '{key}' is missing; did you mean '{key}'?");
    }

    private static string Quote(string text) => $"'{InputException.Show(text)}'";
}
