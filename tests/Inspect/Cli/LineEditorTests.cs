using Stockpile.Cli.Inspect;
using Stockpile.Inspect.Catalogue;

namespace Stockpile.Inspect.Tests.Cli;

/// <summary>What is typed, key by key, and the line that comes of it.</summary>
public sealed class LineEditorTests
{
    private static readonly InspectCompletion Completion = new(
    [
        new("cluster", "show", "", "", false, [CommandCatalogue.MemberArgument]),
        new("cluster", "status", "", "", false, []),
        new("cell", "list", "", "", false, [new("limit", "", "-n"), CommandCatalogue.MemberArgument]),
    ]);

    [Theory]
    [InlineData("cluster show", "cluster show")]
    [InlineData("shew<left><bs>o", "show")]
    [InlineData("how<home>s<end>!", "show!")]
    [InlineData("abc<home><del>", "bc")]
    [InlineData("one two<^w>three", "one three")]
    [InlineData("one two<^u>x", "x")]
    [InlineData("one two<home><^k>x", "x")]
    [InlineData("gone<^c>kept", "kept")]
    [InlineData("clu<tab>sh<tab>", "cluster show ")]
    [InlineData("c<tab>l<tab>", "cluster ")]
    [InlineData("cell list --l<tab>", "cell list --limit ")]
    [InlineData("nothing<tab>", "nothing")]
    public void A_line_is_edited(string typed, string line) => Assert.Equal(line, Editor(typed + "<enter>").Read("> "));

    [Fact]
    public void History_goes_up_and_down_and_keeps_what_was_being_typed()
    {
        var editor = Editor("first<enter>second<enter>draft<up><up><enter><up><up><down><enter>new<up><down><enter>");
        Assert.Equal(
            ["first", "second", "first", "first", "new"],
            Enumerable.Range(0, 5).Select(_ => editor.Read("> ")));
    }

    [Fact]
    public void Control_D_ends_only_an_empty_line()
    {
        var editor = Editor("ab<home><^d><enter><^d>");
        Assert.Equal("b", editor.Read("> "));
        Assert.Null(editor.Read("> "));
    }

    [Theory]
    [InlineData("", "c", "cell cluster")]
    [InlineData("cluster", "s", "show status")]
    [InlineData("help cluster", "", "show status")]
    [InlineData("cell list", "-", "--limit --member -n")]
    [InlineData("cell list -n 3", "--", "--member")]
    public void Completion_knows_palettes_commands_and_switches(string before, string word, string expected) =>
        Assert.Equal(expected, string.Join(' ', Completion.Find(CommandWords.Split(before), word)));

    [Theory]
    [InlineData("  a  b ", "a|b")]
    [InlineData("a 'b c' \"d 'e\"", "a|b c|d 'e")]
    [InlineData("a ''", "a|")]
    [InlineData("x\"y z\"", "xy z")]
    public void Quotes_keep_white_space(string line, string words) =>
        Assert.Equal(words, string.Join('|', CommandWords.Split(line)));

    private static LineEditor Editor(string typed)
    {
        var keys = new Queue<ConsoleKeyInfo>(Keys(typed));
        return new LineEditor(keys.Dequeue, TextWriter.Null, () => 80, Completion.Find);
    }

    private static IEnumerable<ConsoleKeyInfo> Keys(string typed)
    {
        for (var i = 0; i < typed.Length; i++)
        {
            if (typed[i] != '<')
            {
                yield return new ConsoleKeyInfo(typed[i], ConsoleKey.None, false, false, false);
                continue;
            }

            var end = typed.IndexOf('>', i);
            yield return Named(typed[(i + 1)..end]);
            i = end;
        }
    }

    private static ConsoleKeyInfo Named(string name) => name[0] == '^'
        ? new ConsoleKeyInfo('\0', Enum.Parse<ConsoleKey>(name[1..], ignoreCase: true), false, false, control: true)
        : new ConsoleKeyInfo('\0', name switch
        {
            "left" => ConsoleKey.LeftArrow,
            "up" => ConsoleKey.UpArrow,
            "down" => ConsoleKey.DownArrow,
            "bs" => ConsoleKey.Backspace,
            "del" => ConsoleKey.Delete,
            _ => Enum.Parse<ConsoleKey>(name, ignoreCase: true),
        }, false, false, false);
}
