using System.Globalization;
using System.Text;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Inspect.Palettes;

/// <summary>
/// Answers as lines in pbm's manner: columns that are aligned and parted by <c> | </c>. A row's data is what the HTTP
/// API answers for the same thing.
/// </summary>
internal static class Lines
{
    /// <summary>The last line of a list that a limit may have cut.</summary>
    /// <param name="Count">Rows above.</param>
    /// <param name="Total">Rows there are.</param>
    /// <param name="Next">The cursor of what follows; null: nothing does.</param>
    public sealed record Counted(int Count, int Total, string? Next = null);

    /// <summary>A line of heads, then a line per item, which is that line's data.</summary>
    /// <param name="heads">One that begins with <c>&gt;</c> is a column of numbers, aligned right.</param>
    public static Task TableAsync<T>(
        this IAnswer answer, IReadOnlyList<string> heads, IReadOnlyList<T> items, Func<T, string?[]> row)
        where T : class => WriteAsync(answer, heads, items, row, withData: true);

    /// <summary>A table that shows a part of what a line before it had as data.</summary>
    public static Task PartAsync<T>(
        this IAnswer answer, IReadOnlyList<string> heads, IReadOnlyList<T> items, Func<T, string?[]> row)
        where T : class => WriteAsync(answer, heads, items, row, withData: false);

    /// <summary>Names and values of one thing, without those that have no value; the first line has all as data.
    /// </summary>
    public static async Task FactsAsync(this IAnswer answer, object data, params (string Name, string? Value)[] facts)
    {
        var known = facts.Where(f => !string.IsNullOrEmpty(f.Value)).ToList();
        var width = known.Max(f => f.Name.Length);
        object? first = data;
        foreach (var (name, value) in known)
        {
            await answer.LineAsync($"{name.PadRight(width)} | {OneLine(value!)}", first);
            first = null;
        }
    }

    /// <summary>The closing line of a list.</summary>
    /// <param name="noun">In the plural.</param>
    /// <param name="next">The cursor of what follows; null: nothing does.</param>
    public static ValueTask CountAsync(this IAnswer answer, string noun, int count, int total, string? next) =>
        answer.LineAsync(
            next is not null ? $"Count: {count} of {total} {noun}; --cursor {next} shows the next"
            : count < total ? $"Count: {count} of {total} {noun}; these are the last"
            : CountText(noun, count),
            new Counted(count, total, next));

    /// <summary>The closing line of a list that is always whole.</summary>
    public static ValueTask CountAsync(this IAnswer answer, string noun, int count) =>
        answer.LineAsync(CountText(noun, count));

    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <param name="share">0..1.</param>
    public static string Percent(double share) => Show.Percent(share);

    public static string? Time(DateTimeOffset? time) => Show.Time(time);

    /// <param name="mebibytes">Shown in GiB where there is at least one.</param>
    public static string Memory(long mebibytes) =>
        mebibytes < 1024 ? $"{mebibytes}MiB" : Number(Math.Round(mebibytes / 1024d, 1)) + "GiB";

    public static string? Joined(IEnumerable<string>? parts) => parts is null ? null : string.Join(", ", parts);

    private static string CountText(string noun, int count) => $"Count: {count} {(count == 1 ? noun[..^1] : noun)}";

    private static async Task WriteAsync<T>(
        IAnswer answer, IReadOnlyList<string> heads, IReadOnlyList<T> items, Func<T, string?[]> row, bool withData)
        where T : class
    {
        var rows = items.Select(item => row(item).Select(cell => OneLine(cell ?? "")).ToArray()).ToList();
        var widths = heads.Select((h, i) => rows.Select(r => r[i].Length).Append(h.TrimStart('>').Length).Max())
            .ToArray();
        await answer.LineAsync(Join([.. heads.Select(h => h.TrimStart('>'))]));
        for (var i = 0; i < rows.Count; i++) await answer.LineAsync(Join(rows[i]), withData ? items[i] : null);

        string Join(string[] cells)
        {
            var line = new StringBuilder();
            for (var i = 0; i < cells.Length; i++)
            {
                if (i > 0) line.Append(" | ");
                line.Append(heads[i][0] == '>' ? cells[i].PadLeft(widths[i]) : cells[i].PadRight(widths[i]));
            }

            return line.ToString().TrimEnd();
        }
    }

    /// <summary>What users named their things must neither break a line nor drive a terminal.</summary>
    private static string OneLine(string text) => text.Any(char.IsControl)
        ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c))
        : text;
}
