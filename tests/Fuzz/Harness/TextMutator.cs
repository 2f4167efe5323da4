using System.Text;

namespace Stockpile.Fuzz.Tests.Harness;

/// <summary>
/// Changes valid texts of a grammar by whole tokens: numbers become extreme ones, words other words of the grammar, and
/// members are left out, repeated, nested and cut off. Random characters alone would hardly pass the first bracket.
/// </summary>
public sealed class TextMutator(IReadOnlyList<string> seeds, IReadOnlyList<string> words)
{
    private static readonly string[] Numbers =
    [
        "0", "-0", "1", "-1", "7", "8", "15", "16", "17", "999", "1000", "1001", "10000", "10001", "99999999",
        "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "1e9", "1e15", "1e308",
        "1e309", "-1e400", "0.1", "0.0000001", "1.5", ".5", "1.", "00", "0x10", "NaN", "Infinity", "-Infinity", "1_000",
        "123456789012345678901234567890", "\"64\"", "true", "null", "-5m", "30m", "0s", "1e3h", "99999999d", "20GiB",
        "-1MiB", "1e30TiB", "1ms", "9007199254740993",
    ];

    private static readonly string[] Texts =
    [
        "", " ", "x", "north", "default", "a b", "é", "\u0000", "\u202E", "\u2028", "😀", "\uD800", "\uFEFF", "..",
        "../../etc/passwd", "a/b", "%00", "<b>", "'; --", "${x}", "\\", "\\u0000", "\\uD800", "NaN", "null", "T4|P100",
        "training", "inference", "batch", "frontier", "H800", "-1", "1e400", "20GiB", "30m",
    ];

    private static readonly string[] Scraps =
    [
        "{", "}", "[", "]", ",", "=", ":", "\"", "\"\"\"", "\\", "#", "//", "\n", "\r\n", "\t", " ", ".", "..", "+=",
        "${x}", "include \"x\"", "null", "true", "/* x */", "{}", "[]", "\u0000", "\uFEFF", "\u2028", "\uD800", "'",
        ";", "|", "&", "%", "-", "--", "@",
    ];

    /// <summary>Deepest first in danger, last in frequency.</summary>
    private static readonly int[] Depths = [2, 3, 8, 23, 25, 63, 65, 130, 300, 2_000, 20_000, 100_000];

    public string Next(Random random)
    {
        var text = seeds[random.Next(seeds.Count)];
        var edits = random.Next(10) switch
        {
            0 => 0,
            < 6 => 1,
            < 9 => 2,
            _ => random.Next(3, 12),
        };
        for (; edits > 0; edits--) text = Edit(text, random);
        return text;
    }

    private string Edit(string text, Random random)
    {
        var tokens = Tokens(text);
        if (tokens.Count == 0) return Scraps[random.Next(Scraps.Length)];
        var at = Pick(tokens, random);
        var token = tokens[at];
        switch (random.Next(16))
        {
            case < 6:
                tokens[at] = Swapped(token, random);
                break;
            case 6:
                tokens[at] = words.Count > 0 ? words[random.Next(words.Count)] : "";
                break;
            case 7:
                tokens.RemoveRange(at, Math.Min(tokens.Count - at, random.Next(1, 6)));
                break;
            case 8 or 9:
                // A member twice, or twice in other places.
                var part = tokens.GetRange(at, Math.Min(tokens.Count - at, random.Next(1, 8)));
                tokens.InsertRange(random.Next(2) == 0 ? at : random.Next(tokens.Count), part);
                break;
            case 10:
                tokens.Insert(at, Scraps[random.Next(Scraps.Length)]);
                break;
            case 11:
                tokens.RemoveRange(at, tokens.Count - at);
                break;
            case 12:
                tokens[at] = Nested(token, random);
                break;
            case 13:
                tokens[at] = Long(token, random);
                break;
            case 14:
                var other = Tokens(seeds[random.Next(seeds.Count)]);
                var from = random.Next(other.Count);
                tokens.InsertRange(at, other.GetRange(from, Math.Min(other.Count - from, random.Next(1, 12))));
                break;
            default:
                tokens[at] = Characters(token, random);
                break;
        }

        return string.Concat(tokens);
    }

    /// <summary>Blanks are seldom worth an edit.</summary>
    private static int Pick(List<string> tokens, Random random)
    {
        var at = random.Next(tokens.Count);
        for (var tries = 0; tries < 3 && string.IsNullOrWhiteSpace(tokens[at]); tries++) at = random.Next(tokens.Count);
        return at;
    }

    private string Swapped(string token, Random random)
    {
        var number = Numbers[random.Next(Numbers.Length)];
        if (token[0] == '"') return random.Next(8) == 0 ? number : '"' + Texts[random.Next(Texts.Length)] + '"';
        if (char.IsAsciiDigit(token[0])) return number;
        if (char.IsAsciiLetter(token[0]))
            return random.Next(3) switch
            {
                0 => number,
                1 => Texts[random.Next(Texts.Length)],
                _ => words.Count > 0 ? words[random.Next(words.Count)] : token + "x",
            };
        return Scraps[random.Next(Scraps.Length)];
    }

    private static string Nested(string token, Random random)
    {
        // Two draws, the smaller one wins: the deepest are many bytes and must stay few.
        var depth = Depths[Math.Min(random.Next(Depths.Length), random.Next(Depths.Length))];
        var (open, close) = random.Next(5) switch
        {
            0 => ("[", "]"),
            1 => ("{\"a\":", "}"),
            2 => ("{a=", "}"),
            3 => ("a.", ""),
            _ => ("{", "}"),
        };
        var text = new StringBuilder(open.Length * depth + token.Length).Insert(0, open, depth).Append(token);
        if (random.Next(3) > 0) text.Insert(text.Length, close, depth);
        return text.ToString();
    }

    private static string Long(string token, Random random)
    {
        var length = random.Next(40) switch
        {
            0 => 1_000_000,
            < 4 => 100_000,
            < 12 => 5_000,
            < 24 => 129,
            _ => 128,
        };
        var c = "a9 é\"[{,.-\n"[random.Next(11)];
        var filler = new string(c, length);
        return token[0] == '"' ? '"' + filler + '"' : random.Next(2) == 0 ? token + filler : filler;
    }

    private static string Characters(string token, Random random)
    {
        var text = new StringBuilder(token);
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            var at = random.Next(text.Length + 1);
            var c = random.Next(4) == 0 ? (char)random.Next(0x20, 0x2FFF) : (char)random.Next(0x80);
            if (at < text.Length && random.Next(2) == 0) text[at] = c;
            else text.Insert(at, c);
        }

        return text.ToString();
    }

    /// <summary>Texts in quotes, words and numbers, runs of blanks, and single characters.</summary>
    internal static List<string> Tokens(string text)
    {
        var tokens = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var start = i++;
            if (text[start] == '"')
            {
                while (i < text.Length && text[i] != '"' && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
                i = Math.Min(text.Length, i + 1);
            }
            else if (IsWord(text[start]))
            {
                while (i < text.Length && IsWord(text[i])) i++;
            }
            else if (char.IsWhiteSpace(text[start]))
            {
                while (i < text.Length && char.IsWhiteSpace(text[i])) i++;
            }

            tokens.Add(text[start..i]);
        }

        return tokens;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
