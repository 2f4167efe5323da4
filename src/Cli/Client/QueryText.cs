using System.CommandLine;

namespace Stockpile.Cli.Client;

/// <summary>Options of a list verb that become the parameters of its request.</summary>
internal sealed class QueryText
{
    private readonly List<(string Parameter, Option<string?> Option)> _filters = [];
    private readonly Option<int?> _limit = new("--limit") { Description = "Most rows to show", HelpName = "N" };

    public QueryText Filter(Command command, string parameter, string description, params string[] allowed)
    {
        var option = new Option<string?>($"--{parameter}") { Description = description };
        if (allowed.Length > 0) option.AcceptOnlyFromAmong(allowed);
        command.Add(option);
        _filters.Add((parameter, option));
        return this;
    }

    public QueryText Limit(Command command)
    {
        command.Add(_limit);
        return this;
    }

    /// <summary>The path with the given parameters behind it.</summary>
    public string Path(string path, ParseResult parsed)
    {
        var parts = _filters
            .Select(f => (f.Parameter, Value: parsed.GetValue(f.Option)))
            .Append(("limit", Value: parsed.GetResult(_limit) is null ? null : parsed.GetValue(_limit)?.ToString()))
            .Where(p => p.Value is not null)
            .Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Value!)}")
            .ToList();
        return parts.Count == 0 ? path : $"{path}?{string.Join('&', parts)}";
    }
}
