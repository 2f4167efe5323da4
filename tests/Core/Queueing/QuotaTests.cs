using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Queueing;

public sealed class QuotaTests
{
    private static Policy With(params (string, string, TenantQuota)[] quotas) => RandomFleet.Policies[1] with
    {
        Queue = RandomFleet.Plain with { Quotas = new QuotaPolicy(quotas) },
    };

    private static readonly Policy Halves = With(
        ("owner", "frontier", new TenantQuota(50, 50)), ("neighbour", "frontier", new TenantQuota(25, 25)));

    [Fact]
    public void A_tenant_holds_its_nominal_quota_and_what_it_may_borrow_and_no_more()
    {
        var cell = Cell(Halves);
        var jobs = Enumerable.Range(0, 16).Select(_ => cell.Submit(Of("neighbour", 1))).ToList();
        cell.Cycle();
        Assert.Equal(8, jobs.Count(j => !j.Waits));
        var waiting = jobs.First(j => j.Waits);
        var refusal = QuotaCheck.WhyNot(cell.State, waiting, waiting.Class.Home[0], 1_000)!;
        Assert.Equal(Refusal.OverQuota, refusal.Code);
        Assert.Equal("tenant neighbour holds 8 devices of frontier in cell north and wants 1 more; its quota is 25% "
            + "and it may borrow 25% of the 16 that take work, together 8", refusal.Message);
    }

    [Fact]
    public void A_tenant_without_an_entry_only_borrows_and_a_tier_without_entries_has_no_quotas()
    {
        var cell = Cell(Halves).Node("c", "A800", 8);
        var stranger = cell.Place(Of("stranger", 16));
        Assert.False(stranger.Waits);
        Assert.Equal(16_000, QuotaCheck.BorrowedMilli(cell.State, "stranger", stranger.Class.Home[0].Tier));
        var elsewhere = cell.Place(Of("stranger", 8));
        Assert.Equal("c:8", Where(elsewhere));
        Assert.Equal(long.MaxValue, QuotaCheck.LimitMilli(cell.State, "stranger", elsewhere.Class.Home[1].Tier));
    }

    [Fact]
    public void An_owner_takes_back_what_was_borrowed_even_from_a_more_urgent_job()
    {
        var cell = Cell(Halves);
        var borrower = cell.Place(Of("stranger", 8) with { Priority = Priority.Critical });
        var other = cell.Place(Of("neighbour", 4));
        cell.Place(Of("neighbour", 4));
        cell.Now += TimeSpan.FromHours(1);
        var owner = cell.Place(Of("owner", 8) with { Priority = Priority.Low });
        Assert.False(owner.Waits);
        Assert.True(borrower.Waits);
        Assert.False(other.Waits);
        Assert.Contains("owner needs what was borrowed", borrower.Reason);
        Assert.Equal(0, borrower.Preemptions);
    }

    [Fact]
    public void An_owner_over_its_nominal_quota_takes_nothing_back()
    {
        var cell = Cell(Halves);
        cell.Place(Of("stranger", 8));
        cell.Place(Of("owner", 4));
        Assert.True(cell.Place(Of("owner", 8)).Waits);
        Assert.Equal(0, cell.State.Counters.Preempted);
    }

    [Fact]
    public void Who_is_furthest_over_its_quota_gives_back_first_and_keeps_what_is_its_own()
    {
        var cell = Cell(Halves);
        var neighbour = cell.Place(Of("neighbour", 6));
        var large = cell.Place(Of("stranger", 8));
        var small = cell.Place(Of("stranger", 2));
        var owner = cell.Place(Of("owner", 2));
        Assert.False(owner.Waits);
        // The small one loses as little as the large one per device, and less in all.
        Assert.True(small.Waits);
        Assert.False(large.Waits);
        Assert.False(neighbour.Waits);
    }

    [Fact]
    public void A_borrower_runs_for_the_minimum_run_time_and_not_for_longer_because_it_was_preempted()
    {
        var policy = Halves with
        {
            Queue = Halves.Queue with { Preemption = PreemptionPolicy.Default },
        };
        var cell = Cell(policy);
        var borrower = cell.Place(Of("stranger", 16));
        cell.Now += TimeSpan.FromMinutes(5);
        var owner = cell.Place(Of("owner", 8));
        Assert.True(owner.Waits);
        cell.Now += TimeSpan.FromMinutes(10);
        cell.Cycle();
        Assert.False(owner.Waits);
        Assert.True(borrower.Waits);
    }

    [Fact]
    public void Tasks_take_back_and_give_back_one_by_one()
    {
        var policy = With(("owner", "standard", new TenantQuota(50, 0)));
        var cell = new TestCell(policy).Node("a", "H20", 8);
        var service = cell.Place(Service(0, replicas: 8) with { Devices = 1, Tenant = "stranger" });
        Assert.Equal(8, service.Allocations.Count);
        var tasks = cell.Place(Tasks(1, tasks: 6) with { Tenant = "owner" });
        Assert.Equal(4, tasks.Allocations.Count);
        Assert.Equal(4, service.Allocations.Count);
    }

    [Fact]
    public void A_blocked_class_does_not_keep_an_owner_from_its_quota()
    {
        var cell = Cell(Halves);
        cell.Place(Of("stranger", 16));
        Assert.True(cell.Place(Of("second", 8)).Waits);
        var owner = cell.Place(Of("owner", 8));
        Assert.False(owner.Waits);
    }

    [Fact]
    public void An_elastic_gang_grows_no_further_than_its_quota()
    {
        var cell = Cell(Halves);
        var gang = cell.Place(Of("neighbour", 4) with { MaxDevices = 16 });
        Assert.Equal(8, gang.Allocations.Values.Sum(a => a.Placed.Ranks));
    }

    [Fact]
    public void Guests_are_outside_of_quotas()
    {
        var policy = RandomFleet.Policies[0] with
        {
            Queue = RandomFleet.Plain with
            {
                Quotas = new QuotaPolicy([("owner", "frontier", new TenantQuota(100, 0)),
                    ("guest", "frontier", new TenantQuota(0, 0))]),
            },
        };
        var cell = new TestCell(policy).Node("a", "H800", 8);
        var guest = cell.Place(Service(500, replicas: 4) with { Tenant = "guest" });
        Assert.Equal(4, guest.Allocations.Values.Count(a => a.Guest));
        Assert.Null(QuotaCheck.WhyNot(cell.State, guest, guest.Class.Guest[^1], 1_000));
    }

    [Fact]
    public void Another_cell_does_not_take_in_what_its_quota_forbids()
    {
        var cell = Cell(With(("owner", "frontier", new TenantQuota(100, 0)),
            ("visitor", "frontier", new TenantQuota(0, 25))));
        Assert.IsType<Rejected>(cell.Run(new AdoptJob("south-1", Of("visitor", 8), cell.Now, 0, 0)));
        Assert.IsType<Accepted>(cell.Run(new AdoptJob("south-2", Of("visitor", 4), cell.Now, 0, 0)));
    }

    private static TestCell Cell(Policy policy) => new TestCell(policy).Node("a", "H800", 8).Node("b", "H800", 8);

    private static JobSpec Of(string tenant, int devices) => Gang(devices) with
    {
        Tenant = tenant, Checkpoint = TimeSpan.FromMinutes(30),
    };
}
