using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class TopologyPlannerTests
{
    private static JobSpec Required(int devices, TopologyLevel level = TopologyLevel.Rack) =>
        Gang(devices) with { TopologyRequired = level };

    private static JobSpec Preferred(int devices, TopologyLevel level = TopologyLevel.Rack) =>
        Gang(devices) with { TopologyPreferred = level };

    /// <summary>Racks by name; each figure is a node with so many devices.</summary>
    private static TestCell Racks(params (string Rack, int[] Nodes)[] racks)
    {
        var cell = new TestCell();
        foreach (var (rack, nodes) in racks)
            for (var i = 0; i < nodes.Length; i++)
                cell.Node($"{rack}{i}", "H800", nodes[i], rack: rack.Length > 1 ? null : rack);
        return cell;
    }

    [Fact]
    public void A_required_rack_holds_the_whole_gang_or_nothing()
    {
        var cell = Racks(("a", [8, 4]), ("b", [8, 8]), ("c", [8]));
        Assert.Equal("b0:8 b1:8", Where(cell.Place(Required(16))));
        Assert.Equal("a0:8 a1:2", Where(cell.Place(Required(10))));
        // Ten devices are free, and no rack has more than eight of them.
        var third = cell.Place(Required(9));
        Assert.Equal("", Where(third));
        cell.Accept(new CancelJob(1));
        cell.Cycle();
        Assert.Equal("b0:8 b1:1", Where(third));
    }

    [Fact]
    public void The_tightest_rack_that_holds_the_gang_takes_it()
    {
        var cell = Racks(("a", [8, 8]), ("b", [8, 4]), ("c", [8]));
        Assert.Equal("c0:6", Where(cell.Place(Required(6))));
        Assert.Equal("b0:8 b1:1", Where(cell.Place(Required(9))));
    }

    [Fact]
    public void A_preferred_rack_gives_way_to_the_fewest_racks()
    {
        var cell = Racks(("a", [4, 4]), ("b", [8, 8]), ("c", [8]));
        Assert.Equal("b0:8 b1:8 a0:4", Where(cell.Place(Preferred(20))));
        // Five would fit on a1 and a part of c0; c0 alone is one rack.
        Assert.Equal("c0:5", Where(cell.Place(Preferred(5))));
        Assert.Equal("a1:4 c0:2", Where(cell.Place(Preferred(6))));
    }

    [Fact]
    public void A_required_pod_may_be_taken_rack_by_rack()
    {
        var cell = new TestCell();
        foreach (var (id, pod, rack) in ((string, string, string)[])
            [("a", "p", "1"), ("b", "p", "2"), ("c", "q", "1"), ("d", "q", "1"), ("e", "q", "2")])
            cell.Accept(new AdmitNode(new NodeAdmitted(id, "host", 1, "H800", 8, 8_000, 8_000,
                new Dictionary<string, string> { ["pod"] = pod, ["rack"] = rack }), []));
        var spec = Required(16, TopologyLevel.Pod) with { TopologyPreferred = TopologyLevel.Rack };
        Assert.Equal("a:8 b:8", Where(cell.Place(spec)));
        Assert.Equal("c:8 d:8", Where(cell.Place(spec)));
        Assert.Equal("", Where(cell.Place(spec)));
    }

    [Fact]
    public void Racks_of_the_same_name_in_two_pods_are_two()
    {
        var p = new Dictionary<string, string> { ["pod"] = "p", ["rack"] = "1" };
        var q = new Dictionary<string, string> { ["pod"] = "q", ["rack"] = "1" };
        Assert.NotEqual(Topology.DomainOf(p, TopologyLevel.Rack), Topology.DomainOf(q, TopologyLevel.Rack));
        Assert.Equal("", Topology.DomainOf(new Dictionary<string, string> { ["pod"] = "p" }, TopologyLevel.Rack));
    }

    [Fact]
    public void Nodes_that_do_not_say_where_they_are_hold_no_gang_that_requires_it()
    {
        var cell = Racks(("aa", [8, 8]), ("b", [8]));
        Assert.Equal("b0:4", Where(cell.Place(Required(4))));
        var refusal = Assert.IsType<Rejected>(cell.Run(new SubmitJob("", Required(16)))).Refusal;
        Assert.Equal("topology.required", refusal.Field);
        Assert.Contains("larger than any rack of cell north could ever hold: at most 8 of H800", refusal.Message,
            StringComparison.Ordinal);
        refusal = Assert.IsType<Rejected>(cell.Run(new SubmitJob("", Required(8, TopologyLevel.Pod)))).Refusal;
        Assert.Contains("has the label pod", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Guests_leave_the_rack_that_a_gang_requires()
    {
        var cell = Racks(("a", [4]), ("b", [8]));
        var guest = cell.Place(Service(500));
        Assert.Equal("a0:1", Where(guest));
        Assert.Equal("b0:8", Where(cell.Place(Required(8))));
        Assert.Equal("a0:4", Where(cell.Place(Required(4))));
        Assert.Equal(1, guest.Preemptions);
    }

    [Fact]
    public void A_gang_in_another_rack_is_not_pushed_out_for_one_that_requires_this_one()
    {
        var cell = Racks(("a", [8]), ("b", [4, 8]));
        var beside = cell.Place(Required(8, TopologyLevel.Rack) with { Priority = Priority.Low });
        var inTheWay = cell.Place(Required(4) with { Priority = Priority.Low, Labels =
            new Dictionary<string, string> { ["rack"] = "b" } });
        Assert.Equal(("a0:8", "b0:4"), (Where(beside), Where(inTheWay)));
        Assert.Equal("b1:8 b0:4", Where(cell.Place(Required(12) with { Priority = Priority.High })));
        Assert.Equal((0, 1), (beside.Preemptions, inTheWay.Preemptions));
    }

    [Theory]
    [InlineData(TopologyLevel.None, TopologyLevel.None)]
    [InlineData(TopologyLevel.Pod, TopologyLevel.Rack)]
    [InlineData(TopologyLevel.None, TopologyLevel.Pod)]
    public void A_gang_of_1500_devices_is_placed_in_one_cycle(TopologyLevel required, TopologyLevel preferred)
    {
        var cell = new TestCell();
        for (var i = 0; i < 10_000; i++)
            cell.Accept(new AdmitNode(new NodeAdmitted($"n{i}", "host", 1, "H800", 8, 64_000, 64_000,
                new Dictionary<string, string> { ["pod"] = $"p{i / 250}", ["rack"] = $"r{i / 10}" }), []));
        var spec = Gang(1_500) with { TopologyRequired = required, TopologyPreferred = preferred };
        var job = cell.Submit(spec);
        cell.Cycle();
        Assert.Equal(1_500, job.Allocations.Values.Sum(a => a.Placed.Ranks));
        Assert.Equal(188, job.Allocations.Count);
        if (required == TopologyLevel.Pod || preferred == TopologyLevel.Pod)
            Assert.Single(job.Allocations.Values.Select(a => a.Node.Pod).Distinct());
        if (preferred == TopologyLevel.Rack)
            Assert.Equal(19, job.Allocations.Values.Select(a => a.Node.Rack).Distinct().Count());
    }
}
