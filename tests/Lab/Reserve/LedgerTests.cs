using System.Text.Json;
using Stockpile.Lab.Reserve;

namespace Stockpile.Lab.Tests.Reserve;

/// <summary>Nothing of the stock is lost or counted twice, and a run is its seed and nothing else.</summary>
public sealed class LedgerTests
{
    private static readonly TimeSpan HalfYears = TimeSpan.FromDays(900);

    [Fact]
    public void Hours_by_use_add_up_to_the_stock_exactly_under_every_policy()
    {
        var input = World.HunyuanYears with
        {
            Scenario = World.HunyuanYears.Scenario with { Length = HalfYears },
        };
        var reached = new HashSet<Use>();
        foreach (var policy in World.Policies)
            for (var run = 0; run < 2; run++)
            {
                var ledger = World.Run(input, World.Hunyuan, policy, run).Ledger;
                for (var tier = 0; tier < ledger.Tiers; tier++)
                {
                    long sum = 0, now = 0;
                    foreach (var use in Enum.GetValues<Use>())
                    {
                        Assert.True(ledger.Used(tier, use) >= 0, $"{policy.Name}: {use} of tier {tier} is negative");
                        sum += ledger.Used(tier, use);
                        now += ledger.Now(tier, use);
                        if (ledger.Used(tier, use) > 0) reached.Add(use);
                    }

                    Assert.Equal(ledger.Stock(tier), sum);
                    Assert.Equal(ledger.StockNow(tier), now);
                }
            }

        Assert.Superset(
            new HashSet<Use>([Use.Training, Use.Inference, Use.InferenceGuest, Use.Batch, Use.BatchGuest, Use.Idle,
                Use.NodeOut, Use.Broken, Use.Spare]), reached);
    }

    [Fact]
    public void The_stock_is_its_devices_times_the_time_where_nothing_changes_it()
    {
        var input = World.Read("""
            years = 1
            streams = [ { every = 1d, job { name = b, kind = batch, tasks = 9, devices = 1, duration = 5h } } ]
            """);
        var ledger = World.Run(input, World.Fleet(("a", "H800", 2), ("a", "A10", 3))).Ledger;
        Assert.Equal(16L * 1000 * 365 * 86_400, ledger.Stock(0));
        Assert.Equal(24L * 1000 * 365 * 86_400, ledger.Stock(2));
        Assert.Equal(9L * 1000 * 5 * 3_600 * 365, ledger.Used(2, Use.Batch));
    }

    [Fact]
    public void A_power_cap_switches_the_least_capable_off_and_the_books_agree()
    {
        var input = World.Read("""
            years = 1
            supply { power { cap = 0.0128, watts { H800 = 700, A10 = 150 }, source = test } }
            streams = [ { every = 1d, job { name = b, kind = batch, tasks = 9, devices = 1, duration = 5h } } ]
            """);
        var ledger = World.Run(input, World.Fleet(("a", "H800", 2), ("a", "A10", 3))).Ledger;
        // 16 × 700 W are 11.2 kW; 1.6 kW are left for ten A10, so one node of eight stays on and two are off.
        Assert.Equal(16_000, ledger.Now(2, Use.PowerOff));
        Assert.Equal(0, ledger.Now(0, Use.PowerOff));
        Assert.Equal(ledger.Stock(2), Enum.GetValues<Use>().Sum(u => ledger.Used(2, u)));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_on_any_number_of_threads()
    {
        var input = new ForecastInput(
            World.HunyuanYears with
            {
                Scenario = World.HunyuanYears.Scenario with { Length = TimeSpan.FromDays(120) },
            }, [.. World.Policies], World.Hunyuan, []);
        var size = new ForecastSize(8, 3, 2, 2);
        string Bytes(ulong seed, int threads) =>
            JsonSerializer.Serialize(Forecast.Of(
                input, size, seed, threads, progress: null, TestContext.Current.CancellationToken));
        var one = Bytes(1, 1);
        Assert.Equal(one, Bytes(1, 4));
        Assert.NotEqual(one, Bytes(2, 4));
    }

    [Fact]
    public void Draws_do_not_depend_on_what_was_drawn_before()
    {
        var draws = new Draws(3, 14);
        var first = draws.Uniform(Draw.Victim, 1, 2);
        _ = draws.Uniform(Draw.Victim, 1, 3);
        Assert.Equal(first, draws.Uniform(Draw.Victim, 1, 2));
        var mean = Enumerable.Range(0, 100_000).Average(i => draws.Uniform(Draw.Moment, i));
        Assert.InRange(mean, 0.495, 0.505);
        var events = Enumerable.Range(0, 100_000).Average(i => draws.Poisson(Draw.Failures, i, 0, 0.7));
        Assert.InRange(events, 0.68, 0.72);
        var triangle = Enumerable.Range(0, 100_000).Average(i => new Draws(9, i).Triangle(1, 1, 2, 6));
        Assert.InRange(triangle, 2.98, 3.02);
    }
}
