using System.Globalization;
using System.Text;
using Stockpile.Core;
using Stockpile.Inspect;

namespace Stockpile.Cli.Inspect;

/// <summary>
/// One line with history and completion. Written here because the libraries for it do not fit the version of
/// Spectre.Console in use. It writes the few ANSI sequences that every terminal knows.
/// </summary>
/// <param name="complete">Finds what may follow the whole words, and begins as the last one.</param>
internal sealed class LineEditor(
    Func<ConsoleKeyInfo> readKey, TextWriter screen, Func<int> width,
    Func<IReadOnlyList<string>, string, IReadOnlyList<string>> complete)
{
    private const string ClearToEnd = "\u001b[K";

    private readonly List<string> _history = [];
    private readonly StringBuilder _text = new();
    private string _prompt = "";
    private string _draft = "";
    private int _cursor;
    private int _at;

    /// <summary>The line without its end; null: Ctrl+D on an empty line. Ctrl+C starts the line again.</summary>
    public string? Read(string prompt)
    {
        _prompt = prompt;
        _at = _history.Count;
        Set("");
        while (true)
        {
            Draw();
            var key = readKey();
            if (key.Key == ConsoleKey.Enter) return Finish();
            if (IsControl(key, ConsoleKey.D) && _text.Length == 0)
            {
                screen.WriteLine();
                return null;
            }

            Take(key);
        }
    }

    public static bool IsControl(ConsoleKeyInfo key, ConsoleKey which) =>
        key.Key == which && key.Modifiers.HasFlag(ConsoleModifiers.Control);

    private string Finish()
    {
        screen.WriteLine();
        var line = _text.ToString();
        if (line.Trim().Length > 0 && (_history.Count == 0 || _history[^1] != line)) _history.Add(line);
        if (_history.Count > InspectLimits.HistoryLinesMax) _history.RemoveAt(0);
        return line;
    }

    private void Take(ConsoleKeyInfo key)
    {
        if (key.Modifiers.HasFlag(ConsoleModifiers.Control))
        {
            TakeControl(key.Key);
            return;
        }

        switch (key.Key)
        {
            case ConsoleKey.LeftArrow: _cursor = Math.Max(0, _cursor - 1); break;
            case ConsoleKey.RightArrow: _cursor = Math.Min(_text.Length, _cursor + 1); break;
            case ConsoleKey.Home: _cursor = 0; break;
            case ConsoleKey.End: _cursor = _text.Length; break;
            case ConsoleKey.UpArrow: Recall(-1); break;
            case ConsoleKey.DownArrow: Recall(1); break;
            case ConsoleKey.Tab: Complete(); break;
            case ConsoleKey.Backspace when _cursor > 0: _text.Remove(--_cursor, 1); break;
            case ConsoleKey.Delete when _cursor < _text.Length: _text.Remove(_cursor, 1); break;
            default: Insert(key.KeyChar); break;
        }
    }

    private void TakeControl(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.A: _cursor = 0; break;
            case ConsoleKey.E: _cursor = _text.Length; break;
            case ConsoleKey.U: Cut(0); break;
            case ConsoleKey.K: _text.Length = _cursor; break;
            case ConsoleKey.W: Cut(WordStart()); break;
            case ConsoleKey.D when _cursor < _text.Length: _text.Remove(_cursor, 1); break;
            case ConsoleKey.C:
                screen.WriteLine("^C");
                Set("");
                break;
        }
    }

    private void Insert(char c)
    {
        if (char.IsControl(c) || _text.Length >= InspectLimits.RequestBytesMax) return;
        _text.Insert(_cursor++, c);
    }

    private void Cut(int from)
    {
        _text.Remove(from, _cursor - from);
        _cursor = from;
    }

    /// <summary>Where the word before the cursor begins, white space behind it included.</summary>
    private int WordStart()
    {
        var start = _cursor;
        while (start > 0 && _text[start - 1] == ' ') start--;
        while (start > 0 && _text[start - 1] != ' ') start--;
        return start;
    }

    /// <summary>Goes through the history; below its end is what was being typed.</summary>
    private void Recall(int step)
    {
        var to = _at + step;
        if (to < 0 || to > _history.Count) return;
        if (_at == _history.Count) _draft = _text.ToString();
        _at = to;
        Set(to == _history.Count ? _draft : _history[to]);
    }

    private void Set(string text)
    {
        _text.Clear().Append(text);
        _cursor = text.Length;
    }

    /// <summary>Completes as far as all candidates agree, and lists them where they do not.</summary>
    private void Complete()
    {
        var start = _cursor;
        while (start > 0 && _text[start - 1] != ' ') start--;
        var word = _text.ToString(start, _cursor - start);
        var found = complete(CommandWords.Split(_text.ToString(0, start)), word);
        if (found.Count == 0) return;
        var common = found.Aggregate(CommonPrefix) + (found.Count == 1 ? " " : "");
        if (common.Length > word.Length)
        {
            _text.Remove(start, word.Length).Insert(start, common);
            _cursor = start + common.Length;
        }
        else
        {
            screen.WriteLine();
            screen.WriteLine(string.Join("  ", found));
        }
    }

    private static string CommonPrefix(string a, string b)
    {
        var length = 0;
        while (length < a.Length && length < b.Length && a[length] == b[length]) length++;
        return a[..length];
    }

    /// <summary>Draws the part of the line around the cursor that fits the terminal.</summary>
    private void Draw()
    {
        var room = Math.Max(8, width() - _prompt.Length - 1);
        var from = Math.Max(0, _cursor - room);
        var shown = _text.ToString(from, Math.Min(room, _text.Length - from));
        screen.Write($"\r{_prompt}{shown}{ClearToEnd}\r");
        var column = _prompt.Length + _cursor - from;
        if (column > 0) screen.Write(string.Create(CultureInfo.InvariantCulture, $"\u001b[{column}C"));
        screen.Flush();
    }
}
