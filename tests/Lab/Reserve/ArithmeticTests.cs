using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Lab.Reserve;

namespace Stockpile.Lab.Tests.Reserve;

/// <summary>Where the answer can be worked out by hand, it is that.</summary>
public sealed class ArithmeticTests
{
    private const double Work = 40_000;
    private const int Devices = 64;

    private static string Generations(double growth, string more = "") => $$"""
        years = 3
        assumptions { generation-growth { value = {{growth}}, source = test } }
        generations { most = 20, {{more}} jobs = [ { stage = 1, job { name = pretrain, kind = training
          devices = {{Devices}}, per-node = 8, work = {{Work}}, checkpoint = 1h, tiers = [frontier] } } ] }
        """;

    private static readonly Policy NoLinks =
        World.Policy with { Gangs = World.Policy.Gangs with { StepTokens = 0 } };

    [Theory]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(2)]
    [InlineData(3)]
    public void Generations_are_the_usable_hours_over_the_growth_series(double growth)
    {
        var result = World.Run(World.Read(Generations(growth)), World.Fleet(("a", "H800", 8)), NoLinks);

        // 64 devices for three years, and generations of W, W·g, W·g², …: n where W·(gⁿ − 1)/(g − 1) still fits.
        var hours = Devices * 3 * 365 * 24.0;
        var expected = growth == 1
            ? Math.Min(20, (int)(hours / Work))
            : (int)Math.Floor(Math.Log(1 + hours * (growth - 1) / Work, growth));
        Assert.Equal(expected, result.Completed);
        double sum = 0;
        for (var n = 0; n < expected; n++)
        {
            sum += Work * Math.Pow(growth, n);
            Assert.InRange(result.Generations[n].Done / 3_600.0 - sum / Devices, 0, 1 / 60.0);
        }

        // Every hour of the frontier was training, up to the last one, unless the plan ended before.
        if (expected < 20) Assert.Equal(hours, result.Ledger.Hours(0, Use.Training), 0.001);
        var part = growth == 1 ? (hours - sum) / Work : (hours - sum) / (Work * Math.Pow(growth, expected));
        if (expected < 20) Assert.Equal(expected + part, result.Progress, 0.001);
    }

    [Fact]
    public void Links_cost_what_run_times_say()
    {
        var result = World.Run(World.Read(Generations(2)), World.Fleet(("a", "H800", 8)));
        var spec = new JobSpec { Name = "x", Kind = JobKind.Training, Devices = Devices, WorkHours = Work };
        var alone = RunTimes.Of(spec, World.Catalog, World.Policy.Gangs, "H800", Devices, nodes: 8);
        Assert.InRange(result.Generations[0].Done - alone.TotalSeconds, 0, 1);
        Assert.True(alone.TotalHours > Work / Devices * 1.05, "links cost something");
    }

    [Fact]
    public void A_gang_larger_than_any_cell_never_starts()
    {
        var halves = World.Fleet(("a", "H800", 4), ("b", "H800", 4));
        Assert.Equal(0, World.Run(World.Read(Generations(2)), halves).Progress);
        var joined = ReserveRun.Of(
            ReserveModel.Of(World.Read(Generations(2)), World.Policy, halves, relaxed: Relaxed.GangSize), 7, 0);
        Assert.True(joined.Completed > 0);
    }

    [Fact]
    public void A_generation_beyond_its_deadline_is_late_and_counts_as_done()
    {
        var days = Work / Devices / 24;
        var result = World.Run(
            World.Read(Generations(2, $"deadline = {(int)(days * 3)}d,")), World.Fleet(("a", "H800", 8)), NoLinks);
        Assert.Equal([false, false, true], result.Generations.Take(3).Select(g => g.Late));
        Assert.Equal(2, (int)result.OnTime);
        Assert.True(result.Progress > 3);
    }

    [Fact]
    public void A_lot_comes_on_its_day_and_not_after_the_ban()
    {
        string Lots(string ban) => Generations(2) + $$"""

            supply { purchases = [ { date = 2026-03-02, model = H800, devices = 64, cell = a, source = test } ]
              bans = [ {{ban}} ] }
            """;
        var nothing = World.Fleet(("a", "T4", 1));
        var bought = World.Run(World.Read(Lots("")), nothing, NoLinks);
        Assert.Equal(60 * 24 + Work / Devices, bought.Generations[0].Done / 3_600.0, 1);
        var banned = World.Run(World.Read(Lots("{ date = 2026-03, model = H800, source = test }")), nothing, NoLinks);
        Assert.Equal((0, 64), (banned.Completed, banned.Counts.NotDelivered));
        var later = World.Run(World.Read(Lots("{ date = 2026-04, model = H800, source = test }")), nothing, NoLinks);
        Assert.Equal(bought.Generations[0], later.Generations[0]);
    }

    /// <summary>More nodes of a cell never complete fewer generations, where nothing breaks and gangs are equal.
    /// </summary>
    [Fact]
    public void More_stock_never_completes_fewer_generations()
    {
        var random = new Random(5);
        var (more, same) = (0, 0);
        for (var trial = 0; trial < 60; trial++)
        {
            var nodes = random.Next(2, 20);
            var (gang, count) = (8 * random.Next(1, 6), random.Next(1, 6));
            var input = World.Read($$"""
                years = 1
                assumptions { generation-growth { value = {{1 + random.Next(3) / 2.0}}, source = test } }
                generations { most = 64, jobs = [ { stage = 1, count = {{count}}, job { name = g, kind = training
                  devices = {{gang}}, per-node = 8, work = {{random.Next(5_000, 60_000)}}, checkpoint = 1h
                  tiers = [frontier] } } ] }
                """);
            var few = World.Run(input, World.Fleet(("a", "H800", nodes)));
            var many = World.Run(input, World.Fleet(("a", "H800", nodes + random.Next(1, 8))));
            Assert.True(many.Progress >= few.Progress - 1e-9,
                $"trial {trial}: {nodes} nodes {few.Progress}, more nodes {many.Progress}");
            if (many.Progress > few.Progress) more++;
            else same++;
        }

        Assert.True(more > 0 && same > 0, "both outcomes are reached");
    }
}
