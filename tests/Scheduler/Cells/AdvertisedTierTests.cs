using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

public sealed class AdvertisedTierTests : CellSpec
{
    private Task<NodesReply> NodesAsync(string state = "") =>
        AskAsync<NodesReply>(new ListNodes { Cell = "north", State = state });

    private async Task<NodeReply> NodeAsync(string node) =>
        await AskAsync<NodeReply>(new GetNode { Cell = "north", Node = node });

    [Fact]
    public async Task A_reply_names_the_incarnation_of_each_node_that_it_admits_or_refuses()
    {
        StartCell();
        var reply = await AdmitAsync(
            Advert("n1", incarnation: 7), Advert("n2", "imaginary", incarnation: 8), Advert("n3", incarnation: 9));
        Assert.Equal(["n1", "n3"], reply.Admitted);
        Assert.Equal([7L, 9L], reply.AdmittedIncarnations);
        Assert.Equal(8, Assert.Single(reply.Refused).Incarnation);
    }

    [Fact]
    public async Task A_refused_node_is_listed_with_the_reason_until_it_is_admitted()
    {
        StartCell();
        var advert = Advert("n1");
        advert.Tier = "best";
        await AdmitAsync(advert);
        await AdmitAsync(advert);
        var listed = Assert.Single((await NodesAsync("refused")).Nodes);
        Assert.Equal("refused", listed.State);
        Assert.StartsWith("node n1 has the unknown tier best; known are ", listed.Reason, StringComparison.Ordinal);
        Assert.Equal("refused", (await NodeAsync("n1")).Node.State);
        await AdmitAsync(Advert("n1"));
        Assert.Empty((await NodesAsync("refused")).Nodes);
        Assert.Equal("", (await NodeAsync("n1")).Node.Reason);
    }

    [Fact]
    public async Task A_tier_that_is_not_the_catalogues_is_said_and_survives_a_restart()
    {
        StartCell();
        var advert = Advert("n1");
        advert.Tier = "advanced";
        await AdmitAsync(advert);
        await RestartCellAsync();
        var node = (await UntilAsync<NodeReply>(new GetNode { Cell = "north", Node = "n1" })).Node;
        Assert.Equal(("H800@advanced", "advanced"), (node.Model, node.Tier));
        Assert.Equal("advertises advanced; the catalogue has H800 in frontier", node.Reason);
        Assert.Equal("H800@advanced", Assert.Single((await ViewAsync()).Models).Model);
    }

    [Fact]
    public async Task A_host_with_a_refused_node_is_not_asked_to_advertise_the_others_at_each_beat()
    {
        StartCell();
        await AdmitAsync(Advert("n1"), Advert("n2", "imaginary"));
        async Task<bool> BeatAsync(int nodes)
        {
            Cell.Tell(new HostBeat { Cell = "north", Host = "h1", HostIncarnation = 1, Nodes = nodes }, Host.Ref);
            return (await NextAsync<BeatReply>(Host)).Advertise;
        }

        await BeatAsync(2);
        Assert.False(await BeatAsync(2));
        Assert.True(await BeatAsync(3));
    }
}
