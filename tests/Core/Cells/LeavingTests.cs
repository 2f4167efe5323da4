using Stockpile.Core.Commands;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class LeavingTests
{
    private static DrainNode Drain(TestCell cell, string node, double hours) =>
        new(node) { By = cell.Now.AddHours(hours) };

    private static void Run(TestCell cell, JobState job)
    {
        foreach (var allocation in job.Allocations.Values.ToList())
            cell.Accept(new ReportStarted(allocation.Node.Id, allocation.Sequence));
    }

    [Fact]
    public void What_will_be_done_in_time_stays_and_the_rest_moves_at_once()
    {
        var cell = new TestCell().Node("a", "H20", 4).Node("b", "H20", 4);
        var early = cell.Place(Tasks(1));
        var late = cell.Place(Tasks(1) with { Duration = TimeSpan.FromHours(5) });
        Run(cell, early);
        Run(cell, late);
        cell.Accept(Drain(cell, "a", 2));
        cell.Cycle();
        Assert.Equal(("a:1", "b:1"), (Where(early), Where(late)));
        Assert.Equal("node a is drained and it would not be done in time", late.Reason);
    }

    [Fact]
    public void A_gang_leaves_only_the_node_that_is_drained()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8).Node("c", "H800", 8);
        var gang = cell.Place(Gang(16) with { WorkHours = 1_000, Checkpoint = TimeSpan.FromHours(1) });
        Run(cell, gang);
        cell.Accept(new RecordCheckpoint(gang.Number, 0.5));
        cell.Accept(Drain(cell, "a", 2));
        cell.Cycle();
        Assert.Equal("b:8 c:8", Where(gang));
        Assert.Equal((0.5, 0), (gang.Done, gang.Requeues));
    }

    [Fact]
    public void What_finds_no_room_leaves_at_the_deadline()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var gang = cell.Place(Gang(8) with { WorkHours = 1_000 });
        Run(cell, gang);
        cell.Accept(Drain(cell, "a", 2));
        cell.Cycle();
        Assert.Equal("a:8", Where(gang));
        cell.Now = cell.Now.AddHours(2);
        cell.Cycle();
        Assert.Equal(("", 1, "node a had to be empty"), (Where(gang), gang.Requeues, gang.Reason));
    }

    [Fact]
    public void An_elastic_gang_goes_on_smaller_without_the_node()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var gang = cell.Place(Gang(16) with { MinDevices = 8, WorkHours = 1_000, Checkpoint = TimeSpan.FromHours(1) });
        Run(cell, gang);
        cell.Accept(Drain(cell, "b", 2));
        cell.Cycle();
        Assert.Equal("a:8", Where(gang));
    }

    [Fact]
    public void Without_a_deadline_gangs_stay_and_a_cordon_moves_not_even_replicas()
    {
        var cell = new TestCell().Node("a", "T4", 8).Node("b", "T4", 8);
        var service = cell.Place(Service(500));
        Assert.Equal("a:1", Where(service));
        Assert.Equal([new NodeDrained("a")], cell.Accept(new DrainNode("a") { Cordon = true }));
        cell.Cycle();
        Assert.Equal("a:1", Where(service));
        Assert.IsType<AlreadyDone>(cell.Run(new DrainNode("a") { Cordon = true }));
        // Drained after all: now the replica goes.
        cell.Accept(new DrainNode("a"));
        cell.Cycle();
        Assert.Equal("b:1", Where(service));
        Assert.IsType<AlreadyDone>(cell.Run(new DrainNode("a")));
    }

    [Fact]
    public void The_deadline_survives_a_recovery_and_the_node_itself_and_ends_with_the_drain()
    {
        var cell = new TestCell().Node("a", "H20", 4);
        cell.Accept(Drain(cell, "a", 2));
        var by = cell.State.FindNode("a")!.DrainBy;
        Assert.Equal(Midnight.AddHours(2), by);
        var restored = CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, cell.State.Policy);
        Assert.Equal(by, restored.FindNode("a")!.DrainBy);
        Assert.Empty(Twins.Complaints(cell.State, restored, images: true));
        cell.Accept(new AdmitNode(cell.State.FindNode("a")!.Admitted with { Incarnation = 2 }, []));
        Assert.Equal(by, cell.State.FindNode("a")!.DrainBy);
        cell.Accept(new ResumeNode("a"));
        Assert.Null(cell.State.FindNode("a")!.DrainBy);
    }
}
