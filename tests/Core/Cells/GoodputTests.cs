using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>What of the devices' time was of use.</summary>
public sealed class GoodputTests
{
    private const double HourMs = 3_600_000;

    [Fact]
    public void A_gang_loses_what_it_did_since_its_last_checkpoint_and_the_loss_has_its_cause()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var gang = cell.Place(Gang(16) with { WorkHours = 1_600, Checkpoint = TimeSpan.FromHours(1) });
        Start(cell, gang);
        var runMs = RunMs(gang);
        var run = TimeSpan.FromMilliseconds(runMs / 16);
        cell.Now += TimeSpan.FromHours(3.25);
        cell.Accept(new RecordCheckpoint(gang.Number, 3 / run.TotalHours));
        cell.Accept(new LoseNode("a", 1, "it fell silent"));

        Assert.Equal(3 * 16, gang.Work.UsefulMs / HourMs, 6);
        Assert.Equal(0.25 * 16, gang.Work.LostMs / HourMs, 6);
        // The part on the other node broke with it, and for the same reason.
        Assert.Equal([(AllocationEnd.NodeLost, 4.0)], Lost(cell));
        Assert.Equal(3.25 * 16, gang.Work.HeldMs / HourMs, 6);
    }

    [Fact]
    public void A_checkpoint_that_a_gang_writes_as_it_leaves_takes_the_loss_back()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var gang = cell.Place(Gang(8) with { WorkHours = 800, Checkpoint = TimeSpan.FromHours(1) });
        Start(cell, gang);
        var run = TimeSpan.FromMilliseconds(RunMs(gang) / 8);
        cell.Now += TimeSpan.FromHours(2.5);
        cell.Accept(new RecordCheckpoint(gang.Number, 2 / run.TotalHours));
        cell.Place(Gang(8, Priority.Critical));
        Assert.Equal((0, 1), (gang.Allocations.Count, gang.Preemptions));
        Assert.Equal([(AllocationEnd.Preempted, 4.0)], Lost(cell));

        cell.Now += TimeSpan.FromMinutes(1);
        cell.Accept(new RecordCheckpoint(gang.Number, 2.5 / run.TotalHours));

        Assert.Equal(2.5 * 8, gang.Work.UsefulMs / HourMs, 6);
        Assert.Equal(0, gang.Work.LostMs, 3);
        Assert.Equal([(AllocationEnd.Preempted, 0.0)], Lost(cell));
    }

    [Fact]
    public void A_task_that_ends_early_loses_all_it_did_and_one_that_is_done_was_useful()
    {
        var cell = new TestCell().Node("a", "H20", 2);
        var tasks = cell.Place(Tasks(1, tasks: 2));
        Start(cell, tasks);
        cell.Now += TimeSpan.FromHours(1);
        cell.Accept(new ReportCompleted("a", 1));
        cell.Accept(new LoseNode("a", 1, "it fell silent"));

        Assert.Equal(1, tasks.Work.UsefulMs / HourMs, 6);
        Assert.Equal(1, tasks.Work.LostMs / HourMs, 6);
        Assert.Equal(HourMs, cell.State.Goodput.UsefulBatchMs, 3);
        Assert.Equal([(AllocationEnd.NodeLost, 1.0)], Lost(cell));
    }

    /// <summary>
    /// Gangs on two tiers, preempted, moved, failed and withdrawn at random. The nodes tell of their progress before
    /// each blow, so nothing may be lost beyond one interval of the checkpoint on the devices the gang had.
    /// </summary>
    [Fact]
    public void No_interruption_costs_more_than_the_work_of_one_checkpoint_interval()
    {
        int interruptions = 0, losses = 0, completions = 0;
        for (var seed = 1; seed <= 60; seed++)
        {
            var life = new GangLife(seed);
            while (life.Step())
                foreach (var (job, lost, devices) in life.Interrupted)
                {
                    interruptions++;
                    if (lost > 0) losses++;
                    var most = job.Spec.Checkpoint.TotalMilliseconds * devices;
                    Assert.True(lost <= most + 1, $"seed {seed}, step {life.Steps}: job {job.Number} lost "
                        + $"{lost / HourMs} device-hours of at most {most / HourMs}, on {devices} devices");
                }

            completions += (int)life.Cell.State.Counters.Completed;
            life.AssertBooks();
        }

        Assert.True(interruptions > 500 && losses > 250 && completions > 100,
            $"{interruptions} interruptions, {losses} losses, {completions} completions");
    }

    internal static void Start(TestCell cell, JobState job)
    {
        foreach (var allocation in job.Allocations.Values.Where(a => !a.Started).ToList())
            cell.Accept(new ReportStarted(allocation.Node.Id, allocation.Sequence));
    }

    private static double RunMs(JobState gang) => gang.Allocations.Values
        .Sum(a => a.Placed.RunTime.TotalMilliseconds * a.DeviceMilli / 1_000);

    private static IEnumerable<(AllocationEnd, double)> Lost(TestCell cell) =>
        cell.State.Goodput.LostMs.Select(l => (l.Key, Math.Round(l.Value / HourMs, 6)));
}
