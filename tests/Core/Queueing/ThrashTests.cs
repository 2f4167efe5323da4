using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells;
using Stockpile.Core.Tests.Cells.Oracles;
using Stockpile.Tests.Shared;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Queueing;

public sealed class ThrashTests
{
    private static readonly Policy Shipped = RandomFleet.Policies[0] with { Queue = new QueuePolicy() };
    private static readonly PreemptionPolicy Preemption = Shipped.Queue.Preemption;

    /// <summary>
    /// Five days on 128 devices: large urgent gangs come and go every hour and small ones of the lowest class run for
    /// four hours, so that every urgent gang wants some of them to leave. Protections of 1/4, 1/2, 1, 2 and
    /// then 4 hours allow 33 preemptions of one job in five days; it ends long before that.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_gang_is_not_preempted_again_and_again(int seed)
    {
        var load = new SteadyLoad(seed, RandomFleet.Catalog, Shipped, [("H800", 16)]);
        foreach (var stream in Streams()) load.Add(stream);
        var thrash = new Thrash(Preemption);
        load.AfterRound = round => Assert.Empty(thrash.Complaints(round, load.State));
        load.Run(TimeSpan.FromDays(5));

        var gangs = load.State.Jobs.Values.ToList();
        var most = gangs.Max(j => j.Preemptions);
        var use = load.State.Usage.Tiers["frontier"];
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{gangs.Count} gangs, {load.State.Counters.Requeued} preempted, one of them {most} times; "
            + $"{load.State.Counters.Completed} completed, {use.TrainingMs / use.DeviceMs:P1} used");
        Assert.NotEmpty(thrash.LeftFor);
        Assert.InRange(most, 1, 5);
        // Protection must not cost the urgent ones their place: each starts within two protections and a run.
        foreach (var urgent in gangs.Where(j => j.Spec.Priority == Priority.High))
            Assert.InRange((urgent.StartedAt ?? load.Now) - urgent.SubmittedAt, TimeSpan.Zero, TimeSpan.FromHours(6));
    }

    [Fact]
    public void A_gang_that_was_just_placed_is_no_victim_and_is_one_when_its_time_is_over()
    {
        var cell = new TestCell(Shipped).Node("a", "H800", 8);
        var low = cell.Place(Gang(8, Priority.Low));
        cell.Now += Preemption.MinRunTime - TimeSpan.FromSeconds(1);
        var urgent = cell.Place(Gang(8, Priority.High));
        Assert.True(urgent.Waits);

        cell.Now += TimeSpan.FromSeconds(1);
        cell.Cycle();
        Assert.False(urgent.Waits);
        Assert.Equal([urgent.Number], low.PreemptedBy);
    }

    [Fact]
    public void A_gang_does_not_leave_twice_for_the_same_gang_and_this_outlives_a_recovery()
    {
        var cell = new TestCell(Shipped).Node("a", "H800", 8).Node("b", "H800", 8);
        var low = cell.Place(Gang(16, Priority.Low));
        cell.Now += TimeSpan.FromHours(1);
        var urgent = cell.Place(Gang(16, Priority.High));
        Assert.True(low.Waits);

        // The urgent gang loses a node, and the other one takes what is left and the node when it comes back.
        cell.Accept(new LoseNode("b", 0, "test"));
        cell.Node("b", "H800", 8);
        cell.Accept(new CancelJob(urgent.Number));
        cell.Cycle();
        Assert.False(low.Waits);
        Assert.Equal([urgent.Number], CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, Shipped)
            .FindJob(low.Number)!.PreemptedBy);
        Assert.Equal(TimeSpan.FromMinutes(30), Preemption.ProtectionAfter(low.Preemptions));
        Assert.Equal(TimeSpan.FromHours(4), Preemption.ProtectionAfter(12));
    }

    [Fact]
    public void The_same_beneficiary_waits_where_another_one_may_push()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var low = cell.Place(Gang(8, Priority.Low));
        var urgent = cell.Place(Gang(8, Priority.High));
        cell.Force([.. Endings.Of(cell.State, [.. urgent.Allocations.Keys], AllocationEnd.NodeLost, "test")]);
        cell.Force(new JobPlaced(low.Number,
            [new PlacedAllocation(cell.State.NextSequence, "a", 255, 0, 0, 8, false, TimeSpan.FromHours(9))]));
        cell.Cycle();
        Assert.True(urgent.Waits);

        var other = cell.Place(Gang(8, Priority.Critical));
        Assert.False(other.Waits);
        Assert.Equal([urgent.Number, other.Number], low.PreemptedBy);
    }

    [Fact]
    public void The_cheapest_gang_leaves_even_where_a_larger_one_lost_less_per_device()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8).Node("c", "H800", 8);
        var small = cell.Place(Gang(8, Priority.Low));
        cell.Accept(new ReportStarted("a", 1));
        cell.Now += TimeSpan.FromMinutes(3);
        var large = cell.Place(Gang(16, Priority.Low));
        cell.Accept(new ReportStarted("b", 2));
        cell.Accept(new ReportStarted("c", 3));
        cell.Now += TimeSpan.FromMinutes(2);
        // Five minutes of 8 devices are more than two minutes of 16; a second later on, and it is the other way.
        cell.Place(Gang(4, Priority.High));
        Assert.True(large.Waits);
        Assert.False(small.Waits);
    }

    [Fact]
    public void Work_since_the_last_checkpoint_is_what_a_victim_loses()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var saved = cell.Place(Gang(8, Priority.Low) with { Checkpoint = TimeSpan.FromHours(1) });
        var unsaved = cell.Place(Gang(8, Priority.Low));
        cell.Accept(new ReportStarted("a", 1));
        cell.Accept(new ReportStarted("b", 2));
        cell.Now += TimeSpan.FromMinutes(61);
        cell.Place(Gang(8, Priority.High));
        Assert.True(saved.Waits);
        Assert.False(unsaved.Waits);
    }

    [Fact]
    public void A_gang_is_not_started_where_it_would_only_be_preempted_or_be_in_the_way()
    {
        var cell = new TestCell(Shipped).Node("a", "H800", 8).Node("b", "H800", 8);
        var running = cell.Place(Gang(8, Priority.High) with { WorkHours = 8 });
        cell.Accept(new ReportStarted("a", 1));
        cell.Now += TimeSpan.FromMinutes(50);
        // In ten minutes both nodes are its own.
        var urgent = cell.Place(Gang(16, Priority.High));
        var brief = cell.Place(Gang(4, Priority.Low) with { WorkHours = 0.5 });
        var lengthy = cell.Place(Gang(4, Priority.Low) with { WorkHours = 40 });
        Assert.False(brief.Waits);
        Assert.True(lengthy.Waits);

        cell.Now += TimeSpan.FromMinutes(8);
        cell.Accept(new ReportCompleted("b", brief.Allocations.Keys.Single()));
        cell.Now += TimeSpan.FromMinutes(2);
        cell.Accept(new ReportCompleted("a", running.Allocations.Keys.Single()));
        cell.Cycle();
        Assert.False(urgent.Waits);
        Assert.Equal(0, cell.State.Counters.Preempted);
    }

    [Fact]
    public void What_the_urgent_gang_does_not_need_is_free_for_all()
    {
        var cell = new TestCell(Shipped).Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(8, Priority.High) with { WorkHours = 1 });
        cell.Place(Gang(12, Priority.High));
        var small = cell.Place(Gang(4, Priority.Low));
        var smaller = cell.Place(Gang(1, Priority.Low));
        Assert.False(small.Waits);
        Assert.True(smaller.Waits);
    }

    /// <summary>Urgent gangs of 64 and 96 devices, some of 32, and small ones of the lowest class.</summary>
    private static IEnumerable<Arrivals> Streams()
    {
        static JobSpec Of(int devices, Priority priority, double hours) => Gang(devices, priority) with
        {
            PerNode = 8, WorkHours = devices * hours, Checkpoint = TimeSpan.FromMinutes(30), Tiers = ["frontier"],
        };
        yield return new Arrivals(TimeSpan.FromHours(4), Of(96, Priority.High, 1));
        yield return new Arrivals(TimeSpan.FromHours(1), Of(64, Priority.High, 0.5));
        yield return new Arrivals(TimeSpan.FromHours(4), Of(32, Priority.Normal, 1.5));
        yield return new Arrivals(TimeSpan.FromHours(1), Of(8, Priority.Low, 4));
    }
}
