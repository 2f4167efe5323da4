using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Queueing;

public sealed class FairShareTests
{
    private static readonly Policy Fair = RandomFleet.Policies[0] with
    {
        Queue = RandomFleet.Plain with
        {
            FairShare = true, Weights = new Dictionary<string, double> { ["heavy"] = 2 },
        },
    };

    [Fact]
    public void Tenants_take_turns_by_what_they_hold_and_not_by_how_much_they_ask_for()
    {
        var cell = new TestCell(Fair).Node("a", "H800", 8);
        var many = Enumerable.Range(0, 8).Select(_ => cell.Submit(Of("greedy"))).ToList();
        var few = Enumerable.Range(0, 3).Select(_ => cell.Submit(Of("modest"))).ToList();
        cell.Cycle();
        Assert.Equal(5, many.Count(j => !j.Waits));
        Assert.Equal(3, few.Count(j => !j.Waits));
    }

    [Fact]
    public void A_tenant_of_weight_two_gets_twice_as_much()
    {
        var cell = new TestCell(Fair).Node("a", "H800", 8).Node("b", "H800", 1);
        var light = Enumerable.Range(0, 9).Select(_ => cell.Submit(Of("light"))).ToList();
        var heavy = Enumerable.Range(0, 9).Select(_ => cell.Submit(Of("heavy"))).ToList();
        cell.Cycle();
        Assert.Equal(3, light.Count(j => !j.Waits));
        Assert.Equal(6, heavy.Count(j => !j.Waits));
    }

    /// <summary>
    /// The example of the paper, section 4.1: 9 CPU, 18 GB; A wants 1 CPU and 4 GB per task, B 3 CPU and 1 GB. DRF
    /// gives A three tasks and B two.
    /// </summary>
    [Fact]
    public void Dominant_shares_are_equalised_as_in_the_paper()
    {
        var cell = new TestCell(Fair).Node("a", "H20", 8, cpuMilli: 9_000, memoryMiB: 18 * 1_024);
        var small = Tasks(0) with { Tenant = "a", CpuMilli = 1_000, MemoryMiB = 4 * 1_024 };
        var large = Tasks(0) with { Tenant = "b", CpuMilli = 3_000, MemoryMiB = 1 * 1_024 };
        var a = Enumerable.Range(0, 9).Select(_ => cell.Submit(small)).ToList();
        var b = Enumerable.Range(0, 9).Select(_ => cell.Submit(large)).ToList();
        cell.Cycle();
        Assert.Equal((3, 2), (a.Count(j => !j.Waits), b.Count(j => !j.Waits)));
    }

    [Fact]
    public void A_job_of_many_tasks_does_not_take_everything_in_one_turn()
    {
        var cell = new TestCell(Fair);
        for (var i = 0; i < 8; i++) cell.Node($"n{i}", "H20", 8);
        var many = cell.Submit(Tasks(1, tasks: 100) with { Tenant = "greedy" });
        var other = cell.Submit(Tasks(1, tasks: 32) with { Tenant = "modest" });
        cell.Cycle();
        Assert.Equal((32, 32), (many.Allocations.Count, other.Allocations.Count));
    }

    [Fact]
    public void Priority_comes_before_shares_and_without_fair_shares_arrival_decides()
    {
        var cell = new TestCell(Fair).Node("a", "H800", 2);
        cell.Place(Of("greedy"));
        var modest = cell.Submit(Of("modest"));
        var urgent = cell.Submit(Of("greedy") with { Priority = Priority.High });
        cell.Cycle();
        Assert.True(modest.Waits);
        Assert.False(urgent.Waits);

        var plain = new TestCell().Node("a", "H800", 2);
        plain.Place(Of("greedy"));
        var first = plain.Submit(Of("greedy"));
        plain.Submit(Of("modest"));
        plain.Cycle();
        Assert.False(first.Waits);
    }

    [Fact]
    public void Guests_do_not_count_because_whoever_is_at_home_takes_their_devices_back()
    {
        var cell = new TestCell(Fair).Node("a", "H800", 8);
        var guest = cell.Place(Service(500, replicas: 4) with { Tenant = "guest" });
        Assert.True(guest.Allocations.Values.All(a => a.Guest));
        Assert.Equal(0, cell.State.Tenants.Share("guest"));
        Assert.DoesNotContain(cell.State.Tenants.Tenants.Values, use => use.HoldsAnything);
    }

    [Fact]
    public void A_waiting_job_rises_to_high_and_no_higher_and_pushes_nobody_out()
    {
        var policy = Fair with { Queue = RandomFleet.Plain with { Ageing = TimeSpan.FromHours(1) } };
        var cell = new TestCell(policy).Node("a", "H800", 8);
        var running = cell.Place(Gang(8, Priority.Normal) with { Tenant = "x" });
        var old = cell.Submit(Gang(8, Priority.Low));
        cell.Now += TimeSpan.FromHours(1.5);
        var normal = cell.Submit(Gang(8, Priority.Normal));
        Assert.Equal([old.Number, normal.Number], cell.State.Queue.InOrder());
        cell.Now += TimeSpan.FromHours(9);
        cell.Cycle();
        Assert.False(running.Waits);
        var high = cell.Submit(Gang(8, Priority.High));
        var critical = cell.Submit(Gang(8, Priority.Critical));
        Assert.Equal([critical.Number, old.Number, normal.Number, high.Number], cell.State.Queue.InOrder());
    }

    [Fact]
    public void A_job_that_ran_begins_to_age_anew_and_a_recovered_cell_knows_since_when()
    {
        var policy = Fair with { Queue = RandomFleet.Plain with { Ageing = TimeSpan.FromHours(1) } };
        var cell = new TestCell(policy).Node("a", "H800", 8);
        var low = cell.Place(Gang(8, Priority.Low));
        Assert.Null(low.WaitingSince);
        cell.Now += TimeSpan.FromHours(5);
        cell.Place(Gang(8, Priority.High));
        Assert.Equal(cell.Now, low.WaitingSince);
        var copy = Core.State.CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, policy);
        Assert.Equal(cell.Now, copy.FindJob(low.Number)!.WaitingSince);
        Assert.Equal(Priority.Low, copy.Queue.EffectivePriority(copy.FindJob(low.Number)!, cell.Now));
    }

    private static JobSpec Of(string tenant) => Gang(1) with { Tenant = tenant };
}
