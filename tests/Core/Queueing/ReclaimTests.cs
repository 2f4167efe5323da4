using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells;
using Stockpile.Tests.Shared;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>What an owner takes back, from whom, and how much of it.</summary>
public sealed class ReclaimTests
{
    /// <summary>Everybody is at home on one tier, and both own a half of it.</summary>
    private static Policy Halves(int owner = 50, int other = 50, string tier = "frontier") =>
        new("halves", new KindPolicy([tier], []), new KindPolicy([tier], []), new KindPolicy([tier], []))
    {
        Gangs = RandomFleet.NoLinks,
        Backfill = BackfillPolicy.Off,
        Queue = new QueuePolicy
        {
            Quotas = new QuotaPolicy(
            [
                ("owner", tier, new TenantQuota(owner, 100)), ("other", tier, new TenantQuota(other, 100)),
            ]),
        },
    };

    private static JobSpec Elastic(string tenant) => Gang(16) with
    {
        Tenant = tenant, MinDevices = 2, MaxDevices = 16, WorkHours = 100_000, Checkpoint = TimeSpan.FromMinutes(10),
    };

    private static int Devices(JobState job) => job.Allocations.Values.Sum(a => a.DeviceMilli) / 1000;

    private static void Pass(TestCell cell, TimeSpan time, TimeSpan step)
    {
        for (var end = cell.Now + time; cell.Now < end;)
        {
            cell.Now += step;
            while (cell.Cycle().More)
            {
            }
        }
    }

    [Fact]
    public void Two_elastic_gangs_share_what_they_own_and_never_take_it_from_each_other_again()
    {
        var cell = new TestCell(Halves()).Node("a", "H800", 8).Node("b", "H800", 8);
        var first = cell.Place(Elastic("other"));
        Assert.Equal(16, Devices(first));
        cell.Now += TimeSpan.FromHours(1);
        var second = cell.Place(Elastic("owner"));
        Assert.Equal((8, 8), (Devices(first), Devices(second)));
        Assert.Contains("shrank from 16 to 8 devices because tenant owner needs", first.Reason);
        Pass(cell, TimeSpan.FromHours(20), TimeSpan.FromMinutes(5));
        Assert.Equal((8, 8), (Devices(first), Devices(second)));
        Assert.Equal((0, 0), (cell.State.Counters.Requeued, cell.State.Counters.Preempted));
    }

    [Fact]
    public void An_elastic_gang_of_the_owner_takes_no_more_than_is_its_own_when_a_rigid_one_has_to_leave_for_it()
    {
        var cell = new TestCell(Halves()).Node("a", "H800", 8).Node("b", "H800", 8);
        var rigid = cell.Place(Gang(16) with { Tenant = "other", WorkHours = 100_000 });
        cell.Now += TimeSpan.FromHours(1);
        var owner = cell.Place(Elastic("owner"));
        Assert.True(rigid.Waits);
        Assert.Equal(8, Devices(owner));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Priority_pushes_nobody_out_of_what_another_tenant_owns(int shape)
    {
        JobSpec Of(int devices) => shape switch
        {
            0 => Tasks(1, tasks: devices),
            1 => Gang(devices) with { WorkHours = 4_000 },
            _ => Gang(devices) with
            {
                WorkHours = 4_000, MinDevices = Math.Min(2, devices), Checkpoint = TimeSpan.FromMinutes(10),
            },
        };
        var cell = new TestCell(Halves(tier: "advanced")).Node("a", "A800", 8).Node("b", "V100", 8);
        var owner = cell.Place(Of(8) with { Tenant = "owner", Priority = Priority.Low, Models = ["A800"] });
        cell.Now += TimeSpan.FromHours(1);
        // It has a right to devices too, but not to these.
        var urgent = cell.Place(Of(1) with { Tenant = "other", Priority = Priority.Critical, Models = ["A800"] });
        Assert.Equal((8, 0), (Devices(owner), Devices(urgent)));
        // What is borrowed it gets.
        cell.Place(Tasks(1, tasks: 1) with { Tenant = "owner", Models = ["V100"] });
        cell.Now += TimeSpan.FromHours(1);
        cell.Cycle();
        Assert.Equal(1, Devices(urgent));
    }

    [Fact]
    public void An_owner_is_not_kept_from_its_own_by_the_claim_of_a_more_urgent_gang()
    {
        var cell = new TestCell(Halves()).Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(8) with { Tenant = "stranger", WorkHours = 8 * 0.2 });
        cell.Place(Gang(2) with { Tenant = "other", Priority = Priority.Critical, WorkHours = 100_000 });
        var claims = cell.Place(Gang(12) with { Tenant = "other", Priority = Priority.Critical, WorkHours = 100_000 });
        Assert.True(claims.Waits);
        var owner = cell.Place(Gang(6) with { Tenant = "owner", Priority = Priority.Low, WorkHours = 100_000 });
        Assert.Equal(6, Devices(owner));
    }

    [Fact]
    public void An_elastic_gang_borrows_nothing_that_somebody_with_a_right_waits_for()
    {
        var cell = new TestCell(Halves()).Node("a", "H800", 8).Node("b", "H800", 8);
        var first = cell.Submit(Elastic("other"));
        var second = cell.Submit(Elastic("owner"));
        cell.Cycle();
        Assert.Equal((8, 8), (Devices(first), Devices(second)));
        Assert.Equal(0, cell.State.Counters.Requeued);
    }

    public static TheoryData<string, string> Shapes()
    {
        var data = new TheoryData<string, string>();
        foreach (var holder in new[] { "gang", "elastic gang", "tasks", "shares", "replicas", "small replicas" })
            foreach (var owner in new[] { "gang", "elastic gang", "tasks", "shares", "replicas", "small replicas" })
                data.Add(holder, owner);
        return data;
    }

    private static JobSpec Shape(string shape, string tenant) => (shape switch
    {
        "gang" => Gang(2) with { WorkHours = 100_000 },
        "elastic gang" => Elastic(tenant) with { Devices = 4, MinDevices = 1, MaxDevices = 8 },
        "tasks" => Tasks(1, tasks: 8) with { Duration = TimeSpan.FromDays(30) },
        "shares" => Tasks(0, tasks: 24) with { ShareMilli = 300, Duration = TimeSpan.FromDays(30) },
        "replicas" => Service(0, replicas: 8) with { Devices = 1 },
        _ => Service(300, replicas: 24),
    }) with { Tenant = tenant };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_shape_of_holder_gives_back_to_every_shape_of_owner(string holder, string owner)
    {
        var cell = new TestCell(Halves()).Node("a", "H800", 8);
        for (var i = 0; i < 4; i++) cell.Place(Shape(holder, "other"));
        var tier = cell.State.Catalog.FindTier("frontier")!;
        Assert.True(cell.State.Tenants.UseMilli("other", tier) >= 7_200);
        cell.Now += TimeSpan.FromHours(1);
        for (var i = 0; i < 4; i++) cell.Submit(Shape(owner, "owner"));
        Pass(cell, TimeSpan.FromHours(2), TimeSpan.FromMinutes(5));
        // Three shares of 300 fit on a device, so what is left of each belongs to nobody.
        Assert.InRange(cell.State.Tenants.UseMilli("owner", tier), 3_300, 4_000);
        Assert.InRange(cell.State.Tenants.UseMilli("other", tier), 3_600, 4_400);
        var moved = cell.State.Counters.Requeued;
        Pass(cell, TimeSpan.FromHours(10), TimeSpan.FromMinutes(5));
        Assert.Equal(moved, cell.State.Counters.Requeued);
    }

    [Fact]
    public void A_right_to_half_a_device_is_taken_back_in_shares()
    {
        var cell = new TestCell(Halves(owner: 25, other: 25)).Node("a", "H800", 2);
        for (var i = 0; i < 4; i++) cell.Place(Service(500) with { Tenant = "other" });
        cell.Now += TimeSpan.FromHours(1);
        var owner = cell.Place(Service(500) with { Tenant = "owner" });
        Assert.False(owner.Waits);
        Assert.True(cell.Place(Service(500) with { Tenant = "owner" }).Waits);
    }

    [Fact]
    public void The_histories_with_quotas_and_reservations_come_to_an_end_at_every_instant()
    {
        Policy Both(Policy policy) => policy with
        {
            Backfill = BackfillPolicy.On,
            Queue = policy.Queue with { Quotas = RandomFleet.Policies[^1].Queue.Quotas },
        };
        for (var seed = 1; seed <= (Suite.IsFast ? 10 : 40); seed++)
        {
            var history = new CellHistory(seed, Both);
            while (history.Step())
            {
            }
        }
    }
}
