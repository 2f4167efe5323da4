using System.Text;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Output;

/// <summary>
/// Standard output for people: colours, borders and wrapping on a terminal; plain columns for a pipe, so that a line
/// of the table is a line of text.
/// </summary>
internal sealed class Screen
{
    /// <summary>Wider than any table, so that nothing is wrapped in a pipe.</summary>
    private const int PipeColumns = 4096;

    private static readonly JsonSerializerOptions Indented = new(ApiJson.Options) { WriteIndented = true };

    private readonly CliContext _context;
    private readonly IAnsiConsole _console;

    public Screen(CliContext context)
    {
        _context = context;
        var isPlain = !context.IsTerminal || !string.IsNullOrEmpty(context.Environment("NO_COLOR"));
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(context.Out),
            Ansi = isPlain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isPlain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = InteractionSupport.No,
        });
        if (!context.IsTerminal) _console.Profile.Width = PipeColumns;
    }

    public void Line(string text) => _console.Write(new Paragraph(OneLine(text) + "\n"));

    public void Heading(string text)
    {
        _console.WriteLine();
        _console.Write(new Paragraph(text + "\n", new Style(decoration: Decoration.Bold)));
    }

    public void Json(JsonElement document) => Json<JsonElement>(document);

    /// <summary>The one document of <c>--json</c>.</summary>
    public void Json<T>(T document)
    {
        _context.Out.WriteLine(JsonSerializer.Serialize(document, Indented));
    }

    /// <summary>Rows under heads; a head that begins with <c>&gt;</c> is a column of numbers, aligned right.</summary>
    public void Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<object?>> rows)
    {
        var table = new Table
        {
            Border = _context.IsTerminal ? TableBorder.Rounded : TableBorder.None,
            BorderStyle = new Style(Color.Grey),
        };
        foreach (var head in heads)
        {
            var isRight = head.StartsWith('>');
            table.AddColumn(new TableColumn(new Text(head.TrimStart('>'), new Style(decoration: Decoration.Bold)))
            {
                Alignment = isRight ? Justify.Right : Justify.Left,
                // A last column of words may wrap on a terminal; everything before it stays on its line.
                NoWrap = !ReferenceEquals(head, heads[^1]) || isRight || !_context.IsTerminal,
            });
        }

        foreach (var row in rows) table.AddRow(row.Select(Cell));
        _console.Write(table);
    }

    /// <summary>Names and values of one thing; pairs without a value are left out.</summary>
    public void Facts(IEnumerable<(string Name, object? Value)> facts)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn(new GridColumn());
        foreach (var (name, value) in facts)
        {
            if (value is null or "") continue;
            grid.AddRow(new Text(name, new Style(Color.Grey)), Cell(value));
        }

        _console.Write(grid);
    }

    /// <summary>One line without control characters: what a server says must not drive the terminal.</summary>
    public static string OneLine(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        var clean = new StringBuilder(text.Length);
        foreach (var c in text) clean.Append(char.IsControl(c) ? ' ' : c);
        return clean.ToString();
    }

    private static IRenderable Cell(object? value) => value switch
    {
        null => Text.Empty,
        Shade shade => new Text(OneLine(shade.Text), new Style(shade.Color)),
        _ => new Text(OneLine(value.ToString() ?? "")),
    };
}

/// <summary>A word in a colour.</summary>
internal sealed record Shade(string Text, Color Color)
{
    /// <summary>A state of a job, an allocation or a node in its colour.</summary>
    public static Shade State(string state) => new(state, state switch
    {
        "running" or "ready" => Color.Green,
        "placed" => Color.Aqua,
        "pending" or "draining" or "resting" => Color.Yellow,
        "failed" or "lost" or "refused" => Color.Red,
        "completed" => Color.Blue,
        _ => Color.Grey,
    });
}
