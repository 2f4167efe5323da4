using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>The end of work and the decision that it has to leave meet in one instant: what was done counts.</summary>
public sealed class LateReportsTests
{
    private static void End(TestCell cell, JobState job, AllocationEnd end = AllocationEnd.Preempted) =>
        cell.Force([.. Endings.Of(cell.State, [.. job.Allocations.Keys], end, "test")]);

    private static TestCell Running(JobSpec spec, out JobState job)
    {
        var cell = new TestCell().Node("a", "T4", 2).Node("b", "H800", 8);
        job = cell.Place(spec);
        foreach (var a in job.Allocations.Values.ToList()) cell.Accept(new ReportStarted(a.Node.Id, a.Sequence));
        return cell;
    }

    [Theory]
    [InlineData(AllocationEnd.Preempted)]
    [InlineData(AllocationEnd.Reclaimed)]
    [InlineData(AllocationEnd.Drained)]
    [InlineData(AllocationEnd.NodeLost)]
    public void A_task_that_was_done_as_it_was_told_to_leave_counts(AllocationEnd end)
    {
        var cell = Running(Tasks(1, tasks: 2), out var job);
        End(cell, job, end);
        Assert.Equal(2, job.Unplaced.Count);

        cell.Accept(new ReportDoneLate(job.Number, 1, 2));
        Assert.Equal([1], job.Finished);
        cell.Accept(new ReportDoneLate(job.Number, 0, 1));

        Assert.Equal(JobPhase.Completed, job.Phase);
        Assert.IsType<AlreadyDone>(cell.Run(new ReportDoneLate(job.Number, 0, 1)));
    }

    [Fact]
    public void It_is_stopped_where_it_was_placed_again_and_counts_once()
    {
        var cell = Running(Tasks(1, tasks: 2), out var job);
        End(cell, job);
        cell.Cycle();
        Assert.Equal(2, job.Allocations.Count);

        cell.Accept(new ReportDoneLate(job.Number, 0, 1));

        Assert.Equal([0], job.Finished);
        Assert.Equal(1, Assert.Single(job.Allocations).Value.Placed.Task);
        Assert.IsType<AlreadyDone>(cell.Run(new ReportDoneLate(job.Number, 0, 1)));
    }

    [Fact]
    public void What_a_user_has_cancelled_stays_cancelled()
    {
        var cell = Running(Tasks(1, tasks: 1), out var job);
        cell.Accept(new CancelJob(job.Number));
        Assert.IsType<AlreadyDone>(cell.Run(new ReportDoneLate(job.Number, 0, 1)));
        Assert.Equal(JobPhase.Cancelled, job.Phase);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_gang_that_waits_and_has_nothing_left_to_do_is_done(bool placedAgain)
    {
        var cell = Running(Gang(8), out var job);
        End(cell, job);
        if (placedAgain) cell.Cycle();
        Assert.Equal(placedAgain ? 1 : 0, job.Allocations.Count);

        cell.Accept(new RecordCheckpoint(job.Number, 1));

        Assert.Equal((JobPhase.Completed, 0), (job.Phase, cell.State.Allocations.Count));
    }

    [Fact]
    public void A_gang_that_runs_ends_when_its_nodes_say_so()
    {
        var cell = Running(Gang(8), out var job);
        cell.Accept(new RecordCheckpoint(job.Number, 1));
        Assert.Equal(JobPhase.Running, job.Phase);
    }

    [Fact]
    public void A_gang_that_was_done_as_it_left_its_cell_is_done_where_it_came()
    {
        var cell = new TestCell().Node("b", "H800", 8);
        cell.Accept(new AdoptJob("south-1", Gang(8), cell.Now, 0.5, 1));
        var job = cell.State.FindAdopted("south-1")!;
        cell.Accept(new SettleAdoption("south-1", Confirmed: true, 0.5, 1) { Safe = 1 });
        Assert.Equal((JobPhase.Completed, false), (job.Phase, job.Held));
    }
}
