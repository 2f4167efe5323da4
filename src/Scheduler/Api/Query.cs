using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Stockpile.Core;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Scheduler.Api;

/// <summary>Reads the place in a list that a cursor names.</summary>
public delegate bool CursorReader<T>(string? text, out T place);

/// <summary>Reads the query of a request as strictly as a body: a misspelt filter would list everything.</summary>
internal sealed class Query
{
    private readonly HttpRequest _request;
    private readonly List<Refusal> _refusals = [];

    public Query(HttpRequest request, params string[] allowed)
    {
        _request = request;
        foreach (var name in request.Query.Keys.Where(k => !allowed.Contains(k, StringComparer.Ordinal)))
        {
            var known = allowed.Length == 0 ? "none" : string.Join(", ", allowed);
            Refuse(Names.Shorten(name), $"{Names.Shorten(name)} is no parameter; allowed: {known}");
        }
    }

    /// <summary>A name, or null where it is not given.</summary>
    public string? Name(string parameter)
    {
        var text = Text(parameter);
        if (text is null || Names.IsName(text)) return text;
        Refuse(parameter, $"{parameter} is {Names.Shorten(text)}; allowed: {Names.Rule}");
        return null;
    }

    public string? OneOf(string parameter, params string[] allowed)
    {
        var text = Text(parameter);
        if (text is null || allowed.Contains(text, StringComparer.Ordinal)) return text;
        Refuse(parameter, $"{parameter} is {Names.Shorten(text)}; allowed: {string.Join(", ", allowed)}");
        return null;
    }

    public int Limit()
    {
        var text = Text("limit");
        if (text is null) return SchedulerLimits.ListRowsDefault;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            && limit is >= 1 and <= SchedulerLimits.ListRowsMax)
        {
            return limit;
        }

        Refuse("limit", $"limit is {Names.Shorten(text)}; allowed: a whole number, 1 to {SchedulerLimits.ListRowsMax}");
        return 0;
    }

    /// <summary>Where a list goes on; null: at its beginning.</summary>
    public T? Cursor<T>(CursorReader<T> parse) where T : struct
    {
        var text = Text("cursor");
        if (text is null) return null;
        if (parse(text, out var place)) return place;
        Refuse("cursor",
            $"cursor is '{Names.Shorten(text)}'; allowed: the value of next in an answer for the same list");
        return null;
    }

    public DateTimeOffset? Time(string parameter)
    {
        var text = Text(parameter);
        if (text is null) return null;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        Refuse(parameter, $"{parameter} is {Names.Shorten(text)}; allowed: a time such as 2024-05-01T12:00:00Z");
        return null;
    }

    /// <summary>A duration above zero and up to ten years, or null where it is not given.</summary>
    public TimeSpan? Duration(string parameter)
    {
        var text = Text(parameter);
        if (text is null) return null;
        if (Quantities.TryParseDuration(text, out var duration) && duration > TimeSpan.Zero
            && duration <= TimeSpan.FromDays(Limits.RunDaysMax)) return duration;
        Refuse(parameter, $"{parameter} is {Names.Shorten(text)}; allowed: {Quantities.DurationRule} above 0");
        return null;
    }

    /// <summary>True when anything read so far was wrong.</summary>
    public bool IsRefused([NotNullWhen(true)] out ProblemResult? problem)
    {
        problem = _refusals.Count == 0 ? null : ProblemResult.Of(_refusals);
        return problem is not null;
    }

    private string? Text(string parameter)
    {
        var values = _request.Query[parameter];
        if (values.Count > 1) Refuse(parameter, $"{parameter} is given {values.Count} times; allowed: once");
        return values.Count == 0 || string.IsNullOrEmpty(values[0]) ? null : values[0];
    }

    public void Refuse(string field, string message) => _refusals.Add(new Refusal(Refusal.Invalid, field, message));
}
