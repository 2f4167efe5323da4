using System.Globalization;

namespace Stockpile.Formats.Hocon;

/// <summary>Days as people write them: <c>2026-01</c> is its first day, at midnight UTC.</summary>
public static class Dates
{
    public const string Rule = "a day such as 2026-01-15, or a month such as 2026-01";

    private static readonly string[] Formats = ["yyyy-MM-dd", "yyyy-MM"];

    public static bool TryParse(string text, out DateTimeOffset date) => DateTimeOffset.TryParseExact(
        text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);

    internal static DateTimeOffset Get(ConfigSection section, string key)
    {
        var text = section.GetText(key);
        return TryParse(text, out var date)
            ? date
            : throw section.Error(key, $"'{InputException.Show(text)}' is not a date; {Rule}");
    }
}
