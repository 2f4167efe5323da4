using System.Text;
using Stockpile.Inspect.Catalogue;

namespace Stockpile.Cli.Inspect;

/// <summary>What may follow: palettes, then commands, then switches that are not given yet.</summary>
internal sealed class InspectCompletion(IReadOnlyList<CommandHelp> commands)
{
    /// <param name="before">The whole words before the one that is typed.</param>
    /// <param name="word">The beginning of a word; may be empty.</param>
    /// <returns>Sorted; empty where nothing is known.</returns>
    public IReadOnlyList<string> Find(IReadOnlyList<string> before, string word)
    {
        IEnumerable<string> known = before switch
        {
            [] => commands.Select(c => c.Palette).Append("help").Append("exit"),
            ["help"] => commands.Select(c => c.Palette),
            ["help", var palette] => commands.Where(c => c.Palette == palette).Select(c => c.Command),
            ["help", ..] => [],
            [var palette] => commands.Where(c => c.Palette == palette).Select(c => c.Command).Append("help"),
            [var palette, var command, ..] => commands.Where(c => c.Palette == palette && c.Command == command)
                .SelectMany(c => c.Arguments)
                .Where(a => a.Multiple || !before.Contains("--" + a.Name) && !before.Contains(a.Switch))
                .SelectMany(a => word.StartsWith("--", StringComparison.Ordinal) || a.Switch.Length == 0
                    ? new[] { "--" + a.Name }
                    : [a.Switch, "--" + a.Name]),
        };
        return [.. known.Where(k => k.StartsWith(word, StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal)];
    }
}

/// <summary>Splits a typed line into words.</summary>
internal static class CommandWords
{
    /// <summary>Words end at white space; quotes of either kind keep it, and an empty pair is an empty word.</summary>
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        var quote = '\0';
        foreach (var c in line)
        {
            if (quote != '\0')
            {
                if (c == quote) quote = '\0';
                else word!.Append(c);
            }
            else if (c is '"' or '\'')
            {
                quote = c;
                word ??= new StringBuilder();
            }
            else if (char.IsWhiteSpace(c))
            {
                if (word is not null) words.Add(word.ToString());
                word = null;
            }
            else
            {
                (word ??= new StringBuilder()).Append(c);
            }
        }

        if (word is not null) words.Add(word.ToString());
        return words;
    }
}
