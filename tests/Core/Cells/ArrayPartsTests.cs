using Stockpile.Core.Commands;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>An array that has begun gives tasks that wait to parts, and ends when they have.</summary>
public sealed class ArrayPartsTests
{
    /// <summary>An array of six: two run, and four wait.</summary>
    private static TestCell Begun(out JobState array)
    {
        var cell = new TestCell().Node("a", "T4", 2);
        array = cell.Place(Tasks(1, tasks: 6));
        Assert.Equal((2, 4), (array.Allocations.Count, array.Unplaced.Count));
        return cell;
    }

    private static JobState Part(TestCell cell, JobState array, int tasks)
    {
        cell.Accept(new SplitArray(array.Number, tasks));
        return cell.State.FindJob(cell.State.NextJob - 1)!;
    }

    private static void Finish(TestCell cell, JobState job)
    {
        foreach (var a in job.Allocations.Values.ToList()) cell.Accept(new ReportCompleted(a.Node.Id, a.Sequence));
    }

    [Fact]
    public void A_part_takes_the_last_tasks_that_wait_and_waits_as_a_whole()
    {
        var cell = Begun(out var array);
        var part = Part(cell, array, 3);
        Assert.Equal([3, 4, 5], array.Parts[part.Number].Tasks);
        Assert.Equal((1, 3, 3), (array.Unplaced.Count, part.Unplaced.Count, part.Spec.Tasks));
        Assert.Equal(("north-1", true, false), (part.PartOf, part.MayMove, array.MayMove));
    }

    [Fact]
    public void The_array_is_done_when_its_parts_are()
    {
        var cell = Begun(out var array);
        var part = Part(cell, array, 4);
        Finish(cell, array);
        Assert.Equal((JobPhase.Running, 2), (array.Phase, array.TasksDone));
        cell.Accept(new EndPart(part.Number, JobPhase.Completed, 4, ""));
        Assert.Equal((JobPhase.Completed, 6), (array.Phase, array.TasksDone));
        Assert.IsType<AlreadyDone>(cell.Run(new EndPart(part.Number, JobPhase.Completed, 4, "")));
        Assert.Equal(1, cell.State.Counters.Completed);
    }

    [Fact]
    public void The_array_goes_on_while_a_part_is_done_already()
    {
        var cell = Begun(out var array);
        var part = Part(cell, array, 4);
        cell.Accept(new EndPart(part.Number, JobPhase.Completed, 4, ""));
        Assert.Equal((JobPhase.Placed, 4), (array.Phase, array.TasksDone));
        Finish(cell, array);
        Assert.Equal(JobPhase.Completed, array.Phase);
    }

    [Theory]
    [InlineData(JobPhase.Failed, "its part north-2 failed: broken")]
    [InlineData(JobPhase.Cancelled, "its part north-2 was cancelled")]
    public void What_a_part_cannot_do_the_array_cannot(JobPhase how, string reason)
    {
        var cell = Begun(out var array);
        var part = Part(cell, array, 2);
        cell.Accept(new EndPart(part.Number, how, 1, "broken"));
        Assert.Equal((JobPhase.Failed, reason, 0), (array.Phase, array.Reason, cell.State.Allocations.Count));
    }

    [Fact]
    public void A_part_goes_to_another_cell_with_what_its_tasks_have_failed()
    {
        var cell = Begun(out var array);
        cell.Force([.. Endings.Of(cell.State, [1], AllocationEnd.Failed, "test")]);
        var part = Part(cell, array, 5);
        Assert.Equal([0], part.Failures.Keys);
        var other = new TestCell().Node("b", "T4", 8);
        other.Accept(new AdoptJob("north-2", part.Spec, part.SubmittedAt, 0, 0)
        {
            PartOf = part.PartOf, Failures = [new TaskFailures(0, 1)],
        });
        var there = other.State.FindAdopted("north-2")!;
        Assert.Equal((1, "north-1"), (there.FailuresOf(0), there.PartOf));
    }

    [Fact]
    public void A_snapshot_keeps_the_parts()
    {
        var cell = Begun(out var array);
        var open = Part(cell, array, 1);
        var ended = Part(cell, array, 2);
        cell.Accept(new EndPart(ended.Number, JobPhase.Completed, 2, ""));
        var copy = CellState.Restore(cell.State.Capture(), cell.State.Catalog, cell.State.Policy);
        var restored = copy.FindJob(array.Number)!;
        Assert.Equal((2, 1), (restored.TasksDone, restored.Unplaced.Count));
        Assert.Equal([open.Number], copy.OpenParts.Keys);
        Assert.Equal("north-1", copy.FindJob(open.Number)!.PartOf);
    }

    [Fact]
    public void What_has_not_begun_goes_as_a_whole_and_parts_are_few()
    {
        var cell = new TestCell().Node("a", "T4", 2);
        cell.Place(Tasks(1, tasks: 2));
        var whole = cell.Submit(Tasks(1, tasks: 40));
        Assert.IsType<AlreadyDone>(cell.Run(new SplitArray(whole.Number, 4)));
        var begun = Begun(out var array);
        for (var i = 0; i < Limits.PartsPerJobMax + 4; i++) begun.Run(new SplitArray(array.Number, 1));
        Assert.Equal((4, 0), (array.Parts.Count, array.Unplaced.Count));
    }
}
