using Spectre.Console;
using Spectre.Console.Rendering;
using Stockpile.Cli.Output;
using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Top;

/// <summary>The live screen of <c>stockpile top</c>.</summary>
internal static class TopScreen
{
    private const int BarColumnsMin = 5;
    private const int BarColumnsMax = 40;

    /// <summary>What the other columns of the tiers need.</summary>
    private const int BesideBarColumns = 68;

    private const int ColumnGap = 2;

    /// <param name="width">Columns of the terminal.</param>
    public static IRenderable Live(TopLook look, string server, string? trouble, int width) => new Rows(
    [
        Head(look, server), Text.Empty,
        Tiers(look.Fleet, Math.Clamp(width - BesideBarColumns, BarColumnsMin, BarColumnsMax)),
        new Markup("[green]█[/] training  [blue]█[/] inference  [yellow]█[/] batch  [grey]·[/] free  [red]×[/] away"),
        Text.Empty, Cells(look.Cells), Text.Empty,
        trouble is null
            ? new Text("Ctrl+C ends it", new Style(Color.Grey))
            : new Text(Screen.OneLine(trouble), new Style(Color.Red)),
    ]);

    /// <summary>The same once, where nobody watches.</summary>
    public static void Print(Screen screen, TopLook look)
    {
        screen.Facts(Facts(look));
        screen.Heading("Tiers");
        screen.Table(["tier", ">devices", ">training", ">inference", ">batch", ">guests", ">free", ">away", ">in use"],
            look.Fleet.Tiers.Select(t => new object?[]
            {
                t.Tier, Show.Number(t.Devices), Show.Number(t.Training), Show.Number(t.Inference),
                Show.Number(t.Batch), Show.Number(t.Guest), Show.Number(t.Free), Show.Number(t.Unavailable),
                Show.Percent(t.Utilisation),
            }));
        screen.Heading("Cells");
        FleetViews.Cells(screen, new CellListResponse(look.Cells));
    }

    private static Grid Head(TopLook look, string server)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn(new GridColumn());
        grid.AddRow(new Text("cluster", new Style(Color.Grey)), new Text(Screen.OneLine(server)));
        foreach (var (name, value) in Facts(look))
            if (value is not null) grid.AddRow(new Text(name, new Style(Color.Grey)), new Text($"{value}"));
        return grid;
    }

    private static IEnumerable<(string Name, object? Value)> Facts(TopLook look)
    {
        var fleet = look.Fleet;
        var waiting = fleet.Pending;
        yield return ("simulated time", Show.Time(fleet.At));
        yield return ("fleet", $"{Wording.Count(fleet.Devices, "device")} on {Wording.Count(fleet.Nodes, "node")} "
            + $"({Show.Number(fleet.NodesLost)} lost, {Show.Number(fleet.NodesDraining)} draining) in "
            + $"{Wording.Count(fleet.Cells, "cell")}, "
            + $"{Show.Percent(fleet.Utilisation)} in use");
        yield return ("queue", $"{Show.Number((long)waiting.Training + waiting.Inference + waiting.Batch)} waiting "
            + $"({Show.Number(waiting.Training)} training, {Show.Number(waiting.Inference)} inference, "
            + $"{Show.Number(waiting.Batch)} batch), {Show.Number(fleet.RunningJobs)} running");
        yield return ("jobs", $"{Show.Number(fleet.Jobs.Submitted)} submitted, {Show.Number(fleet.Jobs.Completed)} "
            + $"completed, {Show.Number(fleet.Jobs.Failed)} failed, {Show.Number(fleet.Jobs.Requeued)} requeued, "
            + $"{Show.Number(fleet.Jobs.Preempted)} preempted");
        yield return ("per second", look.Rates is not { } rates ? null
            : $"{Show.Number(rates.Submitted)} submitted, {Show.Number(rates.Placed)} placed, "
                + $"{Show.Number(rates.Completed)} completed, {Show.Number(rates.Allocations)} allocations, "
                + $"{Show.Number(rates.Preempted)} preempted");
        yield return ("services", fleet.Inference.Services == 0 ? null
            : $"{Show.Number(fleet.Inference.Services)}, {Show.Percent(fleet.Inference.DemandServed)} of the requests "
                + "served so far");
    }

    private static Table Tiers(FleetResponse fleet, int bar)
    {
        var table = Columns(["tier"], ["devices"], [""], ["training", "inference", "batch", "guests", "in use"]);
        foreach (var tier in fleet.Tiers)
            table.AddRow(new Text(Screen.OneLine(tier.Tier)), new Text(Show.Number(tier.Devices)), Bar(tier, bar),
                new Text(Show.Number(tier.Training)), new Text(Show.Number(tier.Inference)),
                new Text(Show.Number(tier.Batch)), new Text(Show.Number(tier.Guest)),
                new Text(Show.Percent(tier.Utilisation)));
        return table;
    }

    private static Table Cells(IReadOnlyList<CellResponse> cells)
    {
        var table = Columns(
            ["cell"], ["nodes", "lost", "devices", "free", "in use", "waiting", "running", "round"], [], []);
        foreach (var cell in cells)
            table.AddRow(Screen.OneLine(cell.Cell).EscapeMarkup(), Show.Number(cell.Nodes), Show.Number(cell.NodesLost),
                Show.Number(cell.Devices), Show.Number(cell.Free), Show.Percent(cell.Utilisation),
                Show.Number((long)cell.Pending.Training + cell.Pending.Inference + cell.Pending.Batch),
                Show.Number(cell.RunningJobs), Show.Number(cell.Round));
        return table;
    }

    /// <summary>A table without a frame, nothing on a second line: texts, numbers, texts, numbers.</summary>
    private static Table Columns(string[] texts, string[] numbers, string[] more, string[] rest)
    {
        var table = new Table { Border = TableBorder.None };
        foreach (var (heads, right) in new[] { (texts, false), (numbers, true), (more, false), (rest, true) })
            foreach (var head in heads)
                table.AddColumn(new TableColumn(new Text(head, new Style(Color.Grey)))
                {
                    Alignment = right ? Justify.Right : Justify.Left,
                    NoWrap = true,
                    Padding = new Padding(0, 0, ColumnGap, 0),
                });
        return table;
    }

    private static Markup Bar(UseResponse use, int columns)
    {
        var (training, inference, batch, away) =
            (Part(use.Training), Part(use.Inference), Part(use.Batch), Part(use.Unavailable));
        var free = Math.Max(0, columns - training - inference - batch - away);
        return new Markup($"[green]{new string('█', training)}[/][blue]{new string('█', inference)}[/]"
            + $"[yellow]{new string('█', batch)}[/][grey]{new string('·', free)}[/][red]{new string('×', away)}[/]");

        int Part(double devices) => use.Devices == 0 ? 0 : (int)Math.Round(devices / use.Devices * columns);
    }
}
