using System.CommandLine;

namespace Stockpile.Cli.Client;

/// <summary>Options of a list verb that become the parameters of its request.</summary>
internal sealed class QueryText
{
    private readonly List<(string Parameter, Option<string?> Option)> _filters = [];
    private readonly Option<int?> _limit = new("--limit") { Description = "Most rows to show", HelpName = "N" };

    private readonly Option<string?> _cursor = new("--cursor")
    {
        Description = "Go on where an earlier answer ended; it says with which cursor",
        HelpName = "CURSOR",
    };

    private readonly Option<bool> _all = new("--all") { Description = "Show all rows, page by page" };

    public QueryText Filter(Command command, string parameter, string description, params string[] allowed)
    {
        var option = new Option<string?>($"--{parameter}") { Description = description };
        if (allowed.Length > 0) option.AcceptOnlyFromAmong(allowed);
        command.Add(option);
        _filters.Add((parameter, option));
        return this;
    }

    /// <summary>The list comes in pages.</summary>
    public QueryText Pages(Command command)
    {
        command.Add(_limit);
        command.Add(_cursor);
        command.Add(_all);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_all) && result.GetResult(_limit) is not null)
                result.AddError("--all shows every row and --limit some; allowed: one of the two");
        });
        return this;
    }

    /// <summary>Reads one page, or all of them.</summary>
    /// <param name="rows">The name of the list in the answer.</param>
    public Task<Answer<T>> GetAsync<T>(
        StockpileClient client, string path, string rows, ParseResult parsed, CancellationToken cancel)
        where T : class => parsed.GetValue(_all)
        ? client.GetAllAsync<T>(Path(path, parsed), rows, cancel)
        : client.GetAsync<T>(Path(path, parsed), cancel);

    /// <summary>The path with the given parameters behind it.</summary>
    public string Path(string path, ParseResult parsed)
    {
        var parts = _filters
            .Select(f => (f.Parameter, Value: parsed.GetValue(f.Option)))
            .Append(("limit", Value: parsed.GetResult(_limit) is null ? null : parsed.GetValue(_limit)?.ToString()))
            .Append(("cursor", Value: parsed.GetValue(_cursor)))
            .Where(p => p.Value is not null)
            .Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Value!)}")
            .ToList();
        return parts.Count == 0 ? path : $"{path}?{string.Join('&', parts)}";
    }
}
