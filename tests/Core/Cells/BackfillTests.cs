using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class BackfillTests
{
    private static readonly Policy Off = RandomFleet.Policies[0];
    private static readonly Policy On = Off with { Backfill = BackfillPolicy.On };

    [Fact]
    public void A_large_gang_in_a_stream_of_small_ones_starts_within_a_bound_and_starves_without_a_reservation()
    {
        // 64 nodes of 8 devices and a gang of 8 for an hour every minute: 60 nodes are always busy, and never none.
        TimeSpan? WaitOfLarge(Policy policy)
        {
            var world = new Simulation(policy);
            for (var i = 0; i < 64; i++) world.Cell.Node($"n{i:00}", "H800", 8);
            for (var i = 0; i < 1_200; i++)
                world.At(TimeSpan.FromMinutes(i), Small($"small-{i}", minutes: 60));
            world.At(TimeSpan.FromMinutes(200), Gang(512) with { Name = "large", WorkHours = 512 });
            world.Run(TimeSpan.FromMinutes(1_200));
            return world.Started.TryGetValue("large", out var at) ? at - Midnight - TimeSpan.FromMinutes(200) : null;
        }

        Assert.Null(WaitOfLarge(Off));
        // What ran when it came, and no more.
        Assert.InRange(WaitOfLarge(On)!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(60));
        var patient = On with { Backfill = BackfillPolicy.On with { After = TimeSpan.FromHours(2) } };
        Assert.InRange(WaitOfLarge(patient)!.Value, TimeSpan.FromHours(2), TimeSpan.FromHours(3));
    }

    [Fact]
    public void A_job_that_is_done_in_time_may_use_what_is_reserved()
    {
        var cell = Blocked(out var large);
        var shorter = cell.Place(Small("short", minutes: 59));
        var longer = cell.Place(Small("long", minutes: 61));

        Assert.Equal("b:8", Where(shorter));
        Assert.True(longer.Waits);
        Assert.True(large.Waits);
    }

    [Fact]
    public void A_shorter_job_passes_one_of_its_class_that_is_held_back()
    {
        var cell = Blocked(out _);
        var longer = cell.Place(Small("long", minutes: 61));
        var shorter = cell.Place(Small("short", minutes: 59));

        Assert.True(longer.Waits);
        Assert.False(shorter.Waits);
    }

    [Fact]
    public void Many_short_jobs_pass_one_that_is_held_back_in_one_cycle()
    {
        var cell = Blocked(out _);
        cell.Place(Gang(1) with { Name = "long", WorkHours = 2 });
        for (var i = 0; i < 8; i++) cell.Submit(Gang(1) with { Name = "short", WorkHours = 0.5 });
        cell.Cycle();

        Assert.Equal(8, cell.State.Jobs.Values.Count(j => j.Spec.Name == "short" && !j.Waits));
    }

    [Fact]
    public void A_long_job_takes_devices_that_the_reservation_does_not_need()
    {
        var cell = Blocked(out _).Node("c", "H800", 4);
        var longer = cell.Place(Gang(4) with { Name = "long", WorkHours = 400 });

        Assert.Equal("c:4", Where(longer));
    }

    [Fact]
    public void What_was_held_back_starts_when_the_job_that_held_the_reservation_is_cancelled()
    {
        var cell = Blocked(out var large);
        var longer = cell.Place(Small("long", minutes: 61));
        Assert.True(longer.Waits);

        cell.Accept(new CancelJob(large.Number));
        cell.Cycle();
        Assert.False(longer.Waits);
    }

    [Fact]
    public void Without_backfill_whatever_fits_is_placed()
    {
        var cell = Blocked(out _, Off);
        Assert.Equal("b:8", Where(cell.Place(Small("long", minutes: 600))));
    }

    [Fact]
    public void A_service_starts_only_outside_of_what_is_reserved_for_a_task()
    {
        // A task of 4 devices waits for the node's busy ones; replicas, which never end, find the others closed.
        var policy = On with { Inference = new KindPolicy(["basic"], []), Batch = new KindPolicy(["basic"], []) };
        var cell = new TestCell(policy).Node("a", "T4", 4);
        cell.Place(Tasks(1) with { Priority = Priority.High });
        var wide = cell.Place(Tasks(4) with { Priority = Priority.High });
        var service = cell.Place(Service(500));

        Assert.True(wide.Waits);
        Assert.True(service.Waits);
        Assert.False(cell.Place(Tasks(1) with { Duration = TimeSpan.FromMinutes(30) }).Waits);
    }

    [Fact]
    public void A_guest_may_have_what_is_reserved_for_a_gang()
    {
        var cell = Blocked(out _);
        var guest = cell.Place(Tasks(1) with { Duration = TimeSpan.FromDays(2) });

        Assert.True(guest.Allocations.Single().Value.Guest);
    }

    [Fact]
    public void Another_cells_job_is_not_taken_in_for_devices_that_are_reserved()
    {
        var cell = Blocked(out _);
        AdoptJob Offer(string origin, int minutes) =>
            new(origin, Small("away", minutes), Midnight, Done: 0, Requeues: 0);

        Assert.IsType<Rejected>(cell.Run(Offer("south-1", minutes: 61)));
        Assert.IsType<Accepted>(cell.Run(Offer("south-2", minutes: 59)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Jobs_behind_a_reserved_gang_never_delay_it(int block)
    {
        var delayed = 0;
        var passed = 0;
        for (var seed = block * 100; seed < block * 100 + 40; seed++)
        {
            var alone = History(seed, withOthers: false);
            var among = History(seed, withOthers: true);
            var head = among.Cell.State.Jobs.Values.Single(j => j.Spec.Name == "head").Number;
            if (alone.Started["head"] > Midnight + HeadComes) delayed++;
            passed += among.Cell.State.Jobs.Values.Count(j =>
                j.Number > head && among.Started.TryGetValue(j.Spec.Name, out var at) && at < among.Started["head"]);
            Assert.True(among.Started["head"] <= alone.Started["head"],
                $"seed {seed}: the head starts at {among.Started["head"]:O}, alone at {alone.Started["head"]:O}");
        }

        // Both must have happened, or nothing was shown.
        Assert.True(delayed > 5, $"{delayed} heads waited");
        Assert.True(passed > 20, $"{passed} jobs passed the head");
    }

    private static readonly TimeSpan HeadComes = TimeSpan.FromMinutes(120);

    /// <summary>Random gangs before a large one, and random gangs of its priority behind it.</summary>
    private static Simulation History(int seed, bool withOthers)
    {
        var random = new Random(seed);
        var world = new Simulation(On);
        var nodes = random.Next(4, 13);
        for (var i = 0; i < nodes; i++) world.Cell.Node($"n{i}", "H800", random.Next(2) * 4 + 4);
        var shape = random.Next(2) * 4;
        for (var i = 0; i < 30; i++) world.At(TimeSpan.FromMinutes(random.Next(118)), Random($"before-{i}"));
        world.At(HeadComes, Gang(Math.Max(4, random.Next(nodes / 2, nodes + 1) * 4)) with
        {
            Name = "head", PerNode = shape, WorkHours = 10,
        });
        // Whatever still waits would be ahead of it, and is out of the question here.
        world.Run(HeadComes - TimeSpan.FromMinutes(1));
        foreach (var job in world.Cell.State.Jobs.Values.Where(j => j.Waits).ToList())
            world.Cell.Accept(new CancelJob(job.Number));
        for (var i = 0; i < 60; i++)
        {
            var after = TimeSpan.FromMinutes(random.Next(121, 400));
            var spec = Random($"after-{i}");
            if (withOthers) world.At(after, spec);
        }

        return world.Run();

        JobSpec Random(string name)
        {
            var devices = random.Next(1, 9);
            return Gang(devices) with { Name = name, WorkHours = devices * random.Next(5, 200) / 60.0 };
        }
    }

    /// <summary>Two nodes of 8 devices, one busy for an hour, and a gang of 16 that waits for both.</summary>
    private static TestCell Blocked(out JobState large, Policy? policy = null)
    {
        var cell = new TestCell(policy ?? On).Node("a", "H800", 8).Node("b", "H800", 8);
        Assert.Equal("a:8", Where(cell.Place(Small("first", minutes: 60))));
        large = cell.Place(Gang(16) with { Name = "large" });
        Assert.True(large.Waits);
        return cell;
    }

    /// <summary>A gang of 8 H800, which are the reference device.</summary>
    private static JobSpec Small(string name, double minutes) =>
        Gang(8) with { Name = name, WorkHours = 8 * minutes / 60 };
}
