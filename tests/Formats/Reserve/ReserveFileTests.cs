using Stockpile.Formats.Hocon;
using Stockpile.Formats.Reserve;

namespace Stockpile.Formats.Tests.Reserve;

/// <summary>Long-term scenarios: what is read; every error is one line with file, line, key and what is allowed.
/// </summary>
public sealed class ReserveFileTests
{
    private const string Demand = """
        streams = [ { every = 1d, job { name = b, kind = batch, tasks = 1, devices = 1, duration = 1h } } ]
        """;

    [Theory]
    [InlineData("years = 11", "r:2: key 'reserve.years': 11 is not allowed; 0.01..10")]
    [InlineData("year = 3", "r:2: key 'reserve.year': is not known (did you mean 'years'?)")]
    [InlineData("start = 2026-13", "r:2: key 'reserve.start': '2026-13' is not a date; a day such as 2026-01-15")]
    [InlineData("supply { wear { H9 { failures = 1, source = s } } }",
        "r:2: key 'reserve.supply.wear.H9': 'H9' is not a known model (did you")]
    [InlineData("supply { wear { H800 { failures = -1, source = s } } }",
        "r:2: key 'reserve.supply.wear.H800.failures': -1 is not allowed; 0..10")]
    [InlineData("supply { wear { H800 { failures = 0.1 } } }",
        "r:2: key 'reserve.supply.wear.H800.source': is missing")]
    [InlineData("supply { wear { H800 { failures = 0.1, age = [1, old], source = s } } }",
        "r:2: key 'reserve.supply.wear.H800.age': 'old' is not a factor of 0 to 100")]
    [InlineData("supply { repair { swap = 6h, share = 1.5, time = 1d, replace = 1d, source = s } }",
        "r:2: key 'reserve.supply.repair.share': 1.5 is not allowed; 0..1")]
    [InlineData("supply { repair { swap = 6, share = 0.5, time = 1d, replace = 1d, source = s } }",
        "r:2: key 'reserve.supply.repair.swap': '6' is not a duration; ")]
    [InlineData("supply { spares { H800 = -4 } }", "r:2: key 'reserve.supply.spares.H800': -4 is not allowed; 0..")]
    [InlineData("supply { purchases = [ { date = soon, model = H20, devices = 8, cell = a, source = s } ] }",
        "r:2: key 'reserve.supply.purchases[0].date': 'soon' is not a date; ")]
    [InlineData("supply { purchases = [ { date = 2027-01, model = H20, devices = 9, cell = a, source = s } ] }",
        "r:2: key 'reserve.supply.purchases[0].devices': 9 are not whole nodes of 8")]
    [InlineData("supply { bans = [ { date = 2027-01, model = H21, source = s } ] }",
        "r:2: key 'reserve.supply.bans[0].model': 'H21' is not a known model (did you")]
    [InlineData("supply { bans = [ { date = 2027-01, model = H20, source = \"\" } ] }",
        "r:2: key 'reserve.supply.bans[0].source': is empty; say where the figures come from")]
    [InlineData("supply { substitutes { H20 { tier = frontier } } }",
        "r:2: key 'reserve.supply.substitutes.H20': is in the catalogue already; ")]
    [InlineData("supply { power { cap = -1, watts { H20 = 400 }, source = s } }",
        "r:2: key 'reserve.supply.power.cap': -1 is not allowed; 0..")]
    [InlineData("assumptions { luck { value = 1, source = s } }",
        "r:2: key 'reserve.assumptions.luck': is not an assumption; generation-growth, ")]
    [InlineData("assumptions { demand { low = 2, value = 1, source = s } }",
        "r:2: key 'reserve.assumptions.demand.low': is above value; low, value, high go up")]
    [InlineData("generations { jobs = [] }", "r:2: key 'reserve.generations.jobs': is missing or empty")]
    [InlineData("generations { jobs = [ { stage = 0, job { name = a, kind = training, devices = 8, work = 1 } } ] }",
        "r:2: key 'reserve.generations.jobs[0].stage': 0 is not allowed; 1..16")]
    [InlineData("generations { jobs = [ { stage = 1, job { name = a, kind = batch, tasks = 1, devices = 1\n"
        + "work = 1 } } ] }",
        "r:2: key 'reserve.generations.jobs[0].job.kind': is not allowed here; training")]
    [InlineData("services = [ { job { name = a, kind = inference, replicas { min = 1, max = 2 }, devices = 1 } } ]",
        "r:2: key 'reserve.services[0].job.demand': is missing; ")]
    [InlineData("services = [ { growth = 0, job { name = a, kind = inference, replicas { min = 1, max = 2 }\n"
        + "devices = 1 } } ]",
        "r:2: key 'reserve.services[0].growth': 0 is not allowed; 0.01..100")]
    public void A_bad_scenario_is_refused_with_file_line_key_and_what_is_allowed(string line, string message)
    {
        var error = Assert.Throws<InputException>(() => ReserveFile.ParseText(
            "reserve { name = test\n" + line + "\n" + Demand + "}", Shipped.Catalog, Shipped.Policy, "r"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("every = 5m, job { name = b, kind = batch, tasks = 1, devices = 1, duration = 1h }",
        "r:1: key 'reserve.streams[0].every': is shorter than 10m; ")]
    [InlineData("every = 1d, job { name = b, kind = batch, tasks = 1, cpu = 1, duration = 1h }",
        "r:1: key 'reserve.streams[0].job.devices': is missing; a forecast counts devices only")]
    [InlineData("every = 1d, job { name = b, kind = batch, tasks = 1, devices = 1, duration = 1h, labels { a = b } }",
        "r:1: key 'reserve.streams[0].job.labels': are not allowed here; ")]
    public void A_bad_stream_is_refused(string stream, string message)
    {
        var error = Assert.Throws<InputException>(() => ReserveFile.ParseText(
            "reserve { name = test, streams = [ { " + stream + " } ] }", Shipped.Catalog, Shipped.Policy, "r"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_scenario_that_wants_nothing_is_refused()
    {
        var error = Assert.Throws<InputException>(() => ReserveFile.ParseText(
            "reserve { name = test }", Shipped.Catalog, Shipped.Policy, "r"));
        Assert.Contains("wants nothing of the stock; give generations, services or streams", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_shipped_years_are_read_and_every_figure_says_where_it_comes_from()
    {
        var read = ReserveFile.Read(Shipped.Hocon("scenarios/hunyuan.conf"), Shipped.Catalog, Shipped.Policy);
        var (scenario, supply) = (read.Scenario, read.Scenario.Supply);
        Assert.Equal(3 * 365, scenario.Length.TotalDays);
        Assert.Equal(AssumptionNames.Neutral.Keys.Order(), scenario.Assumptions.Keys.Order());
        Assert.NotNull(read.Catalog.Find("950DT"));
        Assert.Null(Shipped.Catalog.Find("950DT"));
        Assert.Equal(new DateTimeOffset(2023, 11, 1, 0, 0, 0, TimeSpan.Zero), supply.BannedFrom("H800"));
        Assert.Null(supply.BannedFrom("L20"));
        string[] sources =
        [
            .. scenario.Assumptions.Values.Select(a => a.Source), .. supply.Wear.Values.Select(w => w.Source),
            supply.DefaultWear.Source, supply.Repair.Source, supply.Power!.Source,
            .. supply.Purchases.Select(p => p.Source), .. supply.Bans.Select(b => b.Source),
            .. supply.Retirements.Select(r => r.Source),
        ];
        Assert.All(sources, s => Assert.True(s.Length > 3, s));
        Assert.All(scenario.Services.Where(s => !s.Outside), s => Assert.NotNull(s.Spec.Serving));
    }

    [Fact]
    public void The_supply_of_a_fleet_takes_the_place_of_the_scenarios()
    {
        var folder = Directory.CreateTempSubdirectory("reserve-").FullName;
        try
        {
            var fleet = Path.Combine(folder, "fleet.conf");
            File.WriteAllText(fleet, """
                fleet { name = f
                  supply { bans = [ { date = 2027-05, model = L20, source = s } ] }
                  cells { a { groups = [ { model = L20, count = 1, devices = 8, cpu = 8, memory = 8GiB } ] } } }
                """);
            var read = ReserveFile.Read(
                Shipped.Hocon("scenarios/hunyuan.conf"), Shipped.Catalog, Shipped.Policy, fleet);
            Assert.Equal(5, read.Scenario.Supply.BannedFrom("L20")!.Value.Month);
            Assert.Null(read.Scenario.Supply.BannedFrom("H800"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
