using System.CommandLine.Parsing;
using System.Globalization;

namespace Stockpile.Bench;

internal static class Arguments
{
    private const int SeedsMax = 10_000;

    /// <summary>Reads <c>42..51</c> and <c>42</c>.</summary>
    public static int[] Seeds(ArgumentResult argument)
    {
        var text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        var ends = text.Split("..");
        if (ends.Length <= 2
            && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && last >= first && last - first < SeedsMax)
            return [.. Enumerable.Range(first, last - first + 1)];
        argument.AddError($"--seeds: '{text}' is not a seed or a range such as 42..51 of at most {SeedsMax}");
        return [];
    }
}
