using Stockpile.Core.Fleets;
using Stockpile.Node.Hosts;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosts;

public sealed class AdvertiseTests : HostSpec
{
    [Fact]
    public async Task A_node_advertises_what_it_is()
    {
        var labels = new Dictionary<string, string> { ["rack"] = "r7" };
        StartHost(Quick, new NodeSpec("n1", "north", "T4", 4, 16_000, 64_000, labels));
        var advert = await NextAsync<NodeAdvert>();
        var expected = new NodeAdvert
        {
            Node = "n1",
            Incarnation = 1_000,
            Model = "T4",
            Tier = "basic",
            Devices = 4,
            CpuMilli = 16_000,
            MemoryMib = 64_000,
            Labels = { ["rack"] = "r7" },
        };
        Assert.Equal(expected, advert);
    }

    [Fact]
    public async Task Nodes_advertise_with_every_beat_until_they_are_admitted()
    {
        StartHost(Quick, Fleet.Node("n1"), Fleet.Node("n2"));
        for (var i = 0; i < 3; i++)
        {
            await NextAsync<NodeAdvert>(a => a.Node == "n1");
            await NextAsync<NodeAdvert>(a => a.Node == "n2");
        }

        Tell(new AdvertiseReply { Cell = "north", Epoch = 1, Admitted = { "n1" } });
        await FenceAsync();
        await BeatsAsync(2);
        await FenceAsync();
        await NextAsync<NodeAdvert>(a => a.Node == "n2");
        await BeatsAsync(4);
        Assert.All(Said<NodeAdvert>(), advert => Assert.Equal("n2", advert.Node));
        Tell(new AdvertiseReply { Cell = "north", Epoch = 1, Admitted = { "n2" } });
        // What was asked for or gathered before the answer came may go out with the flush under way.
        await FenceAsync();
        await BeatsAsync(2);
        await FenceAsync();
        await BeatsAsync(4);
        Assert.Empty(Said<NodeAdvert>());
    }

    [Fact]
    public async Task A_host_whose_clock_was_put_back_takes_an_incarnation_above_the_one_that_the_cell_knows()
    {
        StartHost(Quick, Fleet.Node("n1"));
        await NextAsync<NodeAdvert>(a => a.Incarnation == 1_000);
        Tell(Older("n1", 1_000, known: 61_000));
        await NextAsync<NodeAdvert>(a => a.Incarnation == 61_001);
        Tell(new AdvertiseReply
        {
            Cell = "north", Epoch = 1, Admitted = { "n1" }, AdmittedIncarnations = { 61_001 },
        });
        await FenceAsync();

        // It was admitted once; whoever has a newer one now has replaced it, and it must not take the node back.
        Tell(new BeatReply { Cell = "north", Epoch = 1, Advertise = true });
        await NextAsync<NodeAdvert>(a => a.Incarnation == 61_001);
        Tell(Older("n1", 61_001, known: 99_000));
        await FenceAsync();
        await BeatsAsync(3);
        await FenceAsync();
        Assert.All(Said<NodeAdvert>(), advert => Assert.Equal(61_001, advert.Incarnation));
    }

    private static AdvertiseReply Older(string node, long incarnation, long known) => new()
    {
        Cell = "north", Epoch = 1,
        Refused =
        {
            new RefusedNode { Node = node, Incarnation = incarnation, KnownIncarnation = known, Message = "older" },
        },
    };

    [Fact]
    public async Task A_refused_node_asks_again_only_now_and_then()
    {
        // Many beats, so that a pause of the machine is not taken for them.
        StartHost(Quick with { RefusedRetryBeats = 30 }, Fleet.Node("n1"));
        await NextAsync<NodeAdvert>();
        var refusal = new AdvertiseReply { Cell = "north", Epoch = 1 };
        refusal.Refused.Add(new RefusedNode { Node = "n1", Message = "full" });
        Tell(refusal);
        await FenceAsync();
        await NextAsync<NodeAdvert>();
        // From the second refusal on the rhythm is the refusal's alone.
        Tell(refusal);
        await FenceAsync();
        await BeatsAsync(3);
        Assert.Empty(Said<NodeAdvert>());
        await NextAsync<NodeAdvert>();
    }

    [Fact]
    public async Task A_host_speaks_to_each_cell_for_all_its_nodes_at_once()
    {
        NodeSpec[] nodes =
        [
            .. Enumerable.Range(0, 40).Select(i => Fleet.Node($"a{i}")),
            .. Enumerable.Range(0, 20).Select(i => Fleet.Node($"b{i}", cell: "south")),
        ];
        StartHost(Quick with { BeatInterval = Hour }, nodes);
        for (var i = 0; i < nodes.Length; i++) await NextAsync<NodeAdvert>();
        Assert.InRange(Messages, 2, nodes.Length / 2);
        var status = await StatusAsync();
        Assert.Equal(["north", "south"], status.Cells.Select(c => c.Cell).Order());
        Assert.Equal([20, 40], status.Cells.Select(c => c.NodesUp).Order());
    }

    [Fact]
    public async Task One_beat_per_cell_carries_the_progress_of_work_that_ends()
    {
        StartHost(Quick, Fleet.Node("n1"), Fleet.Node("n2"), Fleet.Node("s1", cell: "south"));
        await NextAsync<NodeAdvert>(a => a.Node == "n2");
        Order(Start("n1", 1, hours: 4), Start("n2", 2, hours: 0), Start("n2", 3, mask: 2, hours: 1));
        for (var sequence = 1; sequence <= 3; sequence++) await ReportAsync(ReportKind.Started, sequence);
        Clock.Advance(TimeSpan.FromMinutes(30));
        await FenceAsync();
        var beat = await NextAsync<HostBeat>(b => b.Cell == "north");
        Assert.Equal((2, 1_000L, "h1"), (beat.Nodes, beat.HostIncarnation, beat.Host));
        Assert.Equal([(1, 0.125), (3, 0.5)], beat.Progress.Select(p => (p.Sequence, p.Done)).Order());
        var other = await NextAsync<HostBeat>(b => b.Cell == "south");
        Assert.Empty(other.Progress);
    }

    [Fact]
    public async Task A_newer_epoch_makes_all_nodes_advertise_again_with_what_they_run()
    {
        await StartAdmittedAsync("n1", "n2");
        await RunAsync(Start("n1", 7, mask: 1));
        await RunAsync(Start("n1", 5, mask: 2, hours: 0));
        await BeatsAsync(3);
        Assert.Empty(Said<NodeAdvert>());
        Tell(new BeatReply { Cell = "north", Epoch = 2 });
        var first = await NextAsync<NodeAdvert>(a => a.Node == "n1");
        Assert.Equal([5, 7], first.Running);
        var second = await NextAsync<NodeAdvert>(a => a.Node == "n2");
        Assert.Empty(second.Running);
        Tell(new AdvertiseReply { Cell = "north", Epoch = 1, Admitted = { "n1", "n2" } });
        var status = await FenceAsync();
        Assert.Equal((2, 2), (status.Epoch, status.NodesUnanswered));
        Tell(new AdvertiseReply { Cell = "north", Epoch = 2, Admitted = { "n1", "n2" } });
        Assert.Equal(0, (await FenceAsync()).NodesUnanswered);
    }

    [Fact]
    public async Task A_cell_that_asks_for_adverts_gets_them()
    {
        await StartAdmittedAsync("n1", "n2");
        Tell(new BeatReply { Cell = "north", Epoch = 1, Advertise = true });
        await NextAsync<NodeAdvert>(a => a.Node == "n1");
        await NextAsync<NodeAdvert>(a => a.Node == "n2");
    }

    [Fact]
    public async Task Work_stays_in_the_adverts_until_its_end_is_acknowledged()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7));
        Clock.Advance(Hour);
        var completed = await ReportAsync(ReportKind.Completed, 7);
        Tell(new BeatReply { Cell = "north", Epoch = 2 });
        Assert.Equal([7], (await NextAsync<NodeAdvert>()).Running);
        Ack(completed);
        await FenceAsync();
        Tell(new BeatReply { Cell = "north", Epoch = 3 });
        Assert.Empty((await NextAsync<NodeAdvert>()).Running);
    }

    [Theory]
    [InlineData("n1", "H100", 99)]
    [InlineData("n1", "unheard-of", 8)]
    [InlineData("no name", "H100", 8)]
    public void A_node_that_cannot_be_hosted_is_named_before_anything_starts(string id, string model, int devices) =>
        Assert.Contains(id, Assert.Throws<ArgumentException>(() =>
            StartHost(Quick, Fleet.Node(id, model: model, devices: devices))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_node_that_stands_twice_is_refused() =>
        Assert.Throws<ArgumentException>(() => StartHost(Quick, Fleet.Node("n1"), Fleet.Node("n1")));
}
