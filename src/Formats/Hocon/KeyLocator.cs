using System.Globalization;
using System.Text;

namespace Stockpile.Formats.Hocon;

/// <summary>
/// Knows on which line every key of a HOCON text stands, and refuses a text that is not well formed. Akka's own parser
/// gives the values, but it keeps no line numbers, and version 1.5.74 accepts a missing brace or quote, takes the last
/// of two equal keys, reads <c>a += 1</c> as a key named <c>a +</c>, and stumbles over a comma after <c>key { … }</c>.
/// So this scanner reads the text itself and hands Akka the same values as plain JSON. It takes objects, arrays, quoted
/// and unquoted values, comments, dotted keys and all of JSON, and refuses substitutions, includes, <c>+=</c> and
/// concatenations, which a file that is read once does not need.
/// </summary>
public sealed class KeyLocator
{
    /// <summary>Deepest nesting of objects and arrays; the parser recurses, and a stack that overflows kills.</summary>
    public const int DepthMax = 24;

    private const string ForbiddenUnquoted = "$\"{[:=`^?!@*&\\";

    private readonly string _file;
    private readonly string _text;
    private readonly StringBuilder _json = new();
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _isObject = new(StringComparer.Ordinal);
    private int _at;
    private int _line = 1;

    /// <summary>Objects that so far exist only because a key such as <c>a.b = 1</c> runs through them.</summary>
    private readonly HashSet<string> _implied = new(StringComparer.Ordinal);

    private KeyLocator(string file, string text)
    {
        _file = file;
        _text = text;
    }

    /// <summary>The same values as JSON, for Akka's parser.</summary>
    public string Json => _json.ToString();

    /// <summary>Scans a text.</summary>
    /// <param name="file">Its name, for error messages.</param>
    /// <param name="text">The text.</param>
    /// <param name="rootArray">The key under which a JSON array at the root is kept; null: only an object.</param>
    /// <exception cref="InputException">The text is not well formed.</exception>
    public static KeyLocator Scan(string file, string text, string? rootArray = null)
    {
        var locator = new KeyLocator(file, text.TrimStart('\uFEFF'));
        locator.Root(rootArray);
        return locator;
    }

    /// <summary>The line of a key; where it is not in the text, that of the nearest key around it.</summary>
    public int LineOf(string path)
    {
        while (path.Length > 0)
        {
            if (_lines.TryGetValue(path, out var line)) return line;
            var cut = Math.Max(path.LastIndexOf('.'), path.LastIndexOf('['));
            path = cut < 0 ? "" : path[..cut];
        }
        return 1;
    }

    /// <summary>The path of a key in an object; a key that is no plain word is quoted.</summary>
    public static string Join(string path, string key)
    {
        var plain = key.Length > 0 && key.All(IsKeyChar) ? key : $"\"{key}\"";
        return path.Length == 0 ? plain : $"{path}.{plain}";
    }

    /// <summary>The path of an element of an array.</summary>
    public static string Join(string path, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");

    private char Now => _at < _text.Length ? _text[_at] : '\0';

    private bool AtEnd => _at >= _text.Length;

    private void Root(string? rootArray)
    {
        SkipBlank();
        if (Now == '{')
        {
            Object("", 1);
        }
        else if (Now == '[' && rootArray is not null)
        {
            _json.Append($"{{\"{rootArray}\":");
            _lines[rootArray] = _line;
            Array(rootArray, 1);
            _json.Append('}');
        }
        else
        {
            Members("", 1, end: '\0');
        }
        SkipBlank();
        if (!AtEnd) throw Wrong($"'{Shown()}' stands after the end; one brace too many?");
    }

    private void Object(string path, int depth)
    {
        var opened = _line;
        CheckDepth(depth);
        _at++;
        Members(path, depth, end: '}');
        if (Now != '}') throw Wrong($"the '{{' of line {opened} is never closed");
        _at++;
    }

    private void Members(string path, int depth, char end)
    {
        _json.Append('{');
        for (var first = true; ; first = false)
        {
            SkipBlank();
            if (AtEnd || Now == end) break;
            if (!first) _json.Append(',');
            var keyLine = _line;
            var (keyPath, opened) = Key(path, depth);
            SkipBlank();
            if (Now == '{')
            {
                Record(keyPath, keyLine, isObject: true);
                Object(keyPath, depth + opened + 1);
            }
            else
            {
                if (Now == '+') throw Wrong("'+=' is not supported; write the whole list", keyPath, keyLine);
                if (Now is not ('=' or ':'))
                    throw Wrong("needs '=', ':' or '{' after the key", keyPath, keyLine);
                _at++;
                SkipBlank();
                Record(keyPath, keyLine, isObject: Now == '{');
                Value(keyPath, depth + opened, keyLine);
            }
            _json.Append('}', opened);
            Separator(end, keyPath);
        }
        _json.Append('}');
    }

    private void Array(string path, int depth)
    {
        var opened = _line;
        CheckDepth(depth);
        _at++;
        _json.Append('[');
        for (var index = 0; ; index++)
        {
            SkipBlank();
            if (Now == ']')
            {
                _at++;
                _json.Append(']');
                return;
            }
            if (index > 0) _json.Append(',');
            if (AtEnd) throw Wrong($"the '[' of line {opened} is never closed", path);
            var element = Join(path, index);
            _lines[element] = _line;
            Value(element, depth, _line);
            Separator(']', element);
        }
    }

    private void Value(string path, int depth, int line)
    {
        if (Now == '{') Object(path, depth + 1);
        else if (Now == '[') Array(path, depth + 1);
        else if (Now == '"') _json.Append('"').Append(Quoted()).Append('"');
        else Unquoted(path, line);
    }

    /// <summary>
    /// After a value comes a comma, a new line or the end of what it stands in.
    /// </summary>
    private void Separator(char end, string path)
    {
        var line = _line;
        SkipBlank();
        if (Now == ',')
        {
            _at++;
            SkipBlank();
            if (Now == ',') throw Wrong("two commas without a value between them", path);
            return;
        }
        if (AtEnd || Now == end || _line > line) return;
        throw Wrong($"'{Shown()}' stands after the value; a comma, a new line or quotes are missing", path);
    }

    /// <summary>Reads a key; each dot in it opens an object, and the caller closes as many.</summary>
    private (string Path, int Opened) Key(string path, int depth)
    {
        for (var opened = 0; ; opened++)
        {
            CheckDepth(depth + opened);
            var segment = Segment(path);
            path = Join(path, segment);
            _json.Append('"').Append(segment).Append("\":");
            if (Now != '.') return (path, opened);
            Record(path, _line, isObject: true, implied: true);
            _json.Append('{');
            _at++;
        }
    }

    private string Segment(string path)
    {
        if (Now == '"')
        {
            var quoted = Quoted();
            if (quoted.Length == 0) throw Wrong("a key is empty", path);
            return quoted.Contains('\\', StringComparison.Ordinal) ? throw Wrong("a key has no escapes", path) : quoted;
        }
        var start = _at;
        while (!AtEnd && IsKeyChar(Now)) _at++;
        if (_at == start) throw Wrong($"'{Shown()}' stands where a key is expected", path);
        var word = _text[start.._at];
        return word == "include" && Peek(' ', '"') ? throw Wrong("'include' is not supported", path) : word;
    }

    private bool Peek(char first, char second) =>
        _at + 1 < _text.Length && _text[_at] == first && _text[_at + 1] == second;

    /// <summary>What stands between quotes, with its escapes as JSON has them.</summary>
    private string Quoted()
    {
        var line = _line;
        if (_text.AsSpan(_at).StartsWith("\"\"\"")) return TripleQuoted();
        var start = ++_at;
        while (!AtEnd && Now != '"')
        {
            if (Now == '\\') Escape();
            else if (Now is '\n' or '\r') break;
            _at++;
        }
        if (Now != '"' || AtEnd) throw Wrong("a '\"' is never closed", "", line);
        return Plain(_text[start.._at++]);
    }

    private string TripleQuoted()
    {
        var line = _line;
        var start = _at + 3;
        var close = _text.IndexOf("\"\"\"", start, StringComparison.Ordinal);
        if (close < 0) throw Wrong("a '\"\"\"' is never closed", "", line);
        _line += _text.AsSpan(start, close - start).Count('\n');
        _at = close + 3;
        return Escaped(_text.AsSpan(start, close - start));
    }

    private static string Escaped(ReadOnlySpan<char> text) => Plain(text.ToString()
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal));

    /// <summary>JSON has no control characters in its texts, only escapes for them.</summary>
    private static string Plain(string text) => text.Any(char.IsControl)
        ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()))
        : text;

    private void Escape()
    {
        _at++;
        if (Now == 'u')
        {
            for (var i = 1; i <= 4; i++)
                if (_at + i >= _text.Length || !char.IsAsciiHexDigit(_text[_at + i]))
                    throw Wrong("'\\u' needs four hexadecimal digits");
            _at += 4;
        }
        else if (!"\"\\/bfnrt".Contains(Now, StringComparison.Ordinal) || AtEnd)
        {
            throw Wrong($"'\\{Shown()}' is not an escape; \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
        }
    }

    private void Unquoted(string path, int line)
    {
        var start = _at;
        while (!AtEnd && Now is not ('\n' or ',' or '}' or ']' or '#') && !IsLineComment())
        {
            if (Now == '$') throw Wrong("substitutions such as ${x} are not supported", path);
            if (Now == '"') throw Wrong("a '\"' stands after the value; a comma or a quote is missing", path);
            if (ForbiddenUnquoted.Contains(Now, StringComparison.Ordinal) || IsOddBlank(Now))
                throw Wrong($"'{Shown()}' is not allowed outside quotes", path);
            _at++;
        }
        var value = _text.AsSpan(start, _at - start).Trim();
        if (value.IsEmpty) throw Wrong("has no value", path, line);
        if (value is "null") throw Wrong("null is not a value; leave the key out", path, line);
        _json.Append('"').Append(Plain(value.ToString())).Append('"');
    }

    private void Record(string path, int line, bool isObject, bool implied = false)
    {
        if (_lines.TryGetValue(path, out var first))
        {
            var merges = isObject && _isObject.GetValueOrDefault(path) && (implied || _implied.Remove(path));
            if (!merges) throw Wrong($"stands twice; the first is on line {first}", path, line);
            return;
        }
        _lines[path] = line;
        _isObject[path] = isObject;
        if (implied) _implied.Add(path);
    }

    private void SkipBlank()
    {
        while (!AtEnd)
        {
            if (Now == '#' || IsLineComment())
            {
                while (!AtEnd && Now != '\n') _at++;
                continue;
            }
            if (Now == '\n') _line++;
            else if (Now is not (' ' or '\t' or '\r')) return;
            _at++;
        }
    }

    private bool IsLineComment() => Now == '/' && _at + 1 < _text.Length && _text[_at + 1] == '/';

    private static bool IsKeyChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    private static bool IsOddBlank(char c) =>
        c is not (' ' or '\t' or '\r') && (char.IsControl(c) || char.IsWhiteSpace(c));

    private void CheckDepth(int depth)
    {
        if (depth > DepthMax) throw Wrong($"is nested deeper than {DepthMax} levels");
    }

    private string Shown() => AtEnd ? "the end" : InputException.Show(_text.Substring(_at, 1));

    private InputException Wrong(string message, string path = "", int line = 0) =>
        new(_file, line > 0 ? line : _line, path, message);
}
