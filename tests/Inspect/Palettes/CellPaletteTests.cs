using Stockpile.Core.State;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Inspect.Tests.Palettes;

public sealed class CellPaletteTests
{
    private static readonly DateTimeOffset At = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly PaletteBench _bench = new();

    [Fact]
    public async Task Cells_are_listed_and_one_is_shown_with_its_models()
    {
        _bench.Gateway.Cells.Add(ApiHost.Cell());
        var list = await _bench.RunAsync("cell", "list");
        Assert.StartsWith("north |     2 |     7 |", list.Lines[1], StringComparison.Ordinal);
        Assert.Equal("Count: 1 cell", list.Lines[^1]);

        var shown = await _bench.RunAsync("cell", "show", ("cell", "north"));
        Assert.Equal("cell        | north", shown.Lines[0]);
        Assert.Contains("generations | 3: 2 completed", shown.Lines);
        Assert.Contains(shown.Lines, l => l.StartsWith("H800  | frontier |", StringComparison.Ordinal));
        // The whole cell is the data of the first line, so nothing is said twice.
        Assert.Single(shown.Json);
        Assert.Equal(list.Json.Single(), shown.Json.Single());
    }

    [Fact]
    public async Task An_unknown_cell_is_refused_with_those_there_are()
    {
        Assert.Equal("there is no cell west; there is none",
            await _bench.RefusedAsync("cell", "show", ("cell", "west")));
        _bench.Gateway.Cells.Add(ApiHost.Cell());
        _bench.Gateway.Cells.Add(ApiHost.Cell("south"));
        Assert.Equal("there is no cell west; there are: north, south",
            await _bench.RefusedAsync("cell", "rounds", ("cell", "west")));
        Assert.Empty(_bench.RoundsAsked);
    }

    [Fact]
    public async Task Rounds_are_read_back_from_the_newest_that_the_cell_names()
    {
        _bench.Gateway.Cells.Add(ApiHost.Cell(round: 41));
        _bench.Rounds.Add(new Round("north", 2, 40, At,
            [new JobCancelled(1), new NodeLost("n1", "silent"), new JobCancelled(2)]));
        _bench.Rounds.Add(new Round("north", 2, 41, At.AddSeconds(1), [new JobCompleted(3)]));
        var answer = await _bench.RunAsync("cell", "rounds", ("cell", "north"), ("limit", "2"));
        Assert.Equal([("north", 41L, 2)], _bench.RoundsAsked);
        Assert.Equal(
            [
                "round | time                | epoch | events | by type",
                "   40 | 2026-05-01 12:00:00 |     2 |      3 | JobCancelled 2, NodeLost 1",
                "   41 | 2026-05-01 12:00:01 |     2 |      1 | JobCompleted 1",
                "Count: 2 rounds",
            ],
            answer.Lines);
        Assert.Equal(
            """
            {"cell":"north","round":41,"epoch":2,"at":"2026-05-01T12:00:01.000Z","events":1,"byType":{"JobCompleted":1}}
            """,
            answer.Json.Last());
    }

    [Fact]
    public async Task The_number_of_rounds_has_a_limit() =>
        Assert.Equal("limit is '1001'; allowed: a whole number of 1 to 1000",
            await _bench.RefusedAsync("cell", "rounds", ("cell", "north"), ("limit", "1001")));
}
