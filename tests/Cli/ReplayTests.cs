namespace Stockpile.Cli.Tests;

/// <summary><c>replay</c>: what it takes, refuses and prints.</summary>
public sealed class ReplayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("replay-").FullName;
    private readonly CommandLine _command = new();

    public ReplayTests()
    {
        File.WriteAllLines(Nodes, ["sn,cpu_milli,memory_mib,gpu,model",
            .. Enumerable.Range(0, 10).Select(i => $"n{i},96000,393216,8,{(i < 7 ? "G2" : "T4")}")]);
        File.WriteAllLines(Pods, ["name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec",
            .. Enumerable.Range(0, 60).Select(i => $"p{i},{4000 + i % 3 * 2000},4096,1,{(i % 2 == 0 ? 1000 : 450)},"
                + (i % 5 == 0 ? "T4" : ""))]);
    }

    private string Nodes => Path.Combine(_folder, "nodes.csv");
    private string Pods => Path.Combine(_folder, "pods.csv");

    [Fact]
    public async Task One_policy_prints_its_seeds_and_their_mean()
    {
        var run = await ReplayAsync("--policy", "fgd", "--seeds", "42..44", "--json");
        Assert.Equal(0, run.Exit);
        Assert.Equal("fgd", run.Json.GetProperty("policy").GetString());
        Assert.Equal([42, 43, 44], run.Json.GetProperty("seeds").EnumerateArray()
            .Select(s => s.GetProperty("seed").GetInt32()));
        var mean = run.Json.GetProperty("mean");
        foreach (var field in new[]
            {
                "arrivedPercent", "allocatedPercent", "unallocatedDevices", "fragmentedPercent", "placed", "dropped",
                "migrations", "decisionsPerSecond",
            })
            Assert.True(mean.GetProperty(field).GetDouble() >= 0, field);
        Assert.InRange(mean.GetProperty("curve").GetProperty("50").GetDouble(), 45, 55);
    }

    [Fact]
    public async Task Several_policies_make_a_table_and_a_plot()
    {
        var plot = Path.Combine(_folder, "plot.png");
        var run = await ReplayAsync("--policy", "all", "--seeds", "1", "--plot", plot);
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Exit);
        foreach (var policy in Core.Scoring.ScoringPolicies.Names)
            Assert.Contains("\n" + policy, run.Out, StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(plot)[..4]);
    }

    [Theory]
    [InlineData(2, "--policy", "best", "'best' is unknown; allowed: all, bestfit, clustering")]
    [InlineData(2, "--seeds", "5..3", "--seeds must be numbers such as 42..51")]
    [InlineData(2, "--seeds", "x", "--seeds must be numbers such as 42..51")]
    [InlineData(2, "--seeds", "1,1", "--seeds must be numbers such as 42..51")]
    [InlineData(2, "--tune", "-1", "--tune")]
    [InlineData(2, "--arrivals", "poisson", "poisson")]
    [InlineData(2, "--format", "swf", "swf")]
    [InlineData(1, "--jobs", "/nowhere/pods.csv", "/nowhere/pods.csv")]
    [InlineData(1, "--plot", "/nowhere/at/all.png", "--plot /nowhere/at/all.png: there is no folder")]
    public async Task Wrong_input_is_one_line(int exit, string option, string value, string message)
    {
        string[] jobs = option == "--jobs" ? [] : ["--jobs", Pods];
        (await _command.RunAsync(["replay", "--nodes", Nodes, .. jobs, option, value])).Fails(exit, message);
    }

    [Fact]
    public async Task The_times_of_a_trace_give_waits_and_utilisation()
    {
        var run = await ReplayAsync("--policy", "stockpile", "--seeds", "1,2", "--arrivals", "trace", "--json");
        Assert.Equal("", run.Error);
        var mean = run.Json.GetProperty("mean");
        Assert.Equal(60, mean.GetProperty("completed").GetInt64());
        Assert.True(mean.GetProperty("waiting").GetProperty("p99Seconds").GetDouble() >= 0);
        Assert.True(mean.GetProperty("completion").GetProperty("meanSeconds").GetDouble() >= 3_600);
        Assert.InRange(mean.GetProperty("utilisation").GetProperty("T4").GetDouble(), 0.001, 1);
        var table = await ReplayAsync("--policy", "fgd,random", "--seeds", "1", "--arrivals", "trace");
        Assert.Contains("Utilisation by model", table.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_or_a_running_cluster_is_asked_for_and_not_both()
    {
        (await _command.RunAsync(["replay", "--jobs", Pods])).Fails(2, "give either --nodes", "or --live");
        (await ReplayAsync("--live")).Fails(2, "give either --nodes", "or --live");
        (await _command.RunAsync(["replay", "--jobs", Pods, "--live", "--server", "http://127.0.0.1:1"])).Fails(
            1, "pods.csv:3");
    }

    [Fact]
    public async Task A_broken_line_is_named_with_its_file_and_column()
    {
        File.AppendAllLines(Pods, ["late,4000,4096,1,1200,"]);
        (await ReplayAsync("--seeds", "1")).Fails(1, "pods.csv:62", "gpu_milli", "1200");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<Outcome> ReplayAsync(params string[] more) =>
        _command.RunAsync(["replay", "--nodes", Nodes, "--jobs", Pods, .. more]);
}
