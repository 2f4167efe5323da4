using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class PreemptionTests
{
    [Fact]
    public void The_lowest_class_leaves_first()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var low = cell.Place(Gang(8, Priority.Low));
        cell.Place(Gang(8, Priority.Normal));
        Assert.Equal([low.Number], Victims(cell, Gang(8, Priority.High))!);
    }

    [Fact]
    public void Of_one_class_the_last_placed_leaves_first_because_it_loses_least()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(8, Priority.Low));
        cell.Now += TimeSpan.FromHours(1);
        var late = cell.Place(Gang(8, Priority.Low));
        Assert.Equal([late.Number], Victims(cell, Gang(8, Priority.High))!);
    }

    [Fact]
    public void Who_turned_out_not_to_be_needed_stays()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 2);
        var normal = cell.Place(Gang(8, Priority.Normal));
        cell.Place(Gang(2, Priority.Low));
        Assert.Equal([normal.Number], Victims(cell, Gang(8, Priority.High))!);
    }

    [Fact]
    public void A_gang_over_two_nodes_leaves_as_a_whole()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var wide = cell.Place(Gang(16, Priority.Low));
        var urgent = cell.Place(Gang(1, Priority.High));
        Assert.Single(urgent.Allocations);
        Assert.Empty(wide.Allocations);
        Assert.Equal(1, wide.Preemptions);
        Assert.Equal(2, cell.State.Counters.Preempted);
    }

    [Theory]
    [InlineData(8, Priority.Low)]
    [InlineData(8, Priority.Normal)]
    [InlineData(16, Priority.Critical)]
    public void Nobody_leaves_for_an_equal_or_where_it_would_not_help(int devices, Priority priority)
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(8, Priority.Normal));
        cell.Place(Gang(8, Priority.Critical));
        Assert.Null(Victims(cell, Gang(devices, priority)));
        cell.Cycle();
        Assert.Equal(0, cell.State.Counters.Preempted);
    }

    [Fact]
    public void A_node_that_takes_no_work_is_not_worth_a_victim()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Gang(8, Priority.Low));
        cell.Accept(new DrainNode("a"));
        Assert.Null(Victims(cell, Gang(8, Priority.Critical)));
    }

    [Fact]
    public void The_labels_and_the_shape_of_the_gang_count()
    {
        var cell = new TestCell().Node("a", "H800", 8, rack: "r1").Node("b", "H800", 8, rack: "r2");
        cell.Place(Gang(8, Priority.Low));
        var there = cell.Place(Gang(8, Priority.Low));
        var labels = new Dictionary<string, string> { ["rack"] = "r2" };
        Assert.Equal([there.Number], Victims(cell, Gang(4, Priority.High) with { Labels = labels })!);
        Assert.Equal(2, Victims(cell, Gang(8, Priority.High) with { PerNode = 4 })!.Length);
    }

    private static long[]? Victims(TestCell cell, JobSpec spec)
    {
        var job = cell.Submit(spec);
        return Preemption.Victims(cell.State, job, job.Class.Home, new Holders(cell.State, cell.Now))
            ?.Select(v => v.Number).ToArray();
    }
}
