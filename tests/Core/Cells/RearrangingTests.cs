using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class RearrangingTests
{
    private static readonly TimeSpan Rest = GangPolicy.Default.ResizeInterval;

    private static JobSpec Elastic(int least, int devices, int most, Priority priority = Priority.Normal) =>
        Gang(devices, priority) with
        {
            MinDevices = least, MaxDevices = most, Checkpoint = TimeSpan.FromMinutes(30), WorkHours = 1_000,
        };

    private static void Run(TestCell cell, JobState job)
    {
        foreach (var allocation in job.Allocations.Values.Where(a => !a.Started).ToList())
            cell.Accept(new ReportStarted(allocation.Node.Id, allocation.Sequence));
    }

    private static int Devices(JobState job) => job.Allocations.Values.Sum(a => a.Placed.Ranks);

    [Fact]
    public void A_gang_grows_when_devices_become_free_that_nobody_waits_for()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var first = cell.Place(Gang(8));
        var gang = cell.Place(Elastic(4, 8, 16));
        Run(cell, gang);
        Assert.Equal("b:8", Where(gang));
        cell.Accept(new CancelJob(first.Number));
        cell.Cycle();
        Assert.Equal(8, Devices(gang));
        cell.Now += Rest;
        cell.Cycle();
        Assert.Equal("a:8 b:8", Where(gang));
        Assert.Equal("it grew from 8 to 16 devices, which nobody who waits could use", gang.Reason);
        Assert.Equal((1, 0), (cell.State.Counters.Migrations, cell.State.Counters.Requeued));
        // Not again before its rest, although nothing could be gained here anyway.
        Assert.False(cell.Cycle().More);
    }

    [Fact]
    public void A_gang_does_not_grow_into_devices_that_somebody_waits_for()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(8));
        var gang = cell.Place(Elastic(4, 8, 16));
        Run(cell, gang);
        cell.Place(Gang(16));
        cell.Accept(new CancelJob(1));
        cell.Now += Rest;
        cell.Cycle();
        Assert.Equal(8, Devices(gang));
    }

    [Fact]
    public void A_gang_that_is_nearly_done_does_not_grow()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(8));
        var gang = cell.Place(Elastic(4, 8, 16));
        Run(cell, gang);
        var left = gang.Allocations.Values.Single().Placed.RunTime;
        cell.Accept(new CancelJob(1));
        // Half of five minutes would be saved, and the move costs as much.
        cell.Now += left - TimeSpan.FromMinutes(5);
        cell.Cycle();
        Assert.Equal(8, Devices(gang));
    }

    [Fact]
    public void A_gang_without_checkpoints_stays_as_it_is()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(8));
        var gang = cell.Place(Elastic(4, 8, 16) with { Checkpoint = TimeSpan.Zero });
        Run(cell, gang);
        cell.Accept(new CancelJob(1));
        cell.Now += Rest;
        cell.Cycle();
        Assert.Equal(8, Devices(gang));
    }

    [Fact]
    public void A_gang_grows_only_inside_the_rack_it_requires()
    {
        var cell = new TestCell().Node("a", "H800", 8, rack: "r").Node("b", "H800", 8, rack: "r")
            .Node("c", "H800", 8, rack: "s");
        cell.Place(Gang(8));
        var gang = cell.Place(Elastic(4, 8, 24) with { TopologyRequired = TopologyLevel.Rack });
        Assert.Equal("b:8", Where(gang));
        cell.Accept(new CancelJob(1));
        cell.Now += Rest;
        cell.Cycle();
        Assert.Equal("a:8 b:8", Where(gang));
    }

    [Fact]
    public void An_elastic_gang_shrinks_for_a_more_urgent_one_and_is_not_preempted()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var gang = cell.Place(Elastic(4, 16, 0));
        Run(cell, gang);
        cell.Accept(new RecordCheckpoint(gang.Number, 0.5));
        cell.Now += Rest;
        var urgent = cell.Place(Gang(10, Priority.High));
        Assert.Equal(10, Devices(urgent));
        Assert.Equal(6, Devices(gang));
        Assert.Equal((0.5, 0, 0), (gang.Done, gang.Preemptions, gang.Requeues));
        Assert.Equal("it shrank from 16 to 6 devices for training job north-2", gang.Reason);
    }

    [Fact]
    public void A_gang_keeps_its_least_and_shrinks_for_nobody_of_its_own_class()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var gang = cell.Place(Elastic(8, 16, 0));
        Run(cell, gang);
        cell.Now += Rest;
        cell.Place(Gang(2));
        Assert.Equal(16, Devices(gang));
        // Twelve are more than it can give: it is preempted, as before.
        var urgent = cell.Place(Gang(12, Priority.High));
        Assert.Equal((12, 1), (Devices(urgent), gang.Preemptions));
    }

    [Fact]
    public void A_gang_with_a_shape_gives_up_whole_nodes()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8).Node("c", "H800", 8);
        var gang = cell.Place(Elastic(8, 24, 0) with { PerNode = 8 });
        Run(cell, gang);
        cell.Now += Rest;
        cell.Place(Gang(1, Priority.High));
        Assert.Equal("a:8 b:8", Where(gang));
    }

    [Fact]
    public void A_gang_moves_to_a_better_model_when_the_rest_ends_clearly_sooner_there()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "A800", 8);
        cell.Place(Gang(8));
        var gang = cell.Place(Gang(8) with { Checkpoint = TimeSpan.FromHours(1) });
        Run(cell, gang);
        Assert.Equal("b:8", Where(gang));
        cell.Accept(new CancelJob(1));
        cell.Now += Rest;
        cell.Cycle();
        Assert.Equal("a:8", Where(gang));
        Assert.Equal("it moved from A800 to H800, where the rest ends sooner", gang.Reason);
    }

    [Fact]
    public void A_gang_does_not_move_to_a_better_model_for_little_or_against_guests()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "A800", 8);
        cell.Place(Gang(8));
        var gang = cell.Place(Gang(8) with { Checkpoint = TimeSpan.FromHours(1) });
        Run(cell, gang);
        var left = gang.Allocations.Values.Single().Placed.RunTime;
        cell.Accept(new CancelJob(1));
        var guest = cell.Place(Service(500));
        cell.Now += Rest;
        cell.Cycle();
        Assert.Equal(("b:8", "a:1"), (Where(gang), Where(guest)));
        cell.Accept(new CancelJob(guest.Number));
        cell.Now += left - Rest - TimeSpan.FromMinutes(4);
        cell.Cycle();
        Assert.Equal("b:8", Where(gang));
    }

    [Fact]
    public void A_task_whose_time_depends_on_the_model_moves_up_and_one_with_a_duration_does_not()
    {
        var cell = new TestCell().Node("a", "T4", 4).Node("b", "H20", 4);
        var filler = cell.Place(Tasks(4));
        var work = cell.Place(Tasks(1) with { Duration = TimeSpan.Zero, WorkHours = 10 });
        var timed = cell.Place(Tasks(1));
        Assert.Equal(("b:4", "a:1", "a:1"), (Where(filler), Where(work), Where(timed)));
        Run(cell, work);
        cell.Accept(new CancelJob(filler.Number));
        cell.Now += Rest;
        cell.Cycle();
        Assert.Equal(("b:1", "a:1"), (Where(work), Where(timed)));
    }

    [Fact]
    public void A_recovered_cell_knows_who_may_grow_and_how_far_it_was()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(8));
        var gang = cell.Place(Elastic(4, 8, 16));
        cell.Accept(new RecordCheckpoint(gang.Number, 0.25));
        Run(cell, gang);
        var restored = CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, cell.State.Policy);
        Assert.Empty(Twins.Complaints(cell.State, restored, images: true));
        Assert.Equal(0.25, restored.FindJob(gang.Number)!.Allocations.Values.Single().DoneAtStart);
    }
}
