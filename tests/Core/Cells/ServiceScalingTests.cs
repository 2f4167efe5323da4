using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class ServiceScalingTests
{
    // One H800 answers 10 requests per second at three quarters of its load: 7.5.
    private static readonly ServingRate Rate = new(10, 0, 0.75);

    private static JobSpec Wanted(double requests) => new()
    {
        Name = "service", Kind = JobKind.Inference, Devices = 1, MaxReplicas = 100,
        Demand = new Demand(requests, requests, 0), Serving = Rate,
    };

    [Fact]
    public void Slow_models_get_more_replicas_for_the_same_demand()
    {
        // 15 requests are answered by 2 H800, by 6.7 A800, 13.4 H20 or 30.5 T4: rates of 990, 312, 148 and 65.
        Assert.Equal(2, Replicas("H800", 15));
        Assert.Equal(7, Replicas("A800", 15));
        Assert.Equal(14, Replicas("H20", 15));
        Assert.Equal(31, Replicas("T4", 15));

        static int Replicas(string model, double requests)
        {
            var cell = new TestCell();
            for (var i = 0; i < 5; i++) cell.Node($"n{i}", model, 8);
            var job = cell.Place(Wanted(requests) with { Models = [model] });
            return job.Allocations.Count;
        }
    }

    [Fact]
    public void Replicas_that_came_to_a_slower_model_than_the_first_choice_get_company()
    {
        var cell = new TestCell().Node("fast", "H800", 1).Node("slow", "A800", 8);

        // Two H800 would do; one stands on an H800 with 7.5, and the A800 have 2.36 each.
        var job = cell.Place(Wanted(15) with { Models = ["H800", "A800"] });
        Assert.Equal(2, job.Allocations.Count);
        cell.Cycle();
        cell.Cycle();
        cell.Cycle();

        Assert.Equal(5, job.Allocations.Count);
        Assert.InRange(job.Allocations.Values.Sum(a => a.Capacity), 15, 15 + 2.4);
        cell.Cycle();
        Assert.Equal(5, job.Replicas);
    }

    [Fact]
    public void A_quiet_weekend_gives_devices_back_and_no_replica_too_many_is_kept()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        // Midnight of the tests is a Sunday.
        cell.Now = Midnight.AddDays(1);
        var job = cell.Place(Wanted(60) with { Models = ["H800"], Demand = new Demand(60, 60, 0, Weekend: 0.25) });
        Assert.Equal(8, job.Allocations.Count);

        cell.Now = Midnight.AddDays(6);
        cell.Cycle();
        Assert.Equal([0, 1], job.Allocations.Values.Select(a => a.Placed.Task));

        cell.Now = Midnight.AddDays(8);
        cell.Cycle();
        Assert.Equal(8, job.Allocations.Count);
    }

    /// <summary>Four replicas at noon, two at midnight; two of them lose their node for good, and the other node takes
    /// nothing new.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_service_that_shrinks_drops_replicas_without_devices_first(bool serving)
    {
        var cell = new TestCell().Node("a", "H800", 2).Node("b", "H800", 2);
        cell.Now = Midnight.AddHours(12);
        var job = cell.Place(Wanted(0) with
        {
            MinReplicas = 2, MaxReplicas = 4, Models = ["H800"], Demand = new Demand(15, 30, 12),
            Serving = serving ? Rate : null,
        });
        foreach (var allocation in job.Allocations.Values)
            cell.Accept(new ReportStarted(allocation.Node.Id, allocation.Sequence));
        var stays = job.Allocations.Values.Where(a => a.Node.Id == "b").Select(a => a.Sequence).ToList();
        Assert.Equal([2, 3], stays.Select(s => job.Allocations[s].Placed.Task));
        cell.Accept(new LoseNode("a", 0, "for good"));
        cell.Accept(new DrainNode("b") { Cordon = true });

        for (var hour = 13; hour <= 24; hour++)
        {
            cell.Now = Midnight.AddHours(hour);
            cell.Cycle();
            Assert.Equal(stays, job.Allocations.Keys);
        }

        Assert.Equal((2, 0), (job.Replicas, job.Unplaced.Count));
        var restored = CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, RandomFleet.Policies[0]);
        Assert.Equal((2, 0), (restored.FindJob(1)!.Replicas, restored.FindJob(1)!.Unplaced.Count));

        // What grows again has the numbers that are free.
        cell.Accept(new ResumeNode("b"));
        cell.Node("c", "H800", 8);
        cell.Now = Midnight.AddHours(36);
        cell.Cycle();
        Assert.Equal([2, 3, 0, 1], job.Allocations.Values.Select(a => a.Placed.Task));
    }

    [Fact]
    public void Whoever_has_not_started_goes_before_whoever_runs()
    {
        var cell = new TestCell().Node("a", "H800", 4);
        cell.Now = Midnight.AddHours(12);
        var job = cell.Place(Wanted(0) with
        {
            MinReplicas = 2, MaxReplicas = 4, Models = ["H800"], Demand = new Demand(15, 30, 12), Serving = null,
        });
        foreach (var sequence in job.Allocations.Keys.Skip(2).ToList())
            cell.Accept(new ReportStarted("a", sequence));
        var running = job.Allocations.Keys.Skip(2).ToList();

        cell.Now = Midnight.AddHours(24);
        cell.Cycle();

        Assert.Equal(running, job.Allocations.Keys);
    }

    /// <summary>Numbers with holes: whatever comes, goes, moves and is counted anew, a snapshot and the journal agree.
    /// </summary>
    [Fact]
    public void Snapshots_and_the_journal_agree_on_the_replicas_that_wait()
    {
        var random = new Random(16);
        var holes = 0;
        for (var life = 0; life < 25; life++)
        {
            var cell = new TestCell().Node("a", "H800", 3).Node("b", "H800", 3).Node("c", "H800", 3);
            var job = cell.Place(Wanted(0) with
            {
                MinReplicas = 1, MaxReplicas = 9, Models = ["H800"], Demand = new Demand(0, 60, 12), Serving = null,
            });
            for (var step = 0; step < 60; step++)
            {
                cell.Now = cell.Now.AddMinutes(random.Next(240));
                var node = "abc"[random.Next(3)].ToString();
                cell.Run(random.Next(6) switch
                {
                    0 => new LoseNode(node, 0, "test"),
                    1 or 2 => new AdmitNode(cell.State.FindNode(node)!.Admitted, []),
                    3 => new DrainNode(node) { Cordon = random.Next(2) == 0 },
                    4 => new ResumeNode(node),
                    _ => job.Allocations.Count == 0 ? new ResumeNode(node)
                        : new ReportStarted(job.Allocations.First().Value.Node.Id, job.Allocations.First().Key),
                });
                cell.Cycle();
                Assert.Equal(job.Replicas, job.Allocations.Count + job.Unplaced.Count);
                if (job.Allocations.Values.Any(a => a.Placed.Task >= job.Replicas)) holes++;
                var image = cell.State.Capture();
                var restored = CellState.Restore(image, RandomFleet.Catalog, RandomFleet.Policies[0]).FindJob(1)!;
                Assert.Equal(job.Unplaced.Order(), restored.Unplaced.Order());
            }

            var replayed = new CellState("north", RandomFleet.Catalog, RandomFleet.Policies[0]);
            foreach (var round in cell.Rounds) replayed.Replay(round);
            Assert.Equal(job.Unplaced.Order(), replayed.FindJob(1)!.Unplaced.Order());
            Assert.Equal(AllocationsHash.Of(cell.State), AllocationsHash.Of(replayed));
        }

        Assert.True(holes > 20, $"{holes} times a number lay above the count");
    }

    [Fact]
    public void A_service_that_wants_no_replica_is_idle_and_says_when_it_wants_one()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        // Midnight of the tests is a Sunday.
        var job = cell.Place(Wanted(0) with
        {
            Demand = new Demand(20, 40, 12, Weekend: 0), Models = ["H800"], MaxReplicas = 4, Serving = null,
        });

        Assert.Equal((JobPhase.Idle, false), (job.Phase, job.Waits));
        Assert.Equal("wants no replica now: its demand is 0 requests/s; wants the next about 2026-03-02 00:00 UTC",
            Explainer.Explain(cell.State, job).Reason);
        Assert.Equal("wants no replica: its fewest are 0 and it has no demand", Explainer.ExplainFully(
            cell.State, cell.Place(Wanted(0) with { Demand = null, Serving = null }), cell.Now).Reason);

        cell.Now = Midnight.AddDays(1);
        cell.Cycle();
        Assert.Equal(JobPhase.Placed, job.Phase);
    }

    [Fact]
    public void A_weekend_is_that_of_the_zone_and_the_journal_says_how_many_replicas_there_are()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        // Friday 12:00 in UTC is Friday 20:00 in Shanghai.
        cell.Now = Midnight.AddDays(5).AddHours(12);
        var job = cell.Place(Wanted(0) with
        {
            Demand = new Demand(40, 40, 12, Weekend: 0, "Asia/Shanghai"), Models = ["H800"], MaxReplicas = 4,
            Serving = null,
        });
        Assert.Equal(4, job.Allocations.Count);
        // Zones change with the machine; the row does not.
        Assert.Contains(new ReplicasScaled(job.Number, 4), cell.Rounds.SelectMany(r => r.Events));

        cell.Now = Midnight.AddDays(5).AddHours(15.9);
        cell.Cycle();
        Assert.Equal(4, job.Allocations.Count);
        cell.Now = Midnight.AddDays(5).AddHours(16);
        cell.Cycle();
        Assert.Equal(JobPhase.Idle, job.Phase);
        cell.Now = Midnight.AddDays(7).AddHours(16);
        cell.Cycle();
        Assert.Equal(4, job.Allocations.Count);
    }

    [Fact]
    public void The_range_holds_whatever_the_demand()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var quiet = cell.Place(Wanted(0.1) with { Models = ["H800"], MinReplicas = 3 });
        var loud = cell.Place(Wanted(1000) with { Models = ["H800"], MaxReplicas = 4 });

        Assert.Equal((3, 4), (quiet.Allocations.Count, loud.Allocations.Count));
    }

    [Fact]
    public void What_is_served_is_what_the_models_answer()
    {
        var cell = new TestCell().Node("a", "A800", 4);
        var job = cell.Place(Wanted(15) with { Models = ["A800"] });
        foreach (var allocation in job.Allocations.Values)
            cell.Accept(new ReportStarted(allocation.Node.Id, allocation.Sequence));
        cell.Now = Midnight.AddHours(1);
        cell.Cycle();
        cell.Now = Midnight.AddHours(2);
        cell.Submit(Tasks(1));

        // Seven are wanted and four have room: 4 of 6.35.
        var usage = cell.State.Usage;
        Assert.Equal(7, job.Replicas);
        Assert.Equal(2 * 3600 * 15, usage.Demand, 1e-6);
        Assert.Equal(2 * 3600 * 4 * 7.5 * 312 / 990, usage.DemandServed, 1e-6);
    }

    [Fact]
    public void Usage_goes_on_between_rounds_and_is_counted_once()
    {
        var cell = new TestCell().Node("a", "A800", 4);
        var job = cell.Place(Wanted(15) with { Models = ["A800"] });
        foreach (var allocation in job.Allocations.Values)
            cell.Accept(new ReportStarted(allocation.Node.Id, allocation.Sequence));
        var state = cell.State;
        var (before, later) = (state.Usage.Demand, cell.Now.AddHours(1));

        var between = state.UsageAt(later);

        Assert.Equal(before + 3600 * 15, between.Demand, 1e-6);
        Assert.Equal(4 * 3_600_000, between.Tiers["advanced"].DeviceMs - state.Usage.Tiers["advanced"].DeviceMs, 1e-6);
        Assert.Equal(before, state.Usage.Demand);
        Assert.Same(state.Usage, state.UsageAt(state.At));

        cell.Now = later;
        cell.Submit(Tasks(1));
        Assert.Equal(between.Demand, state.Usage.Demand, 1e-6);
        Assert.Equal(between.DemandServed, state.Usage.DemandServed, 1e-6);
        Assert.Equal(between.Tiers["advanced"].InferenceMs, state.Usage.Tiers["advanced"].InferenceMs, 1e-6);
    }

    [Theory]
    [InlineData(0, 312.0 / 990)]
    [InlineData(1, 2.0 / 3)]
    [InlineData(0.5, 1 / (0.5 * 1.5 + 0.5 * 990 / 312))]
    public void Generating_is_bound_by_memory_and_reading_by_arithmetic(double decodeShare, double expected)
    {
        var catalog = new Fleets.Catalog(["frontier"],
        [
            RandomFleet.Model("H800", "frontier", 81_920, 990) with { MemoryGBps = 3_000 },
            RandomFleet.Model("A800", "frontier", 81_920, 312) with { MemoryGBps = 2_000 },
        ]);

        Assert.Equal(expected, ServingRates.Speed(catalog, "A800", decodeShare), 1e-12);
        Assert.Equal(1, ServingRates.Speed(catalog, "H800", decodeShare), 1e-12);
    }
}
