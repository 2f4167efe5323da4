namespace Stockpile.Cli.Tests;

/// <summary><c>forecast</c>: what it takes, refuses and prints.</summary>
public sealed class ForecastTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("forecast-").FullName;
    private readonly CommandLine _command = new();

    public ForecastTests()
    {
        File.WriteAllText(Fleet, """
            fleet { name = small, cells { a { groups = [
              { model = H800, count = 8, devices = 8, cpu = 64, memory = 512GiB }
              { model = L20, count = 4, devices = 8, cpu = 64, memory = 512GiB } ] } } }
            """);
        File.WriteAllText(Years, """
            reserve { name = years, years = 1
              assumptions { generation-growth { low = 1.5, value = 2, high = 3, source = test } }
              generations { jobs = [ { stage = 1, job { name = g, kind = training, devices = 64, per-node = 8
                work = 60000, checkpoint = 1h, tiers = [frontier] } } ] }
              services = [ { outside = true, job { name = rent, kind = inference, replicas { min = 0, max = 20 }
                devices = 1, demand { base = 5, peak = 20, peak-hour = 9 } } } ] }
            """);
    }

    private string Fleet => Path.Combine(_folder, "fleet.conf");
    private string Years => Path.Combine(_folder, "years.conf");

    [Fact]
    public async Task It_prints_one_document_and_the_same_bytes_for_the_same_seed()
    {
        var first = await ForecastAsync("--runs", "8", "--json");
        Assert.Equal(0, first.Exit);
        var json = first.Json;
        Assert.Equal(8, json.GetProperty("runs").GetInt32());
        var generations = json.GetProperty("generations");
        foreach (var field in new[] { "p10", "p50", "p90", "mean" })
            Assert.True(generations.GetProperty(field).GetDouble() >= 1, field);
        Assert.Equal(["combined", "any-chip", "train-anywhere", "reserve-all"],
            json.GetProperty("byPolicy").EnumerateArray().Select(p => p.GetProperty("policy").GetString()));
        Assert.Equal(64, json.GetProperty("stockOverTime")[0].GetProperty("frontier").GetDouble());
        // A gang takes its 64 devices or none, one after the other, so more of them would stand idle.
        Assert.Equal("link bandwidth", json.GetProperty("bindingConstraint").GetString());
        Assert.Equal(first.Out, (await ForecastAsync("--runs", "8", "--json", "--threads", "3")).Out);
        Assert.NotEqual(first.Out, (await ForecastAsync("--runs", "8", "--json", "--seed", "9")).Out);
    }

    [Fact]
    public async Task What_ifs_change_the_answer_and_are_named()
    {
        async Task<double> Progress(params string[] what)
        {
            var run = await ForecastAsync(
                ["--runs", "4", "--json", "--no-sensitivity", "--policies", "combined", .. what]);
            Assert.Equal(what.Length > 0 ? 1 : 0, run.Json.GetProperty("whatIf").GetArrayLength());
            return run.Json.GetProperty("progress").GetProperty("mean").GetDouble();
        }

        var asIs = await Progress();
        Assert.True(await Progress("--generation-growth", "1.2") > asIs);
        // Elastic gangs would grow; these need their 64, so a second 64 only train where a second gang waits.
        Assert.Equal(asIs, await Progress("--buy", "H800:64@2026-06"), 1e-9);
        Assert.Equal(asIs, await Progress("--ban", "2026-01", "H800"), 1e-9);
    }

    [Fact]
    public async Task A_chart_marks_the_generations_that_half_of_the_runs_complete()
    {
        var page = Path.Combine(_folder, "marks.html");
        var run = await ForecastAsync(
            "--runs", "20", "--years", "0.85", "--no-sensitivity", "--report", page, "--json");
        var html = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        var dates = run.Json.GetProperty("dates").EnumerateArray().ToList();
        Assert.Contains(dates, d => d.GetProperty("runs").GetDouble() < 0.5);
        foreach (var date in dates)
            Assert.Equal(date.GetProperty("runs").GetDouble() >= 0.5,
                html.Contains($">generation {date.GetProperty("generation")}<", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_table_a_plot_and_a_page_come_from_one_run()
    {
        var (plot, page) = (Path.Combine(_folder, "f.png"), Path.Combine(_folder, "f.html"));
        var run = await ForecastAsync("--runs", "4", "--plot", plot, "--report", page);
        Assert.Equal(("", 0), (run.Error, run.Exit));
        Assert.Contains("cloud tenants", run.Out, StringComparison.Ordinal);
        Assert.Contains("reserve-all", run.Out, StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(plot)[..4]);
        var html = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        Assert.StartsWith("<!doctype html>", html, StringComparison.Ordinal);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
        foreach (var outside in new[] { "http://", "https://", "<script", "<link", "<img" })
            Assert.DoesNotContain(outside, html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "--ban", "2026-01 H900", "--ban: 'H900' is not a known model; ")]
    [InlineData(2, "--ban", "soon H800", "--ban: 'soon' is not a date; a day such as 2026-01-15")]
    [InlineData(2, "--ban", "2026-01", "--ban")]
    [InlineData(2, "--buy", "H800:0@2027-06", "--buy: 'H800:0@2027-06' needs a number of devices of 1 to ")]
    [InlineData(2, "--buy", "H800@2027-06", "--buy: 'H800@2027-06' is not MODEL:DEVICES@DATE")]
    [InlineData(2, "--buy", "H800:8@later", "--buy: 'later' is not a date")]
    [InlineData(2, "--buy", "H9:8@2027-06", "--buy: 'H9' is not a known model; ")]
    [InlineData(2, "--generation-growth", "0", "--generation-growth must be a number of 0.1 to 100")]
    [InlineData(2, "--years", "99", "--years must be a number of 0.01 to 10")]
    [InlineData(2, "--runs", "0", "--runs: '0' is not a number of 1 to 100")]
    [InlineData(2, "--policies", "best", "--policies: 'best' is unknown; combined, any-chip")]
    [InlineData(2, "--policies", ",", "--policies names none")]
    [InlineData(1, "--policies", "/nowhere/p.conf", "/nowhere/p.conf")]
    [InlineData(1, "--plot", "/nowhere/at/f.png", "--plot /nowhere/at/f.png: there is no folder")]
    [InlineData(1, "--report", "/nowhere/at/f.html", "--report /nowhere/at/f.html: there is no folder")]
    public async Task Wrong_options_are_one_clear_line(int exit, string option, string value, string message) =>
        (await ForecastAsync([option, .. value.Split(' ')])).Fails(exit, message);

    [Fact]
    public async Task A_file_that_is_no_scenario_and_a_cluster_that_is_not_there_are_refused()
    {
        (await _command.RunAsync("forecast", "--scenario", Fleet, "--runs", "1")).Fails(1, Fleet, "reserve");
        (await _command.RunAsync("forecast", "--fleet", Fleet, "--live")).Fails(2, "either --fleet", "or --live");
        (await _command.RunAsync("forecast", "--live", "--server", "http://127.0.0.1:1")).Fails(3, "127.0.0.1:1");
    }

    private Task<Outcome> ForecastAsync(params string[] more) =>
        _command.RunAsync(["forecast", "--fleet", Fleet, "--scenario", Years, .. more]);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
