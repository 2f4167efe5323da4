using Stockpile.Core.Commands;
using Stockpile.Core.Placement;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class MovesTests
{
    [Fact]
    public void A_moved_gang_keeps_its_checkpoint_and_pays_for_the_restart()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var job = cell.Place(Gang(8));
        var before = job.Allocations.Values.Single().Placed.RunTime;
        cell.Accept(new RecordCheckpoint(job.Number, 0.75));
        cell.Force([.. Moves.Of(cell.State, job, Plan(cell, job, "b", 0xFF), "the test wants it")]);

        Assert.Equal("b:8", Where(job));
        Assert.Equal(0.75, job.Done);
        Assert.Equal((1, 0, "the test wants it"), (job.Moves, job.Requeues, job.Reason));
        Assert.Equal((1, 0, 1), (cell.State.Counters.Migrations, cell.State.Counters.Requeued,
            cell.State.Counters.Placed));
        // What is left, a quarter, takes the two minutes of the restart longer.
        var left = job.Allocations.Values.Single().Placed.RunTime * 0.25;
        Assert.Equal((before * 0.25 + TimeSpan.FromMinutes(2)).TotalSeconds, left.TotalSeconds, 0.01);
    }

    [Fact]
    public void A_gang_may_move_onto_devices_of_its_own()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var job = cell.Place(Gang(6));
        cell.Force([.. Moves.Of(cell.State, job, Plan(cell, job, "a", 0xFF), "it grows")]);
        Assert.Equal("a:8", Where(job));
    }

    [Fact]
    public void A_gang_that_moves_takes_devices_back_from_guests_who_wait_again()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var gang = cell.Place(Gang(8));
        var guest = cell.Place(Tasks(1));
        Assert.Equal("b:1", Where(guest));
        var node = cell.State.FindNode("b")!;
        var plan = new GangPlan([new GangPiece(node, 0xFF, [guest.Allocations.Values.Single()])],
            gang.Class.Home[0], 8);
        cell.Force([.. Moves.Of(cell.State, gang, plan, "it leaves")]);
        Assert.Equal(("b:8", "", 1), (Where(gang), Where(guest), guest.Requeues));
    }

    [Fact]
    public void One_task_of_many_moves_and_begins_anew()
    {
        var cell = new TestCell().Node("a", "H20", 2).Node("b", "H20", 2);
        var job = cell.Place(Tasks(1, tasks: 2));
        Assert.Equal("a:1 a:1", Where(job));
        var second = job.Allocations.Values.Last();
        var plan = new TaskPlan(cell.State.FindNode("b")!, 0x2, job.Class.Home[0]);
        cell.Force([.. Moves.Of(cell.State, second, plan, "to make room")]);

        Assert.Equal("a:1 b:1", Where(job));
        Assert.Equal([0, 1], job.Allocations.Values.Select(a => a.Placed.Task).Order());
        Assert.Equal(TimeSpan.FromMinutes(62), job.Allocations.Values.Last().Placed.RunTime);
    }

    [Fact]
    public void A_replica_that_moves_runs_until_it_is_stopped()
    {
        var cell = new TestCell().Node("a", "T4", 2).Node("b", "T4", 2);
        var job = cell.Place(Service(500));
        var plan = new TaskPlan(cell.State.FindNode("b")!, 0x1, job.Class.Home[0]);
        cell.Force([.. Moves.Of(cell.State, job.Allocations.Values.Single(), plan, "to make room")]);
        Assert.Equal("b:1", Where(job));
        Assert.Equal((500, TimeSpan.Zero), (job.Allocations.Values.Single().ShareMilli,
            job.Allocations.Values.Single().Placed.RunTime));
    }

    [Fact]
    public void A_part_of_a_gang_does_not_move_alone()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var job = cell.Place(Gang(8));
        var plan = new TaskPlan(cell.State.FindNode("a")!, 1, job.Class.Home[0]);
        Assert.Throws<ArgumentException>(() =>
            Moves.Of(cell.State, job.Allocations.Values.Single(), plan, "no"));
    }

    [Fact]
    public void A_job_does_not_move_while_nothing_of_it_has_ended()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var job = cell.Place(Gang(8));
        Assert.Throws<InvariantBrokenException>(() => cell.Force(new JobMoved(job.Number, "nowhere")));
    }

    [Fact]
    public void A_recovered_cell_knows_the_moves()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var job = cell.Place(Gang(8));
        cell.Force([.. Moves.Of(cell.State, job, Plan(cell, job, "b", 0xFF), "the test wants it")]);
        var copy = new CellState("north", RandomFleet.Catalog, cell.State.Policy);
        foreach (var round in cell.Rounds) copy.Replay(round);
        Assert.Empty(Twins.Complaints(cell.State, copy, images: true));
        var restored = CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, cell.State.Policy);
        Assert.Empty(Twins.Complaints(cell.State, restored, images: true));
        Assert.Equal(1, restored.FindJob(job.Number)!.Moves);
    }

    private static GangPlan Plan(TestCell cell, JobState job, string node, uint mask) =>
        new([new GangPiece(cell.State.FindNode(node)!, mask, [])], job.Class.Home[0],
            System.Numerics.BitOperations.PopCount(mask));
}
