using Stockpile.Core.Audit;

namespace Stockpile.Core.Tests.Audit;

/// <summary>Each way to disagree, made from a cluster that agrees by one change.</summary>
public sealed class AuditComparisonTests
{
    private const string Digest = "d969d33a689e98e9";

    /// <summary>A cell with node n1 at host h1, allocation 7 running on its first two devices.</summary>
    private static CellClaim Cell(string cell = "north", params ClaimedNode[] nodes) => new(
        cell, Epoch: 3, Round: 41, DateTimeOffset.UnixEpoch, "akka://stockpile@a:1", Digest, ["h1"],
        nodes.Length > 0 ? nodes : [Node()]);

    private static ClaimedNode Node(string node = "n1", string host = "h1", bool lost = false) =>
        new(node, host, 5, lost, [Runs(7, 0b11)]);

    private static ClaimedAllocation Runs(long sequence, uint mask, int share = 0) =>
        new(sequence, ClaimedStage.Running, mask, share);

    private static HostClaim Host(string host = "h1", string cell = "north", params HostedNodeClaim[] nodes) =>
        new(host, cell, Epoch: 3, nodes.Length > 0 ? nodes : [Hosted()]);

    private static HostedNodeClaim Hosted(string node = "n1", params long[] running) =>
        new(node, 5, Up: true, running.Length > 0 ? running : [7], []);

    private static JournalClaim Journal(long round = 41, string digest = Digest, long epoch = 3) =>
        new(round, digest, epoch);

    private static CellLook Look(CellClaim? claim = null, JournalClaim? journal = null, params HostClaim[] hosts)
    {
        claim ??= Cell();
        return new CellLook(claim.Cell, claim, journal ?? Journal(), hosts.Length > 0 ? hosts : [Host()]);
    }

    private static AuditFinding Single(AuditKind kind, params CellLook[] looks)
    {
        var finding = Assert.Single(AuditComparison.Compare(looks));
        Assert.Equal(kind, finding.Kind);
        Assert.DoesNotContain('\n', finding.Sentence);
        return finding;
    }

    [Fact]
    public void A_cluster_that_agrees_has_no_findings() => Assert.Empty(AuditComparison.Compare([Look()]));

    [Fact]
    public void A_cell_of_the_journal_that_does_not_answer_is_found() => Assert.Equal(
        "north", Single(AuditKind.CellSilent, new CellLook("north", null, null, [])).Cell);

    [Fact]
    public void Another_digest_at_the_same_round_is_found_with_the_round_and_both()
    {
        var finding = Single(AuditKind.JournalDiffers, Look(journal: Journal(digest: "0000000000000000")));
        Assert.Equal(
            $"at round 41 the cell holds the allocations {Digest}, the journal 0000000000000000", finding.Sentence);
        Assert.Equal(3, finding.Epoch);
    }

    [Fact]
    public void A_journal_that_ends_before_the_cells_round_is_found() => Assert.Contains(
        "ends with round 40", Single(AuditKind.JournalDiffers, Look(journal: Journal(round: 40))).Sentence,
        StringComparison.Ordinal);

    [Fact]
    public void A_journal_that_cannot_be_replayed_is_found() => Assert.Contains(
        "a row is missing", Single(AuditKind.JournalBroken,
            Look(journal: new JournalClaim(0, "", 0, "a row is missing"))).Sentence, StringComparison.Ordinal);

    [Fact]
    public void A_newer_owner_in_the_journal_or_at_a_host_is_found()
    {
        Assert.Contains("the journal has epoch 4", Single(AuditKind.TwoOwners,
            Look(journal: Journal(epoch: 4))).Sentence, StringComparison.Ordinal);
        Assert.Contains("host h1 has seen 4", Single(AuditKind.TwoOwners,
            Look(hosts: Host() with { Epoch = 4 })).Sentence, StringComparison.Ordinal);
        Assert.Empty(AuditComparison.Compare([Look(hosts: Host() with { Epoch = 2 })]));
    }

    [Fact]
    public void A_host_that_does_not_answer_is_found_unless_all_its_nodes_are_lost()
    {
        Assert.Equal("h1", Single(AuditKind.HostSilent, Look() with { Hosts = [] }).Host);
        var lost = Cell(nodes: Node(lost: true) with { Allocations = [] });
        Assert.Empty(AuditComparison.Compare([Look(lost) with { Hosts = [] }]));
    }

    [Fact]
    public void A_node_that_its_host_does_not_have_is_found() => Assert.Equal(
        "n2", Single(AuditKind.NodeMissing,
            Look(Cell(nodes: [Node(), Node("n2") with { Allocations = [] }]))).Node);

    [Fact]
    public void A_node_that_is_up_and_unknown_to_its_cell_is_found() => Assert.Equal(
        "n2", Single(AuditKind.NodeUnknown, Look(
            hosts: Host(nodes: [Hosted(), Hosted("n2") with { Running = [] }]))).Node);

    [Fact]
    public void A_node_that_is_down_for_one_side_only_is_found()
    {
        var down = Hosted() with { Up = false, Running = [] };
        Single(AuditKind.NodeStateDiffers, Look(hosts: Host(nodes: down)));
        var lost = Cell(nodes: Node(lost: true) with { Allocations = [] });
        Single(AuditKind.NodeStateDiffers, Look(lost, hosts: Host(nodes: Hosted() with { Running = [] })));
        Assert.Empty(AuditComparison.Compare([Look(lost, hosts: Host(nodes: down))]));
    }

    [Fact]
    public void Another_incarnation_is_found_and_its_allocations_are_not_compared()
    {
        Single(AuditKind.IncarnationDiffers, Look(Cell(nodes: Node() with { Incarnation = 4 })));
        // A lost node that is still down may have been given its next number by its host.
        var lost = Cell(nodes: Node(lost: true) with { Allocations = [], Incarnation = 4 });
        Assert.Empty(AuditComparison.Compare(
            [Look(lost, hosts: Host(nodes: Hosted() with { Up = false, Running = [] }))]));
    }

    [Fact]
    public void An_allocation_that_its_node_does_not_run_is_found_unless_it_has_just_ended()
    {
        var idle = Hosted() with { Running = [] };
        var finding = Single(AuditKind.NotRunning, Look(hosts: Host(nodes: idle)));
        Assert.Equal(("n1", 7L), (finding.Node, finding.Sequence));
        Assert.Empty(AuditComparison.Compare([Look(hosts: Host(nodes: idle with { Ended = [7] }))]));
    }

    [Theory]
    [InlineData(ClaimedStage.Placed)]
    [InlineData(ClaimedStage.Finished)]
    public void What_has_not_started_or_has_finished_need_not_run(ClaimedStage stage)
    {
        var node = Node() with { Allocations = [new ClaimedAllocation(7, stage, 1, 0)] };
        Assert.Empty(AuditComparison.Compare([Look(Cell(nodes: node), hosts: Host(nodes:
            Hosted() with { Running = [] }))]));
    }

    [Fact]
    public void What_a_node_runs_and_its_cell_does_not_have_there_is_found()
    {
        var finding = Single(AuditKind.RunsUnknown, Look(hosts: Host(nodes: Hosted("n1", 7, 99))));
        Assert.Equal(("n1", 99L), (finding.Node, finding.Sequence));
        var finished = Node() with { Allocations = [new ClaimedAllocation(7, ClaimedStage.Finished, 1, 0)] };
        Single(AuditKind.RunsUnknown, Look(Cell(nodes: finished)));
        // A start that is not reported yet runs rightly.
        var placed = Node() with { Allocations = [new ClaimedAllocation(7, ClaimedStage.Placed, 1, 0)] };
        Assert.Empty(AuditComparison.Compare([Look(Cell(nodes: placed))]));
    }

    [Fact]
    public void One_allocation_on_two_nodes_is_found()
    {
        var cell = Cell(nodes: [Node(), Node("n2") with { Allocations = [] }]);
        var found = AuditComparison.Compare([Look(cell, hosts: Host(nodes: [Hosted(), Hosted("n2", 7)]))]);
        Assert.Equal([AuditKind.RunsUnknown, AuditKind.OnTwoNodes], found.Select(f => f.Kind));
        // The same number in another cell is another allocation.
        Assert.Empty(AuditComparison.Compare(
        [
            Look(), Look(Cell("south", Node("n2")), hosts: Host("h1", "south", Hosted("n2", 7))),
        ]));
    }

    [Fact]
    public void A_device_that_is_bound_beyond_its_whole_is_found()
    {
        Assert.Contains("device 1 ", Single(AuditKind.DeviceHeldTwice, Look(
            Cell(nodes: Node() with { Allocations = [Runs(7, 0b11), Runs(8, 0b10)] }),
            hosts: Host(nodes: Hosted("n1", 7, 8)))).Sentence, StringComparison.Ordinal);
        Assert.Empty(AuditComparison.Compare([Look(
            Cell(nodes: Node() with { Allocations = [Runs(7, 0b1, share: 400), Runs(8, 0b1, share: 600)] }),
            hosts: Host(nodes: Hosted("n1", 7, 8)))]));
    }

    [Fact]
    public void A_node_in_two_cells_is_found()
    {
        var south = Cell("south", Node() with { Allocations = [] });
        var found = AuditComparison.Compare([Look(), Look(south, hosts: Host("h1", "south") with { Nodes = [] })]);
        Assert.Contains(found, f => f.Kind == AuditKind.NodeInTwoCells
            && f.Sentence == "node n1 is in the cells north and south");
        var lost = Cell("south", Node(lost: true) with { Allocations = [] });
        Assert.Empty(AuditComparison.Compare([Look(), Look(lost, hosts: Host("h1", "south") with { Nodes = [] })]));
    }

    [Fact]
    public void A_node_that_two_hosts_have_up_is_found()
    {
        Assert.Equal("n1", Single(AuditKind.NodeOnTwoHosts, Look(hosts: [Host(), Host("h2")])).Node);
        Assert.Empty(AuditComparison.Compare([Look(hosts:
            [Host(), Host("h2", nodes: Hosted() with { Up = false, Running = [] })])]));
    }

    [Fact]
    public void Only_what_is_the_same_on_the_next_look_is_still_there()
    {
        var first = AuditComparison.Compare([Look(hosts: Host(nodes: Hosted("n1", 7, 98, 99)))]);
        var second = AuditComparison.Compare([Look(hosts: Host(nodes: Hosted("n1", 7, 99, 100)))]);
        Assert.Equal(99, Assert.Single(AuditComparison.StillThere(first, second)).Sequence);
        var recovered = AuditComparison.Compare([Look(
            Cell() with { Epoch = 4 }, Journal(epoch: 4), Host(nodes: Hosted("n1", 7, 99)))]);
        Assert.Empty(AuditComparison.StillThere(second, recovered));
    }
}
