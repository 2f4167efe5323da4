using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class DefragmentationTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(30);

    [Fact]
    public void A_replica_moves_beside_another_so_that_a_whole_task_finds_room()
    {
        var (cell, replicas) = HalfUsed(budget: 1);
        cell.Now += Interval;
        var task = cell.Place(Tasks(1));
        Assert.False(task.Waits);
        Assert.Equal(1, cell.State.Counters.Migrations);
        Assert.Equal(2, replicas.Sum(j => j.Allocations.Count));
        Assert.Single(replicas.SelectMany(j => j.Allocations.Values).Select(a => a.Node.Id).Distinct());
        Assert.Contains(replicas, j => j.Reason == $"a task moved to node {j.Allocations.Values.Single().Node.Id}, "
            + "so that job north-4 finds room");
    }

    [Fact]
    public void Nobody_moves_before_the_interval_or_beyond_the_budget()
    {
        var (cell, _) = HalfUsed(budget: 1);
        cell.Now += Interval - TimeSpan.FromSeconds(1);
        Assert.True(cell.Place(Tasks(1)).Waits);
        Assert.Equal(0, cell.State.Counters.Migrations);

        (cell, _) = HalfUsed(budget: 0.5);
        cell.Now += Interval;
        Assert.True(cell.Place(Tasks(1)).Waits);
        Assert.Equal(0, cell.State.Counters.Migrations);
    }

    [Fact]
    public void A_batch_task_moves_only_while_it_has_little_to_lose()
    {
        foreach (var (hours, waits) in new[] { (1, true), (10, false) })
        {
            var (cell, _) = HalfUsed(budget: 1, batch: TimeSpan.FromHours(hours));
            cell.Now += Interval;
            Assert.Equal(waits, cell.Place(Tasks(1)).Waits);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_quotas_a_task_stays_on_its_tier(bool quotas)
    {
        var policy = RandomFleet.Policies[0] with
        {
            Placement = new PlacementPolicy { MigrationBudget = 1, MigrationInterval = Interval },
            Queue = RandomFleet.Plain with
            {
                Quotas = quotas ? new QuotaPolicy([("other", "standard", new TenantQuota(0, 0))]) : QuotaPolicy.None,
            },
        };
        var cell = new TestCell(policy).Node("a", "T4", 1).Node("b", "A10", 1);
        var replica = cell.Place(Service(500) with { Guest = false });
        Assert.Equal("a:1", Where(replica));
        cell.Place(Service(500) with { Guest = false, Models = ["A10"] });
        cell.Now += Interval;
        Assert.Equal(quotas, cell.Place(Tasks(1) with { Models = ["T4"] }).Waits);
        Assert.Equal(quotas ? "a:1" : "b:1", Where(replica));
    }

    /// <summary>Two nodes of one device, both half used, by replicas or by batch tasks.</summary>
    private static (TestCell Cell, List<JobState> Jobs) HalfUsed(double budget, TimeSpan? batch = null)
    {
        var policy = RandomFleet.Policies[0] with
        {
            Placement = new PlacementPolicy { MigrationBudget = budget, MigrationInterval = Interval },
        };
        var cell = new TestCell(policy).Node("a", "T4", 1).Node("b", "T4", 1);
        JobSpec Half() => batch is { } runTime
            ? Tasks(0) with { ShareMilli = 500, Duration = runTime, Guest = false }
            : Service(500) with { Guest = false };
        var jobs = new List<JobState> { cell.Place(Half()), cell.Place(Half()), cell.Place(Half()) };

        // Of the two that share a device one leaves.
        var shared = jobs.GroupBy(j => j.Allocations.Values.Single().Node.Id).Single(g => g.Count() == 2).First();
        cell.Accept(new CancelJob(shared.Number));
        jobs.Remove(shared);
        return (cell, jobs);
    }
}
