using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>Who leaves for a single task. Policy 2 is home to batch where inference is a guest.</summary>
public sealed class TaskPreemptionTests
{
    private static readonly Policy Guarded = RandomFleet.Policies[0] with
    {
        Queue = new QueuePolicy { Ageing = TimeSpan.Zero },
    };

    [Fact]
    public void An_urgent_replica_takes_the_place_of_a_less_urgent_one_which_goes_on_as_a_guest()
    {
        var cell = new TestCell(Guarded).Node("home", "T4", 1).Node("lent", "H800", 1);
        var copy = cell.Place(Service(500, replicas: 2));
        Assert.Equal("home:1 home:1", Where(copy));

        var targeting = cell.Place(Urgent(Service(500)));
        cell.Cycle();

        Assert.Equal("home:1", Where(targeting));
        Assert.Equal("home:1 lent:1", Where(copy));
        Assert.Equal($"job {cell.State.NameOf(targeting)} took its place", copy.Reason);
        Assert.Equal(1, cell.State.Counters.Preempted);
    }

    [Fact]
    public void Nobody_leaves_for_an_equally_urgent_task_for_a_guest_or_against_the_policy()
    {
        var cell = new TestCell(Guarded).Node("home", "T4", 1);
        var first = cell.Place(Service(1_000 - 1));
        Assert.True(cell.Place(Service(500)).Waits);

        var away = new TestCell(Guarded).Node("lent", "H800", 1);
        var guest = away.Place(Service(999));
        Assert.True(away.Place(Urgent(Service(500))).Waits);

        var off = Guarded.Queue.Preemption with { Tasks = false };
        var without = Guarded with { Queue = Guarded.Queue with { Preemption = off } };
        var strict = new TestCell(without).Node("home", "T4", 1);
        var there = strict.Place(Service(999));
        Assert.True(strict.Place(Urgent(Service(500))).Waits);
        Assert.All([first, guest, there], job => Assert.Equal(0, job.Preemptions));
    }

    [Fact]
    public void A_guest_leaves_for_whoever_is_at_home_however_urgent_it_is()
    {
        var cell = new TestCell(RandomFleet.Policies[2]).Node("a", "A800", 2);
        var guest = cell.Place(Urgent(Service(0, replicas: 2) with { Devices = 1 }));
        Assert.All(guest.Allocations.Values, a => Assert.True(a.Guest));

        var tasks = cell.Place(Tasks(1) with { Priority = Priority.Low });

        Assert.Equal("a:1", Where(tasks));
        Assert.Single(guest.Allocations);
    }

    [Fact]
    public void Replicas_leave_before_batch_tasks_the_youngest_first_and_no_more_than_needed()
    {
        var cell = new TestCell(Guarded).Node("a", "T4", 4);
        var old = cell.Place(Tasks(1) with { Priority = Priority.Low });
        cell.Now += TimeSpan.FromMinutes(20);
        var young = cell.Place(Tasks(1) with { Priority = Priority.Low, Duration = TimeSpan.FromHours(2) });
        var service = cell.Place(Service(0, replicas: 2) with { Devices = 1, Priority = Priority.Low });
        cell.Now += TimeSpan.FromMinutes(20);

        cell.Place(Urgent(Service(0, replicas: 2) with { Devices = 1 }));
        Assert.Empty(service.Allocations);
        Assert.Equal((0, 0), (old.Preemptions, young.Preemptions));

        cell.Place(Urgent(Service(0) with { Devices = 1, MinMemoryMiB = 1 }));
        Assert.Equal((0, 1), (old.Preemptions, young.Preemptions));
    }

    [Fact]
    public void A_batch_task_runs_for_the_minimum_run_time_and_the_urgent_one_is_tried_again_when_that_is_over()
    {
        var cell = new TestCell(Guarded).Node("a", "T4", 1);
        var tasks = cell.Place(Tasks(1) with { Priority = Priority.Low });
        cell.Now += TimeSpan.FromMinutes(5);
        var urgent = cell.Place(Urgent(Service(500)));
        Assert.True(urgent.Waits);

        cell.Now += TimeSpan.FromMinutes(10);
        cell.Cycle();

        Assert.False(urgent.Waits);
        Assert.True(tasks.Waits);
    }

    [Fact]
    public void As_many_tasks_of_one_node_leave_as_it_takes()
    {
        // Six of them fill node a; six take two devices of b, where only the CPU is short.
        var cell = new TestCell(Guarded).Node("a", "T4", 2).Node("b", "T4", 4, cpuMilli: 4_000);
        var small = cell.Place(Service(300, replicas: 12) with { CpuMilli = 100, Priority = Priority.Low });
        Assert.Equal(6, small.Allocations.Values.Count(a => a.Node.Id == "b"));

        var whole = cell.Place(Urgent(Service(0) with { Devices = 2, CpuMilli = 3_700 }));

        Assert.Equal("b:2", Where(whole));
        Assert.Equal(9, small.Allocations.Count);
    }

    [Fact]
    public void Whoever_was_asked_first_and_does_not_help_stays()
    {
        var cell = new TestCell(Guarded).Node("a", "T4", 2);
        cell.Place(Service(600) with { Priority = Priority.High });
        var large = cell.Place(Service(900) with { Priority = Priority.Low });
        var small = cell.Place(Service(200) with { Priority = Priority.Low });

        Assert.False(cell.Place(Urgent(Service(800))).Waits);

        Assert.Equal((true, false), (large.Waits, small.Waits));
    }

    [Fact]
    public void A_gang_never_leaves_for_a_task()
    {
        var policy = RandomFleet.Policies[1];
        var cell = new TestCell(policy).Node("a", "H20", 8);
        var gang = cell.Place(Gang(8, Priority.Low));
        Assert.True(cell.Place(Urgent(Service(500))).Waits);
        Assert.False(gang.Waits);
    }

    [Fact]
    public void A_service_is_never_failed_whatever_its_replicas_did()
    {
        var cell = new TestCell(Guarded).Node("a", "T4", 1);
        var service = cell.Place(Service(500));
        for (var i = 0; i <= Limits.RetriesMax; i++)
        {
            cell.Force([.. Endings.Of(cell.State, [.. service.Allocations.Keys], AllocationEnd.Failed, "test")]);
            cell.Cycle();
        }

        Assert.Null(service.Ended);
    }

    private static JobSpec Urgent(JobSpec spec) => spec with { Priority = Priority.Critical };
}
