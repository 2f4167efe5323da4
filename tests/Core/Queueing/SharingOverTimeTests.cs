using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>Fairness over hours: what a tenant has used counts, and a promise keeps its place.</summary>
public sealed class SharingOverTimeTests
{
    private static readonly Policy Shipped = RandomFleet.Policies[0] with
    {
        Backfill = BackfillPolicy.On, Queue = new QueuePolicy { Ageing = TimeSpan.Zero },
    };

    private static JobSpec Hour(string tenant, int devices = 8) => Gang(devices) with
    {
        Tenant = tenant, WorkHours = devices, Models = ["H800"],
    };

    /// <summary>Time passes until the next job ends; all that ends then is done, and a cycle runs.</summary>
    private static void Next(TestCell cell)
    {
        cell.Now = cell.State.Allocations.Values.Min(a => a.PlacedAt + a.Placed.RunTime);
        foreach (var allocation in cell.State.Allocations.Values
            .Where(a => a.PlacedAt + a.Placed.RunTime <= cell.Now).ToList())
            cell.Accept(new ReportCompleted(allocation.Node.Id, allocation.Sequence));
        cell.Cycle();
    }

    [Fact]
    public void A_tenant_whose_gang_has_just_ended_is_not_the_one_that_has_nothing()
    {
        var cell = new TestCell(Shipped with { Backfill = BackfillPolicy.Off }).Node("a", "H800", 8);
        for (var i = 0; i < 40; i++) cell.Submit(Hour("crowd"));
        cell.Cycle();
        Next(cell);
        var one = cell.Submit(Hour("research"));
        Next(cell);
        Assert.False(one.Waits);
    }

    [Fact]
    public void In_a_steady_overload_hours_are_as_weights_over_a_day()
    {
        var policy = Shipped with
        {
            Queue = Shipped.Queue with
            {
                Weights = new Dictionary<string, double> { ["heavy"] = 3 },
            },
        };
        var cell = new TestCell(policy).Node("a", "H800", 8).Node("b", "H800", 8);
        for (var i = 0; i < 400; i++)
        {
            cell.Submit(Hour("heavy", devices: 4));
            cell.Submit(Hour("light", devices: 8) with { WorkHours = 16 });
        }

        cell.Cycle();
        var began = cell.Now;
        while (cell.Now < began + TimeSpan.FromHours(48)) Next(cell);
        double Hours(string tenant) => cell.State.Jobs.Values.Where(j => j.Spec.Tenant == tenant && j.Ended is not null)
            .Sum(j => j.Spec.WorkHours);
        var share = Hours("heavy") / (Hours("heavy") + Hours("light"));
        Assert.InRange(share, 0.72, 0.78);
    }

    [Fact]
    public void A_promise_keeps_its_place_before_tenants_that_have_less_by_now()
    {
        var cell = new TestCell(Shipped).Node("a", "H800", 8);
        cell.Place(Hour("first"));
        var promised = cell.Place(Hour("first"));
        // Someone of little need behind it, so that the promise is made.
        cell.Place(Hour("first", devices: 4) with { WorkHours = 400 });
        var other = cell.Place(Hour("modest"));
        Next(cell);
        Assert.False(promised.Waits);
        Assert.True(other.Waits);
    }

    [Fact]
    public void A_stream_of_small_tasks_does_not_keep_a_whole_device_from_who_has_used_nothing()
    {
        var cell = new TestCell(Shipped).Node("a", "H20", 1);
        var small = Tasks(0, tasks: 200) with
        {
            ShareMilli = 300, Tenant = "crowd", Models = ["H20"], Duration = TimeSpan.FromMinutes(40),
        };
        cell.Place(small);
        Next(cell);
        var whole = cell.Submit(Tasks(1) with { Tenant = "research", Models = ["H20"] });
        for (var i = 0; i < 3 && whole.Waits; i++) Next(cell);
        Assert.False(whole.Waits);
    }

    [Fact]
    public void What_was_held_is_remembered_over_a_snapshot()
    {
        var cell = new TestCell(Shipped).Node("a", "H800", 8);
        for (var i = 0; i < 4; i++) cell.Submit(Hour("crowd"));
        cell.Cycle();
        Next(cell);
        var before = cell.State.Tenants.Share("crowd");
        var restored = CellState.Restore(cell.State.Capture(), cell.State.Catalog, cell.State.Policy);
        Assert.True(before > 0.1);
        Assert.Equal(before, restored.Tenants.Share("crowd"));
    }

    [Fact]
    public void Thousands_of_tenants_that_were_here_once_are_forgotten()
    {
        var cell = new TestCell(Shipped).Node("a", "H800", 8);
        for (var i = 0; i < 1_100; i++)
        {
            cell.Place(Hour($"t{i}"));
            Next(cell);
        }

        Assert.InRange(cell.State.Tenants.Tenants.Count, 1, 1_024);
    }
}
