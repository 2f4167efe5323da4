using Stockpile.Core;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Cli.Tests;

public sealed class BenchTests : IAsyncLifetime
{
    private readonly CommandLine _cli = new();
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartAsync();
        _cli.Environment["STOCKPILE_SERVER"] = _host.Url;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("max")]
    [InlineData("2000")]
    public async Task It_submits_so_many_short_tasks_of_its_own_tenant_and_tells_what_became_of_them(string rate)
    {
        _host.Gateway.NewState = "placed";

        var outcome = await _cli.RunAsync(
            "bench", "--jobs", "60", "--rate", rate, "--clients", "8", "--duration", "30s", "--json");

        Assert.True(outcome.Exit == 0, outcome.Error);
        var report = outcome.Json;
        Assert.Equal((60, 60, 0), (report.GetProperty("submitted").GetInt32(),
            report.GetProperty("accepted").GetInt32(), report.GetProperty("unsent").GetInt32()));
        Assert.Equal(60, report.GetProperty("latencyMs").GetProperty("accepted").GetProperty("count").GetInt32());
        Assert.Equal(60, report.GetProperty("placement").GetProperty("atOnce").GetInt32());
        var specs = _host.Gateway.Submitted.Select(s => Assert.Single(s).Spec.FromWire()).ToList();
        Assert.Equal(60, specs.Select(s => s.Name).Distinct().Count());
        Assert.All(specs, s => Assert.Equal(("bench", 1, TimeSpan.FromSeconds(30)), (s.Tenant, s.Devices, s.Duration)));
        // What had not ended is taken back.
        Assert.Equal(60, report.GetProperty("cancelled").GetInt32());
        Assert.All(_host.Gateway.Jobs, job => Assert.Equal("cancelled", job.State));
    }

    [Fact]
    public async Task Jobs_are_left_when_it_is_asked_to_and_others_are_never_touched()
    {
        Assert.Equal(0, (await _cli.RunAsync("submit", "--kind", "batch", "--devices", "1", "--duration", "2h")).Exit);

        var kept = await _cli.RunAsync("bench", "--jobs", "5", "--keep", "--json");
        Assert.Equal(0, kept.Exit);
        Assert.False(kept.Json.TryGetProperty("cancelled", out _));
        await _cli.RunAsync("bench", "--jobs", "5");

        Assert.Equal(6, _host.Gateway.Jobs.Count(j => j.State == "pending"));
        Assert.Equal(5, _host.Gateway.Jobs.Count(j => j.State == "cancelled"));
    }

    [Fact]
    public async Task Refusals_are_counted_by_status_and_are_no_failure_of_the_run()
    {
        var asked = 0;
        _host.Gateway.Refuse = _ => ++asked % 2 == 0
            ? new RefusalMsg { Code = Refusal.Busy, Message = "full" }
            : null;

        var outcome = await _cli.RunAsync("bench", "--jobs", "40", "--clients", "4", "--json");

        Assert.Equal(0, outcome.Exit);
        var refused = Assert.Single(outcome.Json.GetProperty("refused").EnumerateArray().ToList());
        Assert.Equal((429, 20, 0), (refused.GetProperty("status").GetInt32(), refused.GetProperty("count").GetInt32(),
            refused.GetProperty("withoutRetryAfter").GetInt32()));
        Assert.Equal(20, outcome.Json.GetProperty("accepted").GetInt32());
        Assert.Equal(20, outcome.Json.GetProperty("latencyMs").GetProperty("refused").GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task A_run_of_which_nothing_was_accepted_fails_in_one_line()
    {
        _host.Gateway.Refuse = _ => new RefusalMsg { Code = Refusal.Busy, Message = "full" };

        var outcome = await _cli.RunAsync("bench", "--jobs", "3");

        Assert.Equal(1, outcome.Exit);
        Assert.Equal("stockpile: nothing was accepted; the first status is 429\n", outcome.Error);
        Assert.Contains("429", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_the_cluster_takes_never_is_not_sent_ten_thousand_times()
    {
        _host.Gateway.Refuse = _ => new RefusalMsg { Code = Refusal.Invalid, Field = "devices", Message = "too many" };

        (await _cli.RunAsync("bench", "--clients", "4")).Fails(1, "too many");

        Assert.InRange(_host.Gateway.Submitted.Count, 1, 4);
    }

    [Theory]
    [InlineData("--jobs 0", "--jobs is 0; allowed: a whole number, 1 to ")]
    [InlineData("--rate fast", "--rate is fast; allowed: max, or a number above 0")]
    [InlineData("--rate 0", "--rate is 0; allowed: ")]
    [InlineData("--clients 5000", "--clients is 5000; allowed: a whole number, 1 to 4096")]
    [InlineData("--for soon", "--for is soon; allowed: a duration")]
    [InlineData("--duration 0s", "--duration is 0s; allowed: a duration")]
    [InlineData("--share 1000", "--share is 1000; allowed: a whole number, 1 to 999")]
    [InlineData("--jobs 1 --jobs 2", "--jobs")]
    [InlineData("--share 100 --devices 2", "give either --devices or --share")]
    public async Task Wrong_options_say_what_is_allowed(string options, string said)
    {
        var outcome = await _cli.RunAsync(["bench", .. options.Split(' ')]);

        outcome.Fails(2, said);
        Assert.Empty(_host.Gateway.Submitted);
    }

    [Fact]
    public async Task A_cluster_that_is_not_there_is_said_at_once()
    {
        _cli.Environment["STOCKPILE_SERVER"] = "http://127.0.0.1:1";
        (await _cli.RunAsync("bench", "--jobs", "5")).Fails(3, "cannot reach the cluster at http://127.0.0.1:1/");
        (await _cli.RunAsync("top")).Fails(3, "cannot reach the cluster at http://127.0.0.1:1/");
        (await _cli.RunAsync("top", "--interval", "1ms")).Fails(2, "--interval is 1ms; allowed: a duration");
    }
}
