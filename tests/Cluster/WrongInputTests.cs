namespace Stockpile.Cluster.Tests;

/// <summary>What users get wrong, on the real program with a cluster that listens.</summary>
public sealed class WrongInputTests
{
    [Fact]
    public async Task Wrong_input_ends_in_one_line_and_its_exit_code_and_submits_nothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TempFolder();
        await using var up = await StockpileProcess.UpAsync(folder.Sub("data"), speed: 1);
        var brace = folder.Write("brace.conf", "jobs = [ { name = a, kind = batch, tasks = 1 ");
        var half = folder.Write("half.conf", """
            jobs = [
              { name = good, kind = batch, tasks = 1, devices = 1, duration = 1h }
              { name = bad, kind = batch, tasks = -3, devices = 1, duration = 1h }
            ]
            """);
        var model = folder.Write("model.conf",
            """jobs = [ { name = a, kind = training, devices = 8, work = 8, models = [H9000] } ]""");
        var typed = folder.Write("typed.conf",
            """jobs = [ { name = a, kind = training, devices = many, work = 8 } ]""");
        var huge = folder.Write("huge.conf",
            $$"""jobs = [ { name = {{new string('x', 1 << 20)}}, kind = batch, tasks = 1, duration = 1h } ]""");
        var gang = folder.Write("gang.conf", """
            jobs = [
              { name = good, kind = batch, tasks = 1, devices = 1, duration = 1h }
              { name = big, kind = training, devices = 4000, work = 1 }
            ]
            """);
        const string Good = "{ name = a, kind = batch, tasks = 1, devices = 1, duration = 1h }";
        const string Nowhere =
            "{ name = z, kind = batch, tasks = 1, devices = 1, duration = 1h, labels { rack = none } }";
        var rack = folder.Write("rack.conf",
            $"jobs = [ {string.Join('\n', Enumerable.Repeat(Good, 600))}\n{Nowhere} ]");
        string[] batch = ["--kind", "batch", "--devices", "1", "--duration", "1h"];

        await RefusedAsync(1, "brace.conf", brace);
        await RefusedAsync(1, "half.conf", half);
        await RefusedAsync(1, "H9000", model);
        await RefusedAsync(1, "devices", typed);
        Assert.True((await RefusedAsync(1, "name", huge)).Length < 1_000, "the name came back whole");

        // One job that no cell could run withholds those beside it, also when they need several requests.
        await RefusedAsync(1, "larger than any cell", gang);
        await RefusedAsync(1, "rack=none", rack);
        await RefusedAsync(1, "no-such-file.conf", folder.Sub("no-such-file.conf"));
        await RefusedAsync(1, "tasks", [.. batch, "--tasks", "-3"]);
        await RefusedAsync(1, "H9000", [.. batch, "--tasks", "1", "--models", "H9000"]);
        await RefusedAsync(1, "larger than any cell", "--kind", "training", "--devices", "4000", "--work", "1");
        await RefusedAsync(2, "many", [.. batch, "--tasks", "many"]);
        await RefusedAsync(2, "--taks", [.. batch, "--taks", "1"]);
        await RefusedAsync(2, "--kind", "--devices", "8");
        var absent = await StockpileProcess.RunAsync(
            ["submit", .. batch, "--tasks", "1", "--server", "http://127.0.0.1:9"]);
        Assert.Contains("127.0.0.1:9", absent.Refused(3), StringComparison.Ordinal);

        Assert.Empty(await up.Http.JobsAsync(cancel));

        async Task<string> RefusedAsync(int exitCode, string named, params string[] args)
        {
            var line = (await StockpileProcess.RunAsync(["submit", "--server", up.Url, .. args])).Refused(exitCode);
            Assert.Contains(named, line, StringComparison.Ordinal);
            return line;
        }
    }

    [Fact]
    public async Task A_wrong_fleet_scenario_or_option_of_demo_and_up_ends_before_anything_is_made()
    {
        using var folder = new TempFolder();
        var data = folder.Sub("data");
        var fleet = folder.Write("fleet.conf",
            """
            fleet {
              name = wrong
              cells { north { groups = [ { model = H9000, count = 1, devices = 8, cpu = 1, memory = 1GiB } ] } }
            }
            """);

        foreach (var verb in new[] { "demo", "up" })
        {
            var line = (await StockpileProcess.RunAsync(verb, "--data", data, "--fleet", fleet)).Refused(1);
            Assert.Contains("fleet.conf", line, StringComparison.Ordinal);
            Assert.Contains("H9000", line, StringComparison.Ordinal);
            (await StockpileProcess.RunAsync(verb, "--data", data, "--jobs", folder.Sub("none.conf"))).Refused(1);
            (await StockpileProcess.RunAsync(verb, "--data", data, "--speed", "-1")).Refused(2);
            (await StockpileProcess.RunAsync(verb, "--data", data, "--sped", "1")).Refused(2);
        }

        (await StockpileProcess.RunAsync("demo", "--data", data, "--for", "soon")).Refused(2);
        (await StockpileProcess.RunAsync("up", "--data", data, "--http", "nowhere")).Refused(2);
        var open = (await StockpileProcess.RunAsync("up", "--data", data, "--inspect", "0.0.0.0:0")).Refused(1);
        Assert.Contains("--inspect: key 'stockpile.inspector.host': '0.0.0.0' is open", open, StringComparison.Ordinal);
        Assert.Contains("there are no access tokens", open, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }
}
