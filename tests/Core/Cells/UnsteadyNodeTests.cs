using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Fleets;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>A node that keeps failing comes last, then rests, each time longer, and comes back by itself.</summary>
public sealed class UnsteadyNodeTests
{
    [Fact]
    public void A_node_that_failed_takes_what_no_other_has_room_for()
    {
        var cell = new TestCell().Node("a", "T4", 2).Node("b", "T4", 2);
        Fail(cell, "a");

        var tasks = cell.Place(Tasks(1, tasks: 3));
        Assert.Equal("b:1 b:1 a:1", Where(tasks));
    }

    [Fact]
    public void A_gang_takes_steady_nodes_first()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8).Node("c", "H800", 8);
        Fail(cell, "a");

        Assert.Equal("b:8", Where(cell.Place(Gang(8))));
        Assert.Equal("c:8", Where(cell.Place(Gang(8))));
        Assert.Equal("a:8", Where(cell.Place(Gang(8))));
    }

    [Fact]
    public void A_node_that_fails_again_and_again_rests_each_time_longer_and_takes_work_by_itself()
    {
        var cell = new TestCell().Node("a", "T4", 1);
        var node = () => cell.State.FindNode("a")!;
        var task = cell.Submit(Tasks(1));
        double[] hours = [0, 0, 0.5, 1, 2, 4, 8, 16, 24, 24];
        foreach (var rest in hours)
        {
            Fail(cell, "a");
            var began = cell.Now;
            Assert.Equal(rest > 0, node().Health.Rests);
            Assert.Equal(rest == 0, node().Ready);
            if (rest > 0)
            {
                cell.Now = began.AddHours(rest).AddSeconds(-1);
                cell.Cycle();
                Assert.Equal((JobPhase.Pending, began.AddHours(rest)), (task.Phase, node().Health.RestUntil));
                cell.Now = began.AddHours(rest);
            }

            cell.Cycle();
            Assert.Equal(JobPhase.Placed, task.Phase);
            cell.Now = cell.Now.AddMinutes(10);
        }

        Assert.Equal(hours.Length, node().Health.Failures);
        Assert.Null(task.Ended);
    }

    [Fact]
    public void A_node_that_held_out_for_a_day_is_steady_again()
    {
        var cell = new TestCell().Node("a", "T4", 2).Node("b", "T4", 2);
        Fail(cell, "a");
        cell.Now = cell.Now.AddHours(23);
        cell.Cycle();
        Assert.True(cell.State.FindNode("a")!.Health.IsUnsteady);
        Fail(cell, "a");
        Assert.Equal(2, cell.State.FindNode("a")!.Health.Failures);

        cell.Now = cell.Now.AddHours(24);
        cell.Cycle();
        Assert.Equal(NodeHealth.Steady, cell.State.FindNode("a")!.Health);
        Assert.Equal("a:1", Where(cell.Place(Tasks(1))));
    }

    [Fact]
    public void A_node_that_is_away_does_not_prove_to_be_steady()
    {
        var cell = new TestCell().Node("a", "T4", 2);
        cell.Accept(new LoseNode("a", 0, "test") { Failed = true });
        cell.Now = cell.Now.AddDays(9);
        cell.Cycle();
        ComeBack(cell, "a");
        cell.Now = cell.Now.AddHours(23);
        cell.Cycle();
        Assert.Equal(1, cell.State.FindNode("a")!.Health.Failures);
    }

    [Fact]
    public void A_host_that_stops_in_order_or_falls_silent_is_not_the_fault_of_its_nodes()
    {
        var cell = new TestCell().Node("a", "T4", 2);
        for (var i = 0; i < 9; i++)
        {
            cell.Accept(new LoseNode("a", 0, LoseNode.HostStopped));
            ComeBack(cell, "a");
        }

        Assert.False(cell.State.FindNode("a")!.Health.IsUnsteady);
    }

    [Fact]
    public void Whoever_resumes_a_node_vouches_for_it()
    {
        var cell = new TestCell().Node("a", "T4", 1);
        for (var i = 0; i < 3; i++) Fail(cell, "a");
        Assert.True(cell.State.FindNode("a")!.Health.Rests);

        Assert.Equal([new NodeSteady("a")], cell.Accept(new ResumeNode("a")));
        Assert.Equal("a:1", Where(cell.Place(Tasks(1))));
        Assert.IsType<AlreadyDone>(cell.Run(new ResumeNode("a")));
    }

    [Fact]
    public void Where_all_nodes_fail_no_more_than_a_third_of_them_rests()
    {
        var cell = new TestCell();
        for (var i = 0; i < 9; i++) cell.Node($"n{i}", "T4", 1);
        for (var i = 0; i < 5; i++)
            for (var n = 0; n < 9; n++) Fail(cell, $"n{n}");

        Assert.Equal(3, cell.State.Nodes.Count(n => n.Health.Rests));
    }

    [Fact]
    public void A_policy_may_let_no_node_rest()
    {
        var policy = RandomFleet.Policies[0] with { Nodes = new NodePolicy { RestAfter = 0 } };
        var cell = new TestCell(policy).Node("a", "T4", 1);
        for (var i = 0; i < 20; i++) Fail(cell, "a");
        Assert.True(cell.State.FindNode("a")!.Ready);
    }

    [Fact]
    public void The_journal_and_a_snapshot_give_the_same_health()
    {
        var cell = new TestCell().Node("a", "T4", 1).Node("b", "T4", 1).Node("c", "T4", 1);
        for (var i = 0; i < 4; i++) Fail(cell, "a");
        Fail(cell, "b");
        var health = cell.State.Nodes.Select(n => n.Health).ToList();

        var restored = CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, RandomFleet.Policies[0]);
        // Another policy of today changes nothing that was.
        var replayed = new CellState("north", RandomFleet.Catalog, RandomFleet.Policies[0] with
        {
            Nodes = new NodePolicy { RestAfter = 0 },
        });
        foreach (var round in cell.Rounds) replayed.Replay(round);

        Assert.True(health[0].Rests);
        Assert.Equal(health, restored.Nodes.Select(n => n.Health));
        Assert.Equal(health, replayed.Nodes.Select(n => n.Health));
        Assert.Equal([false, true, true], restored.Nodes.Select(n => n.Ready));
        Assert.Equal(2, restored.Index.Free("T4"));
    }

    /// <summary>The node fails by its own fault and is back at once.</summary>
    private static void Fail(TestCell cell, string node)
    {
        cell.Accept(new LoseNode(node, 0, "test") { Failed = true });
        ComeBack(cell, node);
        var round = new RoundWriter(cell.State, cell.Now);
        Unsteadiness.Run(cell.State, round);
        if (round.Close() is { } closed) cell.Rounds.Add(closed);
    }

    private static void ComeBack(TestCell cell, string node)
    {
        var admitted = cell.State.FindNode(node)!.Admitted;
        cell.Accept(new AdmitNode(admitted with { Incarnation = admitted.Incarnation + 1 }, []));
    }
}
