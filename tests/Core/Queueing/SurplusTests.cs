using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>What elastic gangs have above the size they asked for is given back to whoever waits.</summary>
public sealed class SurplusTests
{
    private static readonly Policy Policy = RandomFleet.Policies[0] with
    {
        Training = new KindPolicy(["frontier", "standard"], []), Inference = new KindPolicy(["standard"], []),
        Batch = new KindPolicy(["standard"], []), Queue = new QueuePolicy { Ageing = TimeSpan.Zero },
    };

    private static JobSpec Elastic(Priority priority = Priority.Normal) => Gang(4) with
    {
        MinDevices = 2, MaxDevices = 8, Priority = priority, WorkHours = 10_000, Checkpoint = TimeSpan.FromMinutes(10),
    };

    private static int Devices(JobState job) => job.Allocations.Values.Sum(a => a.Placed.Ranks);

    private static TestCell Cell(string model)
    {
        var cell = new TestCell(Policy).Node("a", model, 8);
        cell.Now = Midnight.AddMinutes(1);
        return cell;
    }

    [Fact]
    public void To_a_gang_of_its_own_class_as_much_as_that_asked_for()
    {
        var cell = Cell("H800");
        var elastic = cell.Place(Elastic());
        Assert.Equal(8, Devices(elastic));
        cell.Now += TimeSpan.FromMinutes(30);
        var equal = cell.Place(Gang(4));
        Assert.Equal((4, 4), (Devices(elastic), Devices(equal)));
        // What it asked for is its own among equals.
        Assert.True(cell.Place(Gang(2)).Waits);
        var urgent = cell.Place(Gang(2, Priority.High));
        Assert.True(urgent.Waits);
        // A gang that was resized just now is left alone for a while.
        cell.Now += TimeSpan.FromMinutes(11);
        cell.Cycle();
        Assert.False(urgent.Waits);
        Assert.Equal(2, Devices(elastic));
    }

    [Theory]
    [InlineData(Priority.Normal, 4)]
    [InlineData(Priority.Critical, 2)]
    public void To_replicas_tasks_and_shares_down_to_its_wish_or_for_a_higher_class_to_its_least(
        Priority priority, int left)
    {
        var cell = Cell("H20");
        var elastic = cell.Place(Elastic() with { Models = ["H20"] });
        Assert.Equal(8, Devices(elastic));
        foreach (var spec in new[]
            {
                Service(0, replicas: 2) with { Devices = 1 }, Tasks(1), Service(500) with { Models = ["H20"] },
                Tasks(1, tasks: 5),
            })
        {
            cell.Now += TimeSpan.FromMinutes(30);
            cell.Submit(spec with { Priority = priority });
            while (cell.Cycle().More)
            {
            }
        }

        for (var i = 0; i < 6; i++)
        {
            cell.Now += TimeSpan.FromMinutes(30);
            cell.Cycle();
        }

        Assert.Equal(left, Devices(elastic));
        Assert.Equal(0, cell.State.Counters.Preempted);
    }

    [Fact]
    public void Not_to_a_lower_class()
    {
        var cell = Cell("H800");
        var elastic = cell.Place(Elastic());
        cell.Now += TimeSpan.FromMinutes(30);
        Assert.True(cell.Place(Gang(4, Priority.Low)).Waits);
        Assert.Equal(8, Devices(elastic));
    }

    [Fact]
    public void A_job_over_its_quota_keeps_nobody_from_growing_into_what_is_idle()
    {
        var policy = Policy with
        {
            Queue = Policy.Queue with { Quotas = new QuotaPolicy([("poor", "frontier", new TenantQuota(0, 0))]) },
        };
        var cell = new TestCell(policy).Node("a", "H800", 8);
        var first = cell.Place(Gang(4));
        var elastic = cell.Place(Elastic());
        Assert.Equal(4, Devices(elastic));
        Assert.True(cell.Place(Gang(2) with { Tenant = "poor", Models = ["H800"] }).Waits);
        cell.Accept(new CancelJob(first.Number));
        cell.Now += TimeSpan.FromMinutes(30);
        cell.Cycle();
        Assert.Equal(8, Devices(elastic));
    }
}
