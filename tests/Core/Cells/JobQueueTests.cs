using CsCheck;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class JobQueueTests
{
    [Fact]
    public void The_queue_goes_by_priority_then_kind_then_arrival()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "T4", 1);
        long[] Numbers(params JobSpec[] specs) => [.. specs.Select(s => cell.Submit(s).Number)];
        var n = Numbers(
            Tasks(1), Service(500), Gang(1), Gang(2), Gang(1, Priority.Low), Tasks(1) with { Priority = Priority.High },
            Service(500) with { Priority = Priority.Critical }, Gang(1, Priority.High));
        Assert.Equal([n[6], n[7], n[5], n[2], n[3], n[1], n[0], n[4]], cell.State.Queue.InOrder());
        Assert.Equal(
            [0, 1, 2, 3, 4, 5, 6, 7],
            cell.State.Queue.InOrder().Select(number => cell.State.Queue.Ahead(cell.State.FindJob(number)!)));
        Assert.Equal(4, cell.State.Queue.Count(JobKind.Training));
        Assert.True(cell.State.Queue.TrainingWaitsFor("frontier"));
        Assert.False(cell.State.Queue.TrainingWaitsFor("basic"));
    }

    [Fact]
    public void A_head_that_does_not_fit_holds_up_its_own_class_only()
    {
        var cell = new TestCell().Node("a", "H800", 4).Node("b", "H800", 8);
        cell.Place(Gang(8, Priority.Critical));
        var large = cell.Submit(Gang(8, Priority.Critical));
        var small = cell.Place(Gang(1, Priority.Low));
        Assert.True(large.Waits);
        Assert.False(small.Waits);
    }

    [Fact]
    public void Keys_are_in_a_total_order()
    {
        var key = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Long[1, 5],
            (priority, share, kind, number) =>
                new QueueKey((Priority)priority, share / 4.0, (JobKind)kind, number));
        Gen.Select(key, key, key).Sample((a, b, c) =>
        {
            Assert.Equal(Math.Sign(a.CompareTo(b)), -Math.Sign(b.CompareTo(a)));
            Assert.Equal(a == b, a.CompareTo(b) == 0);
            if (a.CompareTo(b) <= 0 && b.CompareTo(c) <= 0) Assert.True(a.CompareTo(c) <= 0);
        }, seed: "0000000000000", iter: 5_000);
    }
}
