using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class GangPlannerTests
{
    [Fact]
    public void A_large_gang_takes_whole_nodes_first()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8).Node("c", "H800", 8);
        cell.Place(Gang(1));
        Assert.Equal("b:8 c:8", Where(cell.Place(Gang(16))));
    }

    [Fact]
    public void The_rest_of_a_large_gang_goes_to_the_tightest_node()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8).Node("c", "H800", 2);
        Assert.Equal("a:8 c:2", Where(cell.Place(Gang(10))));
    }

    [Fact]
    public void A_small_gang_takes_the_tightest_node()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 4).Node("c", "H800", 2);
        Assert.Equal("b:4", Where(cell.Place(Gang(4))));
        Assert.Equal("c:1", Where(cell.Place(Gang(1))));
        Assert.Equal("a:3", Where(cell.Place(Gang(3))));
    }

    [Fact]
    public void A_gang_prefers_the_better_model_and_never_mixes_two()
    {
        var cell = new TestCell().Node("a", "A800", 8).Node("b", "H800", 4);
        Assert.Equal("b:2", Where(cell.Place(Gang(2))));
        Assert.Equal("a:4", Where(cell.Place(Gang(4))));
        Assert.Equal("", Where(cell.Place(Gang(5))));
    }

    [Fact]
    public void A_gang_with_a_shape_keeps_it_on_the_tightest_nodes()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 4).Node("c", "H800", 3).Node("d", "H800", 4);
        Assert.Equal("b:4 d:4", Where(cell.Place(Gang(8) with { PerNode = 4 })));
        Assert.Equal("a:4", Where(cell.Place(Gang(4) with { PerNode = 4 })));
        Assert.Equal("c:1 a:1", Where(cell.Place(Gang(2) with { PerNode = 1 })));
    }

    [Theory]
    [InlineData(20, 16)]
    [InlineData(16, 16)]
    [InlineData(12, 12)]
    [InlineData(8, 8)]
    [InlineData(5, 5)]
    [InlineData(2, 2)]
    [InlineData(1, 0)]
    public void An_elastic_gang_takes_what_there_is_between_its_least_and_its_most(int free, int expected)
    {
        var cell = new TestCell().Node("a", "H800", 10).Node("b", "H800", 10);
        if (free < 20) cell.Place(Gang(20 - free, Priority.Critical));
        var job = cell.Place(Gang(8) with { MinDevices = 2, MaxDevices = 16 });
        Assert.Equal(expected, job.Allocations.Values.Sum(a => a.Placed.Ranks));
    }

    [Theory]
    [InlineData(5, 4)]
    [InlineData(3, 2)]
    [InlineData(1, 1)]
    public void An_elastic_gang_that_CPU_cuts_short_tries_half_its_size_and_half_of_that(int cores, int expected)
    {
        var cell = new TestCell().Node("a", "H800", 8, cpuMilli: cores * 1_000);
        var job = cell.Place(Gang(8) with { MinDevices = 1, CpuMilli = 1_000 });
        Assert.Equal(expected, job.Allocations.Values.Sum(a => a.Placed.Ranks));
    }

    [Fact]
    public void CPU_and_memory_bound_the_ranks_of_a_node()
    {
        var cell = new TestCell().Node("a", "H800", 8, cpuMilli: 4_000).Node("b", "H800", 8, memoryMiB: 3_072);
        Assert.Equal("a:4 b:3", Where(cell.Place(Gang(7) with { CpuMilli = 1_000, MemoryMiB = 1_024 })));
    }

    [Fact]
    public void Guests_stay_as_long_as_free_devices_do()
    {
        var cell = new TestCell().Node("a", "H800", 4).Node("b", "H800", 4);
        var guest = cell.Place(Service(500));
        Assert.Equal("a:1", Where(guest));

        Assert.Equal("b:4", Where(cell.Place(Gang(4))));
        Assert.Equal("a:3", Where(cell.Place(Gang(3))));
        Assert.Equal("a:1", Where(guest));

        var last = cell.Place(Gang(1));
        Assert.Equal("a:1", Where(last));
        Assert.True(guest.Waits);
        Assert.Equal(1, cell.State.Counters.Preempted);
        Assert.Contains($"north-{last.Number}", guest.Reason);
    }

    [Fact]
    public void Only_the_guests_on_the_devices_that_are_needed_leave()
    {
        var cell = new TestCell().Node("a", "H800", 4);
        var guests = Enumerable.Range(0, 4).Select(_ => cell.Place(Tasks(1))).ToList();
        cell.Place(Gang(2));
        Assert.Equal(2, guests.Count(g => g.Waits));
    }

    [Fact]
    public void A_guest_without_a_device_leaves_for_its_CPU()
    {
        var cell = new TestCell().Node("a", "H800", 2, cpuMilli: 4_000);
        var guest = cell.Place(Tasks(0) with { CpuMilli = 3_000 });
        Assert.True(guest.Allocations.Single().Value.Guest);
        Assert.Equal("a:1", Where(cell.Place(Gang(1) with { CpuMilli = 1_000 })));
        Assert.False(guest.Waits);
        Assert.Equal("a:1", Where(cell.Place(Gang(1) with { CpuMilli = 2_000 })));
        Assert.True(guest.Waits);
    }

    [Fact]
    public void Who_is_at_home_does_not_leave()
    {
        var cell = new TestCell(Cells.RandomFleet.Policies[1]).Node("a", "A10", 1);
        var service = cell.Place(Service(100));
        Assert.Equal("", Where(cell.Place(Gang(1, Priority.Critical))));
        Assert.Equal("a:1", Where(service));
    }

    [Fact]
    public void A_gang_stays_off_nodes_without_its_labels_and_nodes_that_take_no_work()
    {
        var cell = new TestCell().Node("a", "H800", 8, rack: "r1").Node("b", "H800", 8, rack: "r2")
            .Node("c", "H800", 8, rack: "r2").Node("d", "H800", 8, rack: "r2");
        cell.Accept(new DrainNode("b"));
        cell.Accept(new LoseNode("c", 0, "test"));
        var spec = Gang(8) with { Labels = new Dictionary<string, string> { ["rack"] = "r2" } };
        Assert.Equal("d:8", Where(cell.Place(spec)));
        Assert.Equal("", Where(cell.Place(spec)));
    }
}
