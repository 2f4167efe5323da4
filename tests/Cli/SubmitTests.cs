using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.Mapping;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Cli.Tests;

public sealed class SubmitTests : IAsyncLifetime
{
    private readonly CommandLine _cli = new();
    private ApiHost _host = null!;

    private static readonly string[] Training = ["submit", "--kind", "training", "--devices", "64", "--work", "1000"];

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartAsync();
        _cli.Environment["STOCKPILE_SERVER"] = _host.Url;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task One_job_by_options_is_submitted_with_a_key_of_its_own()
    {
        var outcome = await _cli.RunAsync(Training);

        Assert.Equal(0, outcome.Exit);
        Assert.Contains("north-1", outcome.Out, StringComparison.Ordinal);
        Assert.Equal("", outcome.Error);
        var sent = _host.Gateway.Submitted.Single().Single();
        Assert.StartsWith("cli-", sent.Key, StringComparison.Ordinal);
        Assert.Equal(64, sent.Spec.Devices);
    }

    [Fact]
    public async Task A_dry_run_says_where_the_job_would_go_and_submits_nothing()
    {
        var outcome = await _cli.RunAsync([.. Training, "--dry-run"]);

        Assert.Equal(0, outcome.Exit);
        Assert.Contains("north-7 (guest, 2 H800)", outcome.Out, StringComparison.Ordinal);
        Assert.Contains("nothing was submitted", outcome.Out, StringComparison.Ordinal);
        Assert.Empty(_host.Gateway.Submitted);
        Assert.Equal(2, (await _cli.RunAsync([.. Training, "--dry-run", "--wait", "placed"])).Exit);
    }

    [Fact]
    public async Task Every_option_reaches_the_cell()
    {
        var outcome = await _cli.RunAsync(
            "submit", "--kind", "inference", "--name", "chat", "--tenant", "web", "--priority", "high",
            "--tiers", "basic, frontier", "--min-memory", "20GiB", "--cpu", "1.5", "--memory", "2048", "--label",
            "rack=r1", "--label", "pod=p=2", "--share", "250", "--replicas", "2..8", "--demand",
            "10..40@14 Asia/Shanghai",
            "--serving", "1.5,0.25,0.75", "--latency-class", "fast", "--guest", "false",
            "--checkpoint", "90s", "--duration", "2h", "--retries", "3");

        Assert.Equal(0, outcome.Exit);
        var spec = _host.Gateway.Submitted[0][0].Spec.FromWire();
        Assert.Equal(["basic", "frontier"], spec.Tiers);
        Assert.Equal("p=2", spec.Labels["pod"]);
        Assert.Equivalent(new
        {
            Name = "chat", Kind = JobKind.Inference, Tenant = "web", Priority = Priority.High, MinMemoryMiB = 20_480,
            CpuMilli = 1_500, MemoryMiB = 2_048L, ShareMilli = 250, MinReplicas = 2, MaxReplicas = 8,
            Demand = new Demand(10, 40, 14, Zone: "Asia/Shanghai"), Serving = new ServingRate(1.5, 0.25, 0.75),
            LatencyClass = "fast",
            Guest = false, Checkpoint = TimeSpan.FromSeconds(90), Duration = TimeSpan.FromHours(2),
            Retries = 3,
        }, spec);
    }

    [Fact]
    public async Task Several_files_are_one_batch_under_one_key()
    {
        _cli.Reader.Files["a.conf"] = [FakeReader.Batch("a1"), FakeReader.Batch("a2")];
        _cli.Reader.Files["openb:pods.csv"] = [FakeReader.Batch("b1")];

        var first = await _cli.RunAsync("submit", "a.conf", "openb:pods.csv", "--key", "night", "--json");
        var second = await _cli.RunAsync("submit", "a.conf", "openb:pods.csv", "--key", "night", "--json");

        Assert.Equal(["night/0", "night/1", "night/2"], _host.Gateway.Submitted[0].Select(s => s.Key));
        Assert.Equal(FakeReader.Batch("b1").ToWire(), _host.Gateway.Submitted[0][2].Spec);
        Assert.Equal("night", first.Json.GetProperty("key").GetString());
        Assert.False(first.Json.GetProperty("results")[0].GetProperty("repeated").GetBoolean());
        Assert.True(second.Json.GetProperty("results")[0].GetProperty("repeated").GetBoolean());
        Assert.Equal(3, _host.Gateway.Jobs.Count);
    }

    [Fact]
    public async Task More_jobs_than_one_request_takes_are_sent_in_parts()
    {
        _cli.Reader.Files["many"] = [.. Enumerable.Range(0, 1_201).Select(i => FakeReader.Batch($"j{i}"))];

        var outcome = await _cli.RunAsync("submit", "many", "--key", "k", "--json");

        Assert.Equal([500, 500, 201], _host.Gateway.Checked.Select(s => s.Count));
        Assert.Equal([500, 500, 201], _host.Gateway.Submitted.Select(s => s.Count));
        Assert.All(_host.Gateway.Modes, mode => Assert.Equal(SubmitMode.AllOrNothing, mode));
        Assert.Equal("k.2/200", _host.Gateway.Submitted[2][200].Key);
        Assert.Equal(1_201, outcome.Json.GetProperty("results").GetArrayLength());
    }

    [Fact]
    public async Task Nothing_is_submitted_when_one_file_is_bad()
    {
        _cli.Reader.Files["good.conf"] = [FakeReader.Batch("a")];

        var outcome = await _cli.RunAsync("submit", "good.conf", "bad.conf");

        outcome.Fails(1, "bad.conf:3", "-1");
        Assert.Empty(_host.Gateway.Submitted);
    }

    [Fact]
    public async Task A_refusal_is_exit_code_1_and_one_line_with_the_field()
    {
        var outcome = await _cli.RunAsync("submit", "--kind", "training", "--devices", "-64", "--work", "1");

        outcome.Fails(1, "devices: -64 is not allowed");
        Assert.Equal("", outcome.Out);
    }

    [Fact]
    public async Task A_batch_with_refused_jobs_shows_all_and_exits_with_1()
    {
        _cli.Reader.Files["two"] = [FakeReader.Batch("a"), FakeReader.Batch("b")];
        _host.Gateway.Refuse = s => s.Spec.Name == "b"
            ? FakeGateway.Refusal(Refusal.Unplaceable, "devices", "too many")
            : null;

        var outcome = await _cli.RunAsync("submit", "two", "--json");

        outcome.Fails(1, "1 of 2 jobs", "too many");
        Assert.Equal("north-1",
            outcome.Json.GetProperty("results")[0].GetProperty("job").GetProperty("id").GetString());
        Assert.Equal("unplaceable",
            outcome.Json.GetProperty("results")[1].GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("submit")]
    [InlineData("submit", "a.conf", "--devices", "8")]
    [InlineData("submit", "--kind", "gaming")]
    [InlineData("submit", "--kind", "training", "--devices", "many")]
    [InlineData("submit", "--kind", "batch", "--duration", "2 weeks")]
    [InlineData("submit", "--kind", "batch", "--min-memory", "20 apples")]
    [InlineData("submit", "--kind", "batch", "--label", "rack")]
    [InlineData("submit", "--kind", "inference", "--replicas", "2-8")]
    [InlineData("submit", "--kind", "inference", "--demand", "high")]
    [InlineData("submit", "a.conf", "--wait", "forever")]
    [InlineData("submit", "a.conf", "--dry")]
    public async Task Wrong_usage_is_exit_code_2_and_sends_nothing(params string[] args)
    {
        _cli.Reader.Files["a.conf"] = [FakeReader.Batch("a")];

        var outcome = await _cli.RunAsync(args);

        outcome.Fails(2);
        Assert.Empty(_host.Gateway.Submitted);
    }

    [Fact]
    public async Task A_busy_cluster_is_asked_again_under_the_same_key()
    {
        var calls = 0;
        _host.Gateway.Fault = () => ++calls == 1
            ? new ClusterBusyException("full", TimeSpan.FromSeconds(1))
            : null;
        _cli.RetryFor = TimeSpan.FromSeconds(30);

        var outcome = await _cli.RunAsync(Training);

        Assert.Equal(0, outcome.Exit);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task A_cell_that_moves_is_asked_again_under_the_same_key_when_the_answer_says()
    {
        var calls = new List<long>();
        _host.Gateway.Fault = () =>
        {
            calls.Add(TimeProvider.System.GetTimestamp());
            return calls.Count <= 2 ? new ClusterUnavailableException("it moves", TimeSpan.FromSeconds(1)) : null;
        };
        _cli.RetryFor = TimeSpan.FromSeconds(30);

        var outcome = await _cli.RunAsync([.. Training, "--key", "once"]);

        Assert.Equal(0, outcome.Exit);
        Assert.Equal("", outcome.Error);
        Assert.Equal(3, calls.Count);
        // It never comes before the time it was told.
        for (var i = 1; i < calls.Count; i++)
            Assert.True(TimeProvider.System.GetElapsedTime(calls[i - 1], calls[i]) >= TimeSpan.FromSeconds(0.9));
        Assert.Equal("once", Assert.Single(Assert.Single(_host.Gateway.Submitted)).Key);
    }

    [Fact]
    public async Task A_cluster_that_stays_busy_is_exit_code_1()
    {
        _host.Gateway.Fault = () => new ClusterBusyException("the queue is full", TimeSpan.FromSeconds(5));

        (await _cli.RunAsync(Training)).Fails(1, "the queue is full");
    }

    [Fact]
    public async Task A_cluster_that_stays_away_is_exit_code_3()
    {
        _host.Gateway.Fault = () => new ClusterUnavailableException("no cell answers", TimeSpan.FromSeconds(5));

        (await _cli.RunAsync(Training)).Fails(3, "no cell answers");
    }

    [Fact]
    public async Task Waiting_ends_when_the_job_is_there()
    {
        var running = _cli.RunAsync([.. Training, "--wait", "done", "--json"]);
        await PlaceAsync("running");
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(running.IsCompleted);
        _host.Gateway.Jobs[0].State = "completed";

        var outcome = await running;

        Assert.Equal(0, outcome.Exit);
        Assert.Equal("completed",
            outcome.Json.GetProperty("results")[0].GetProperty("job").GetProperty("state").GetString());
    }

    [Fact]
    public async Task Waiting_for_a_job_that_fails_is_exit_code_1()
    {
        var running = _cli.RunAsync([.. Training, "--wait", "done"]);
        await PlaceAsync("failed");

        (await running).Fails(1, "north-1 is failed");
    }

    [Fact]
    public async Task Waiting_is_bounded_by_its_timeout() =>
        (await _cli.RunAsync([.. Training, "--wait", "placed", "--timeout", "50ms"])).Fails(1, "north-1", "pending");

    private async Task PlaceAsync(string state)
    {
        while (_host.Gateway.Jobs.Count == 0) await Task.Delay(5, TestContext.Current.CancellationToken);
        _host.Gateway.Jobs[0].State = state;
    }
}
