using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Inspect.Tests.Palettes;

public sealed class NodePaletteTests
{
    private readonly PaletteBench _bench = new();

    [Fact]
    public async Task A_node_is_shown_with_what_runs_on_it()
    {
        var node = ApiHost.Node();
        node.Labels["zone"] = "b";
        node.Labels["rack"] = "7";
        node.Allocations.Add(PaletteBench.Allocation(guest: true));
        _bench.Gateway.Nodes.Add(node);
        var answer = await _bench.RunAsync("node", "show", ("id", "n1"));
        Assert.Equal(
            [
                "node        | n1",
                "state       | ready",
                "cell        | north",
                "host        | h1",
                "model       | H800 (frontier)",
                "devices     | 8, of which 6 free",
                "cpu         | 96 cores, of which 48.5 free",
                "memory      | 1024GiB, of which 512GiB free",
                "labels      | rack=7, zone=b",
                "incarnation | 0",
                "allocation | job     | state   | task | devices | on  | guest",
                "north-1.7  | north-1 | running |    0 |       2 | 0,1 | guest",
            ],
            answer.Lines);
        Assert.Single(answer.Json);
    }

    [Theory]
    [InlineData("drain", "drain n1", "n1 is draining without a deadline, 0 allocations on it")]
    [InlineData("resume", "resume n1", "n1 is ready, 0 allocations on it")]
    [InlineData("fail", "fail 1 n1", "n1 is ready, 0 allocations on it")]
    [InlineData("slow", "slow 2 n1", "n1 is ready, 0 allocations on it")]
    [InlineData("recover", "recover 1 n1", "n1 is ready, 0 allocations on it")]
    public async Task An_order_reaches_the_node_and_says_how_it_is_now(string command, string order, string line)
    {
        _bench.Gateway.Nodes.Add(ApiHost.Node());
        Assert.Equal([line], (await _bench.RunAsync("node", command, ("id", "n1"))).Lines);
        Assert.Equal([order], _bench.Gateway.Orders);
    }

    [Fact]
    public async Task How_slow_may_be_said()
    {
        _bench.Gateway.Nodes.Add(ApiHost.Node());
        await _bench.RunAsync("node", "slow", ("id", "n1"), ("factor", "3.5"));
        Assert.Equal(["slow 3.5 n1"], _bench.Gateway.Orders);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1001")]
    [InlineData("twice")]
    [InlineData("-2")]
    public async Task A_wrong_factor_is_refused_and_never_sent(string factor)
    {
        _bench.Gateway.Nodes.Add(ApiHost.Node());
        Assert.Equal($"factor is '{factor}'; allowed: a number above 1 and at most 1000",
            await _bench.RefusedAsync("node", "slow", ("id", "n1"), ("factor", factor)));
        Assert.Empty(_bench.Gateway.Orders);
    }

    [Fact]
    public async Task An_unknown_node_is_refused_whether_or_not_it_could_be_a_name()
    {
        Assert.Equal("there is no node n9", await _bench.RefusedAsync("node", "show", ("id", "n9")));
        Assert.Equal("there is no node a b", await _bench.RefusedAsync("node", "drain", ("id", "a b")));
        Assert.Equal(["get n9"], _bench.Gateway.Orders);
    }
}
