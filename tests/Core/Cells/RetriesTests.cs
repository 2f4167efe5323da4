using Stockpile.Core.Commands;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>A limit of retries belongs to one task and to the user; what is taken from a job is no failure.</summary>
public sealed class RetriesTests
{
    [Theory]
    [InlineData(AllocationEnd.NodeLost)]
    [InlineData(AllocationEnd.Preempted)]
    [InlineData(AllocationEnd.Reclaimed)]
    [InlineData(AllocationEnd.Drained)]
    public void What_is_taken_from_a_job_never_fails_it(AllocationEnd end)
    {
        var cell = new TestCell().Node("a", "T4", 2);
        var array = cell.Place(Tasks(1, tasks: 3) with { Retries = 0 });
        for (var i = 0; i < 1_500; i++)
        {
            End(cell, array, [array.Allocations.Keys.Last()], end);
            cell.Cycle();
        }

        Assert.Null(array.Ended);
        Assert.Equal(1_500, array.Requeues);
        Assert.Empty(array.Failures);
    }

    [Fact]
    public void A_gang_that_loses_its_nodes_never_fails()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var gang = cell.Place(Gang(8) with { Retries = 0 });
        for (var i = 0; i < 1_500; i++)
        {
            cell.Accept(new LoseNode("a", 0, "test"));
            cell.Accept(Admit("a", "H800", 8, incarnation: i + 2));
            cell.Cycle();
        }

        Assert.Null(gang.Ended);
        Assert.Equal(1_500, gang.Requeues);
    }

    [Fact]
    public void The_failures_of_different_tasks_do_not_add_up()
    {
        var cell = new TestCell().Node("a", "T4", 1);
        var array = cell.Place(Tasks(1, tasks: 50) with { Retries = 1 });
        for (var i = 0; i < 50; i++)
        {
            End(cell, array, [array.Allocations.Keys.Single()], AllocationEnd.Failed);
            cell.Cycle();
            cell.Accept(new ReportCompleted("a", array.Allocations.Keys.Single()));
            cell.Cycle();
        }

        Assert.Equal((JobPhase.Completed, 50), (array.Phase, array.Failures.Count));
    }

    [Fact]
    public void A_task_that_fails_once_too_often_fails_its_job_which_says_which_and_why()
    {
        var cell = new TestCell().Node("a", "T4", 2);
        var array = cell.Place(Tasks(1, tasks: 2) with { Retries = 2 });
        for (var i = 0; i < 2; i++)
        {
            End(cell, array, [Of(array, task: 1)], AllocationEnd.Failed);
            cell.Cycle();
            Assert.Equal(2, array.Allocations.Count);
        }

        End(cell, array, [Of(array, task: 0), Of(array, task: 1)], AllocationEnd.Failed);

        Assert.Equal(JobPhase.Failed, array.Phase);
        Assert.Equal("task 1 failed 3 times, with retries = 2, last because test", array.Reason);
        Assert.Empty(array.Allocations);
    }

    [Fact]
    public void A_gang_fails_as_one_task_and_counts_anew_when_it_got_on()
    {
        var cell = new TestCell().Node("a", "H800", 4).Node("b", "H800", 4);
        var gang = cell.Place(Gang(8) with { Retries = 1, Checkpoint = TimeSpan.FromHours(1) });
        for (var i = 1; i <= 5; i++)
        {
            // Both parts break off: one failure.
            End(cell, gang, [.. gang.Allocations.Keys], AllocationEnd.Failed);
            Assert.Equal(1, gang.FailuresOf(0));
            cell.Cycle();
            cell.Accept(new RecordCheckpoint(gang.Number, i / 10.0));
            Assert.Empty(gang.Failures);
        }

        End(cell, gang, [gang.Allocations.Keys.First()], AllocationEnd.Failed);
        cell.Cycle();
        End(cell, gang, [gang.Allocations.Keys.First()], AllocationEnd.Failed);
        Assert.Equal("the gang failed 2 times, with retries = 1, last because test", gang.Reason);
    }

    [Fact]
    public void Work_that_breaks_off_on_a_node_that_goes_on_has_failed()
    {
        var cell = new TestCell().Node("a", "T4", 1);
        var task = cell.Place(Tasks(1) with { Retries = 0 });
        cell.Accept(new ReportStarted("a", 1));
        cell.Accept(Admit("a", "T4", 1, incarnation: 1));

        Assert.Equal("task 0 failed 1 time, with retries = 0, last because node a no longer runs it", task.Reason);
    }

    [Fact]
    public void A_snapshot_knows_the_failures()
    {
        var cell = new TestCell().Node("a", "T4", 2);
        var array = cell.Place(Tasks(1, tasks: 2));
        End(cell, array, [Of(array, task: 1)], AllocationEnd.Failed);

        var state = CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, RandomFleet.Policies[0]);

        Assert.Equal((1, 0), (state.FindJob(1)!.FailuresOf(1), state.FindJob(1)!.FailuresOf(0)));
    }

    private static long Of(JobState job, int task) =>
        job.Allocations.Values.Single(a => a.Placed.Task == task).Sequence;

    private static AdmitNode Admit(string node, string model, int devices, long incarnation) =>
        new(new NodeAdmitted(
            node, "host", incarnation, model, devices, 128_000, 1_048_576, new Dictionary<string, string>()), []);

    private static void End(TestCell cell, JobState job, long[] sequences, AllocationEnd end)
    {
        Assert.Null(job.Ended);
        cell.Force([.. Endings.Of(cell.State, sequences, end, "test")]);
    }
}
