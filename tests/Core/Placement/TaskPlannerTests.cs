using System.Numerics;
using Stockpile.Core.Fleets;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class TaskPlannerTests
{
    [Fact]
    public void With_best_fit_a_share_goes_to_the_tightest_device_that_holds_it()
    {
        var cell = new TestCell(BestFit).Node("a", "T4", 4);
        Assert.Equal(0, DeviceOf(cell.Place(Service(500))));
        Assert.Equal(1, DeviceOf(cell.Place(Service(700))));
        Assert.Equal(1, DeviceOf(cell.Place(Service(300))));
        Assert.Equal(0, DeviceOf(cell.Place(Service(400))));
        Assert.Equal(0, DeviceOf(cell.Place(Service(100))));
        Assert.Equal(2, DeviceOf(cell.Place(Service(1))));
    }

    [Fact]
    public void Shares_never_add_up_to_more_than_the_device()
    {
        var cell = new TestCell().Node("a", "T4", 1);
        cell.Place(Service(600));
        var second = cell.Place(Service(600));
        var third = cell.Place(Service(400));
        Assert.True(second.Waits);
        Assert.False(third.Waits);
        Assert.Equal(1_000, cell.State.FindNode("a")!.UsedMilli(0));
    }

    [Fact]
    public void Whole_devices_are_taken_from_the_node_with_the_fewest_free()
    {
        var cell = new TestCell().Node("a", "A10", 8).Node("b", "A10", 4).Node("c", "A10", 2);
        Assert.Equal("c:2", Where(cell.Place(Tasks(2))));
        Assert.Equal("b:3", Where(cell.Place(Tasks(3))));
        Assert.Equal("b:1", Where(cell.Place(Tasks(1))));
        Assert.Equal("a:2 a:2", Where(cell.Place(Tasks(2, tasks: 2))));
    }

    [Fact]
    public void Home_is_full_before_anyone_is_a_guest_and_the_best_model_is_lent_last()
    {
        var cell = new TestCell().Node("best", "H800", 1).Node("good", "A800", 1).Node("home", "T4", 1);
        var job = cell.Place(Service(999, replicas: 3));
        Assert.Equal("home:1 good:1 best:1", Where(job));
        Assert.Equal([false, true, true], job.Allocations.Values.Select(a => a.Guest));
    }

    [Fact]
    public void A_task_that_has_only_CPU_holds_no_device()
    {
        var cell = new TestCell().Node("a", "A10", 1, cpuMilli: 3_000);
        cell.Place(Tasks(1));
        var job = cell.Place(Tasks(0, tasks: 4) with { CpuMilli = 1_000 });
        Assert.Equal("a:0 a:0 a:0", Where(job));
        Assert.Equal([3], job.Unplaced);
    }

    [Fact]
    public void As_many_tasks_as_fit_are_placed_and_the_rest_waits()
    {
        var cell = new TestCell().Node("a", "A10", 2, memoryMiB: 1_024);
        var job = cell.Place(Tasks(1, tasks: 3) with { MemoryMiB = 1_024 });
        Assert.Equal("a:1", Where(job));
        Assert.Equal([1, 2], job.Unplaced);
    }

    [Fact]
    public void Shares_keep_whole_devices_free_for_gangs()
    {
        var cell = new TestCell().Node("a", "T4", 4);
        for (var i = 0; i < 8; i++) cell.Place(Service(250));
        Assert.Equal(2, cell.State.FindNode("a")!.FreeDevices);
    }

    [Fact]
    public void Where_models_compete_the_score_decides_and_not_their_order()
    {
        var competing = BestFit with { Placement = BestFit.Placement with { ModelsCompete = true } };
        foreach (var (policy, expected) in new[] { (BestFit, "b:1"), (competing, "a:1") })
        {
            var cell = new TestCell(policy).Node("a", "T4", 1).Node("b", "A10", 8);
            Assert.Equal(expected, Where(cell.Place(Tasks(1) with { Models = ["A10", "T4"] })));
        }
    }

    private static readonly Policy BestFit = RandomFleet.Policies[0] with
    {
        Placement = new PlacementPolicy { Scoring = "bestfit" },
    };

    private static int DeviceOf(Core.State.JobState job) =>
        BitOperations.TrailingZeroCount(job.Allocations.Values.Single().DeviceMask);
}
