using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Inspect.Tests.Palettes;

public sealed class FleetPaletteTests
{
    private readonly PaletteBench _bench = new();

    [Fact]
    public async Task Tiers_are_summed_over_the_cells_in_aligned_columns()
    {
        _bench.Gateway.Cells.Add(ApiHost.Cell());
        _bench.Gateway.Cells.Add(ApiHost.Cell("south"));
        var answer = await _bench.RunAsync("fleet", "tiers");
        Assert.Equal(
            [
                "tier     | nodes | devices | training | inference | batch | guests | free | away | in use",
                "frontier |     2 |      16 |        4 |         0 |     0 |      0 |   12 |    0 |  25.0%",
                "basic    |     2 |       8 |        0 |         2 |     0 |      0 |    0 |    6 |  25.0%",
                "Count: 2 tiers",
            ],
            answer.Lines);
        Assert.Equal([false, true, true, false], answer.Data.Select(d => d is not null));
    }

    [Fact]
    public async Task Models_name_their_tier()
    {
        _bench.Gateway.Cells.Add(ApiHost.Cell());
        var answer = await _bench.RunAsync("fleet", "models");
        Assert.StartsWith("H800  | frontier |", answer.Lines[1], StringComparison.Ordinal);
        Assert.Equal("Count: 2 models", answer.Lines[^1]);
    }

    [Fact]
    public async Task Nodes_are_filtered_by_the_cluster_and_the_last_line_says_how_many_were_left_out()
    {
        _bench.Gateway.Nodes.Add(ApiHost.Node());
        var answer = await _bench.RunAsync("fleet", "nodes",
            ("cell", "north"), ("model", "H800"), ("tier", "frontier"), ("state", "ready"), ("limit", "7"));
        Assert.Equal(new NodeFilter("north", "H800", "frontier", "ready", 7), _bench.Gateway.LastNodeFilter);
        Assert.Equal(
            "n1   | north | H800  | frontier | ready |       8 |    6 |     48.5 |      512GiB |", answer.Lines[1]);
        Assert.Equal("Count: 1 node", answer.Lines[2]);
        Assert.Equal("""{"count":1,"total":1}""", answer.Json.Last());
    }

    [Theory]
    [InlineData("state", "up", "state is 'up'; allowed: ready, draining, resting, lost")]
    [InlineData("cell", "a b", "cell is 'a b'; allowed: 1 to 128 letters")]
    [InlineData("limit", "0", "limit is '0'; allowed: a whole number of 1 to 20000")]
    [InlineData("limit", "many", "limit is 'many'; allowed: a whole number of 1 to 20000")]
    public async Task A_wrong_filter_is_refused_and_never_asked(string argument, string value, string line)
    {
        Assert.StartsWith(
            line, await _bench.RefusedAsync("fleet", "nodes", (argument, value)), StringComparison.Ordinal);
        Assert.Null(_bench.Gateway.LastNodeFilter);
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_or_is_full_is_one_clear_line()
    {
        _bench.Gateway.Fault = () => new ClusterUnavailableException("no cell answers", TimeSpan.FromSeconds(1));
        Assert.Equal("the cluster does not answer: no cell answers; try again in 1s",
            await _bench.RefusedAsync("fleet", "tiers"));
        _bench.Gateway.Fault = () => new ClusterBusyException("the inbox is full", TimeSpan.FromSeconds(2));
        Assert.Equal("the cluster is busy: the inbox is full; nothing was taken; try again in 2s",
            await _bench.RefusedAsync("fleet", "models"));
        _bench.Gateway.Fault = () => new UnknownCellException("there is no cell west");
        Assert.Equal("there is no cell west", await _bench.RefusedAsync("fleet", "nodes", ("cell", "west")));
    }
}
