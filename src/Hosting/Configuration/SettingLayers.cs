using System.Text;
using System.Text.Json;
using Akka.Configuration;
using Akka.Persistence.Sql;
using Stockpile.Formats.Hocon;
using Stockpile.Protocol.Serialization;

namespace Stockpile.Hosting.Configuration;

/// <summary>
/// The configuration of a process, each value with its origin. Files that came with the program are overridden by a
/// file of the user, that by the environment, that by the command line. A list is one value and is replaced whole.
/// </summary>
public sealed class SettingLayers
{
    /// <summary>Below it stand access tokens, which no actor system is told.</summary>
    public const string TokensPath = "stockpile.http.tokens";

    private static readonly string[] Roots = ["akka", "petabridge", "stockpile"];

    private readonly SortedDictionary<string, Setting> _settings = new(StringComparer.Ordinal);
    private readonly HashSet<string> _shipped = new(StringComparer.Ordinal);

    private SettingLayers()
    {
    }

    /// <summary>All values, by path.</summary>
    public IReadOnlyCollection<Setting> All => _settings.Values;

    /// <summary>Reads all layers.</summary>
    /// <param name="file">The user's file; null: none.</param>
    /// <param name="environment">All variables of the process; those of no concern are skipped.</param>
    /// <param name="assignments">Each <c>key=value</c>.</param>
    /// <exception cref="InputException">A file, a variable or an assignment is not right.</exception>
    public static SettingLayers Read(
        string? file, IEnumerable<KeyValuePair<string, string>> environment, IEnumerable<string> assignments)
    {
        var layers = new SettingLayers();
        layers.AddShipped("stockpile.conf");
        layers.AddShipped("akka.conf");
        layers.AddShipped("cluster.conf");
        if (file is not null) layers.AddFile(file, ConfigDocument.ReadText(file), SettingRank.File);
        foreach (var setting in EnvironmentSettings.Of(environment)) layers.AddText(setting);
        foreach (var assignment in assignments) layers.AddText(Assignment(assignment));
        layers.RefuseUnknown();
        return layers;
    }

    /// <summary>Adds a file of <c>hocon/</c> below everything else.</summary>
    public void AddShipped(string file)
    {
        AddFile(file, ConfigDocument.ReadText(StockpileConfig.PathOf(file)), SettingRank.Shipped);
        foreach (var setting in _settings.Values.Where(s => s.Origin.Rank == SettingRank.Shipped))
            _shipped.Add(setting.Path);
    }

    /// <summary>A value that follows from another one; what the user set under the same path stays.</summary>
    /// <param name="value">A text, a number or a list of texts.</param>
    /// <param name="from">The setting that it follows from, or what it is.</param>
    public void Derive(string path, object value, string from) => Put(new Setting(
        path, JsonSerializer.Serialize(value is string or string[] ? value : $"{value}"),
        new SettingOrigin(SettingRank.Derived, from, 0)));

    /// <summary>The value at a path that one of the shipped files has.</summary>
    public Setting Get(string path) => _settings[path];

    public bool Has(string path) => _settings.ContainsKey(path);

    /// <summary>A value that an option of the command line gives.</summary>
    /// <param name="option">Such as <c>--http</c>.</param>
    public void Override(string path, string value, string option) => Put(new Setting(
        path, JsonSerializer.Serialize(value), new SettingOrigin(SettingRank.CommandLine, option, 0)));

    /// <summary>All values below a path, such as labels.</summary>
    public IEnumerable<Setting> Below(string path) =>
        _settings.Values.Where(s => s.Path.StartsWith(path + ".", StringComparison.Ordinal));

    /// <summary>What the actor system takes, which is no token; behind it stand the defaults of Akka and its modules.
    /// </summary>
    public Config ToAkka()
    {
        var text = new StringBuilder(WireTypes.Bindings);
        foreach (var setting in _settings.Values)
            if (setting.Json != "{}" && !setting.Path.StartsWith(TokensPath, StringComparison.Ordinal))
                text.Append(setting.Path).Append(" = ").Append(setting.Json).Append('\n');
        return ConfigurationFactory.ParseString(text.ToString()).WithFallback(SqlPersistence.DefaultConfiguration);
    }

    private void AddFile(string source, string text, SettingRank rank)
    {
        var locator = KeyLocator.Scan(source, text);
        using var json = JsonDocument.Parse(locator.Json);
        Flatten("", json.RootElement, path => new SettingOrigin(rank, source, locator.LineOf(path)));
    }

    private void AddText((string Path, string Value, SettingOrigin Origin) setting)
    {
        var (path, value, origin) = setting;
        if (value.AsSpan().TrimStart() is not ['[' or '{', ..])
        {
            Put(new Setting(path, JsonSerializer.Serialize(value), origin));
            return;
        }

        using var json = JsonDocument.Parse(KeyLocator.Scan(origin.Source, $"value = {value}").Json);
        Flatten(path, json.RootElement.GetProperty("value"), _ => origin);
    }

    private void Flatten(string path, JsonElement element, Func<string, SettingOrigin> origin)
    {
        if (element.ValueKind != JsonValueKind.Object || path.Length > 0 && !element.EnumerateObject().Any())
        {
            Put(new Setting(path, element.GetRawText(), origin(path)));
            return;
        }

        foreach (var member in element.EnumerateObject())
            Flatten(KeyLocator.Join(path, member.Name), member.Value, origin);
    }

    private void Put(Setting setting)
    {
        // A value and an object cannot stand at one path; the higher rank says which it is.
        var inTheWay = _settings.Values
            .Where(s => s.Path == setting.Path
                || s.Path.StartsWith(setting.Path + ".", StringComparison.Ordinal)
                || setting.Path.StartsWith(s.Path + ".", StringComparison.Ordinal) && s.Json != "{}")
            .ToList();
        if (inTheWay.Exists(s => s.Origin.Rank > setting.Origin.Rank)) return;
        foreach (var other in inTheWay) _settings.Remove(other.Path);
        _settings[setting.Path] = setting;
    }

    private static (string, string, SettingOrigin) Assignment(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var origin = new SettingOrigin(SettingRank.CommandLine, "--set", 0);
        return equals > 0
            ? (text[..equals].Trim(), text[(equals + 1)..].Trim(), origin)
            : throw new InputException("--set", 0, "", $"'{text}' is not key=value, such as stockpile.clock.speed=60");
    }

    /// <summary>
    /// Every key of ours stands in <c>stockpile.conf</c>, so one that does not is a mistake. Akka's keys cannot be
    /// told so: its modules bring their own defaults later.
    /// </summary>
    private void RefuseUnknown()
    {
        foreach (var setting in _settings.Values.Where(s => s.Origin.Rank > SettingRank.Derived))
        {
            var root = setting.Path.Split('.')[0];
            if (!Roots.Contains(root)) throw Unknown(setting, Roots);
            if (root == "stockpile" && !_shipped.Contains(setting.Path) && !IsFree(setting.Path))
                throw Unknown(setting, _shipped.Where(p => p.StartsWith("stockpile.", StringComparison.Ordinal)));
        }
    }

    /// <summary>Below an object that is shipped empty any key may stand.</summary>
    private bool IsFree(string path) => _shipped.Any(p =>
        path.StartsWith(p + ".", StringComparison.Ordinal) && _settings.TryGetValue(p, out var s) && s.Json == "{}");

    private static InputException Unknown(Setting setting, IEnumerable<string> known)
    {
        var all = known.ToList();
        return new InputException(setting.Origin.Source, setting.Origin.Line, setting.Path,
            $"is not known{Suggestion.Hint(setting.Path, all)}; allowed: {string.Join(", ", all)}");
    }
}
