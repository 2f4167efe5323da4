using System.Text;

namespace Stockpile.Tidy.Tests;

/// <summary>
/// C# text without its comments and without the words in its strings, line by line: a rule about code is not broken
/// by a sentence that names what it forbids. The code in the holes of an interpolated string is kept.
/// </summary>
internal sealed class Code
{
    private readonly string _text;
    private readonly StringBuilder _code;
    private int _at;

    private Code(string text)
    {
        _text = text;
        _code = new StringBuilder(text.Length);
    }

    public static string[] Lines(string text)
    {
        var code = new Code(text.ReplaceLineEndings("\n"));
        code.ReadCode(inHole: false);
        return code._code.ToString().Split('\n');
    }

    private bool Ended => _at >= _text.Length;

    private bool Sees(string mark) => string.CompareOrdinal(_text, _at, mark, 0, mark.Length) == 0;

    /// <summary>Keeps code up to the end of the text, or up to the closing brace of the hole.</summary>
    private void ReadCode(bool inHole)
    {
        for (var depth = 0; !Ended;)
        {
            if (Sees("//")) SkipTo("\n", 0);
            else if (Sees("/*")) SkipTo("*/", 2);
            else if (Sees("'")) SkipCharacter();
            else if (StringStarts(out var dollars, out var verbatim)) ReadString(dollars, verbatim);
            else
            {
                var c = _text[_at];
                if (inHole && c == '}' && depth == 0) return;
                if (c is '{') depth++;
                if (c is '}') depth--;
                _code.Append(c);
                _at++;
            }
        }
    }

    private void SkipTo(string mark, int markLength)
    {
        var end = _text.IndexOf(mark, _at, StringComparison.Ordinal);
        MoveTo(end < 0 ? _text.Length : end + markLength);
    }

    /// <summary>Keeps the line breaks, so that line numbers stay right.</summary>
    private void MoveTo(int end)
    {
        for (; _at < end && !Ended; _at++)
            if (_text[_at] == '\n')
                _code.Append('\n');
    }

    private void SkipCharacter()
    {
        _at += _at + 1 < _text.Length && _text[_at + 1] == '\\' ? 3 : 2;
        while (!Ended && _text[_at] is not ('\'' or '\n')) _at++;
        if (!Ended && _text[_at] == '\'') _at++;
    }

    /// <summary>Moves to the first quote when a string starts here.</summary>
    private bool StringStarts(out int dollars, out bool verbatim)
    {
        (dollars, verbatim) = (0, false);
        var quote = _at;
        for (; quote < _text.Length && _text[quote] is '$' or '@'; quote++)
        {
            if (_text[quote] == '$') dollars++;
            else verbatim = true;
        }

        if (quote >= _text.Length || _text[quote] != '"') return false;
        _at = quote;
        return true;
    }

    private void ReadString(int dollars, bool verbatim)
    {
        var quotes = RunOf('"');
        _code.Append("\"\"");
        var raw = quotes >= 3 && !verbatim;
        _at += raw ? quotes : 1;
        while (!Ended && !StringEnds(raw ? quotes : 1, verbatim))
        {
            if (dollars > 0 && _text[_at] == '{') ReadBraces(dollars, raw);
            else if (!raw && !verbatim && _text[_at] == '\\') MoveTo(_at + 2);
            else if (verbatim && Sees("\"\"")) _at += 2;
            else MoveTo(_at + 1);
        }
    }

    private bool StringEnds(int quotes, bool verbatim)
    {
        if (_text[_at] != '"' || (verbatim && Sees("\"\"")) || RunOf('"') < quotes) return false;
        _at += quotes;
        return true;
    }

    /// <summary>Doubled braces stand for themselves; in a raw string a hole has as many as there are dollars.</summary>
    private void ReadBraces(int dollars, bool raw)
    {
        var braces = RunOf('{');
        _at += braces;
        if (raw ? braces < dollars : braces % 2 == 0) return;
        ReadCode(inHole: true);
        _at += raw ? dollars : 1;
    }

    private int RunOf(char c)
    {
        var end = _at;
        while (end < _text.Length && _text[end] == c) end++;
        return end - _at;
    }
}
