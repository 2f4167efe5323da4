using Stockpile.Formats.Reserve;
using Stockpile.Lab.Reserve;

namespace Stockpile.Lab.Tests.Reserve;

/// <summary>What moves a forecast, and where to.</summary>
public sealed class ForecastTests
{
    private const string Service = """
        years = 0.5
        services = [ { growth = 1, job {
            serving { requests-per-device = 10, decode-share = 0.5, utilisation = 0.5 }
            name = chat, kind = inference, replicas { min = 1, max = 1000 }, devices = 1
            demand { base = 20, peak = 60, peak-hour = 12 } } } ]
        """;

    [Fact]
    public void Replicas_follow_demand_over_throughput_and_utilisation()
    {
        // On H800, 12 replicas at the peak and 4 at night; the mean of a cosine is half-way.
        var input = World.Read(
            Service.Replace("devices = 1", "devices = 1, models = [H800]", StringComparison.Ordinal));
        var result = World.Run(input, World.Fleet(("a", "H800", 2)));
        Assert.Equal(1, result.DemandServed, 1e-9);
        var hours = 182.5 * 24;
        Assert.InRange(result.Ledger.Hours(0, Use.InferenceGuest) / hours, 8, 8.7);
    }

    [Fact]
    public void A_slower_model_takes_more_replicas_and_a_full_home_lends_training_chips()
    {
        var slow = World.Run(World.Read(Service), World.Fleet(("a", "A10", 40)));
        var fast = World.Run(World.Read(Service), World.Fleet(("a", "H20", 40)));
        Assert.True(slow.Ledger.Hours(2, Use.Inference) > 1.6 * fast.Ledger.Hours(2, Use.Inference));
        var full = World.Run(World.Read(Service), World.Fleet(("a", "A10", 4), ("a", "A100", 8)));
        Assert.Equal(1, full.DemandServed, 1e-9);
        Assert.True(full.Ledger.Hours(1, Use.InferenceGuest) > 0);
        var kept = World.Run(World.Read(Service), World.Fleet(("a", "A10", 4), ("a", "A100", 8)),
            World.Policies.Single(p => p.Name == "reserve-all"));
        Assert.True(kept.DemandServed < 0.9);
    }

    [Fact]
    public void A_gang_takes_its_devices_back_from_guests()
    {
        var input = World.Read(Service + """

            streams = [ { start = 732h, every = 60d, job { name = g, kind = training, devices = 64, per-node = 8
              work = 20000, checkpoint = 1h, tiers = [advanced] } } ]
            """);
        var result = World.Run(input, World.Fleet(("a", "A10", 4), ("a", "A100", 8)));
        Assert.True(result.Counts.GuestsTaken > 0);
        Assert.True(result.DemandServed < 1);
    }

    [Fact]
    public void Wear_takes_devices_and_work_and_a_banned_model_does_not_come_back()
    {
        const string Years = """
            years = 3
            generations { most = 60, jobs = [ { stage = 1, job { name = g, kind = training, devices = 56
              min-devices = 32, per-node = 8, work = 40000, checkpoint = 1h } } ] }
            supply { wear { H800 { failures = 0.2, interruptions = 2, source = test } }
              repair { swap = 6h, share = 0.5, time = 20d, replace = 40d, source = test }
            """;
        var free = World.Run(World.Read(Years + "\n}"), World.Fleet(("a", "H800", 8)));
        var banned = World.Run(
            World.Read(Years + "\nbans = [ { date = 2026-01, model = H800, source = test } ] }"),
            World.Fleet(("a", "H800", 8)));
        Assert.True(free.Counts.Failures > 10 && free.Counts.HoursLostToFaults > 0);
        Assert.Equal(0, free.Counts.Scrapped);
        Assert.True(banned.Counts.Scrapped > 5);
        Assert.True(banned.Ledger.StockNow(0) == 64_000 - banned.Counts.Scrapped * 1000L);
        Assert.True(banned.Progress < free.Progress);
    }

    [Fact]
    public void Every_interruption_costs_a_restart()
    {
        var input = World.Read("""
            years = 1
            generations { most = 60, jobs = [ { stage = 1, job { name = g, kind = training, devices = 64, per-node = 8
              work = 40000, checkpoint = 1h } } ] }
            supply { wear { H800 { failures = 0, interruptions = 10, source = test } } }
            """);
        ReserveResult Of(TimeSpan restart) => World.Run(input, World.Fleet(("a", "H800", 8)),
            World.Policy with { Gangs = World.Policy.Gangs with { Restart = restart } });
        var (free, costly) = (Of(TimeSpan.Zero), Of(TimeSpan.FromHours(2)));
        Assert.True(costly.Counts.Interruptions > 400);
        // 64 devices that restart two hours for each of them, but for those that fall into a restart.
        var lost = (free.Progress - costly.Progress) * 40_000 / 64 / 2;
        Assert.InRange(lost, 100, costly.Counts.Interruptions);
    }

    [Fact]
    public void The_combined_scheme_trains_more_than_any_chip_and_serves_more_than_keeping_all()
    {
        var input = new ForecastInput(World.HunyuanYears, [.. World.Policies], World.Hunyuan, []);
        var result = Forecast.Of(input, new ForecastSize(6, 6, 0, 0), 1, Environment.ProcessorCount, null,
            TestContext.Current.CancellationToken);
        var by = result.ByPolicy.ToDictionary(p => p.Policy);
        Assert.True(by["combined"].Progress.Mean > by["any-chip"].Progress.Mean + 0.3);
        Assert.True(by["combined"].DemandServed > by["reserve-all"].DemandServed + 0.1);
        Assert.True(by["combined"].FrontierTrainingHours > by["any-chip"].FrontierTrainingHours);
    }

    [Fact]
    public void Policies_are_compared_over_the_same_runs()
    {
        var input = new ForecastInput(World.Read("""
            years = 1
            assumptions { generation-growth { low = 1.2, value = 2, high = 3, source = test } }
            generations { most = 20, jobs = [ { stage = 1, job { name = g, kind = training, devices = 64
              per-node = 8, work = 40000, checkpoint = 1h, tiers = [frontier] } } ] }
            """), [World.Policy, World.Policy with { Name = "the same" }], World.Fleet(("a", "H800", 8)), []);
        var result = Forecast.Of(input, new ForecastSize(12, 3, 0, 0), 1, 2, null,
            TestContext.Current.CancellationToken);
        Assert.Equal(12, result.Answer.Runs);
        Assert.Equal([3, 3], result.ByPolicy.Select(p => p.Runs));
        Assert.Equal(result.ByPolicy[0].Progress, result.ByPolicy[1].Progress);
        Assert.NotEqual(result.Answer.Progress, result.ByPolicy[0].Progress);
    }

    [Fact]
    public void The_tornado_moves_with_growth_and_what_binds_is_found()
    {
        var input = new ForecastInput(World.Read("""
            years = 3
            assumptions { generation-growth { low = 1.2, value = 2, high = 3, source = test }
              demand { low = 0.5, value = 1, high = 2, source = test } }
            generations { most = 20, jobs = [ { stage = 1, job { name = g, kind = training, devices = 64
              per-node = 8, work = 40000, checkpoint = 1h, tiers = [frontier] } } ] }
            """), [World.Policy], World.Fleet(("a", "H800", 8), ("b", "H800", 8)), []);
        var result = Forecast.Of(input, new ForecastSize(4, 0, 4, 2), 1, 2, null,
            TestContext.Current.CancellationToken);
        Assert.Equal(AssumptionNames.GenerationGrowth, result.Sensitivities[0].Assumption);
        Assert.True(result.Sensitivities[0].AtLow > result.Sensitivities[0].AtHigh);
        Assert.Equal(0, result.Sensitivities[1].Swing);
        Assert.Equal("gang size", result.BindingConstraint);
        Assert.Equal(0, result.Gains.Single(g => g.Constraint == "frontier devices").Gain, 1e-9);
    }
}
