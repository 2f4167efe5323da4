using Stockpile.Core;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Api;

public sealed class OperationsTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private void Break() =>
        _host.Gateway.Fault = () => new ClusterUnavailableException("no cell answers", TimeSpan.FromSeconds(1));

    [Fact]
    public async Task A_member_of_a_new_cluster_is_ready_and_one_whose_cells_do_not_answer_is_not()
    {
        var fresh = await _host.Http.SendAsync("GET", "/healthz/ready");
        _host.Gateway.Cells.Add(ApiHost.Cell());
        var ready = await _host.Http.SendAsync("GET", "/healthz/ready");
        Break();
        var after = await _host.Http.SendAsync("GET", "/healthz/ready");
        var live = await _host.Http.SendAsync("GET", "/healthz/live");

        Assert.Equal(200, fresh.Status);
        Assert.Equal(200, ready.Status);
        Assert.Contains("\"cells\":1", ready.Text, StringComparison.Ordinal);
        after.IsProblem(503, Refusal.Unavailable, null, "no cell answers");
        Assert.Equal(200, live.Status);
    }

    [Fact]
    public async Task A_process_is_not_ready_before_it_is_a_member_and_has_heard_every_cell_of_the_journal()
    {
        _host.Gateway.Standing = new Standing(IsMember: false, SilentCells: []);
        var outside = await _host.Http.SendAsync("GET", "/healthz/ready");
        _host.Gateway.Standing = new Standing(IsMember: true, SilentCells: null);
        var unread = await _host.Http.SendAsync("GET", "/healthz/ready");
        _host.Gateway.Standing = new Standing(IsMember: true, SilentCells: ["north", "south"]);
        var silent = await _host.Http.SendAsync("GET", "/healthz/ready");

        outside.IsProblem(503, Refusal.Unavailable, null, "not a member of the cluster yet");
        unread.IsProblem(503, Refusal.Unavailable, null, "cells of the journal are being looked up");
        silent.IsProblem(503, Refusal.Unavailable, null, "cells are starting: north, south");
    }

    [Fact]
    public async Task Metrics_follow_the_cells_and_forget_them_when_they_are_gone()
    {
        _host.Gateway.Cells.Add(ApiHost.Cell());

        var up = await _host.Http.SendAsync("GET", "/metrics");
        Break();
        var down = await _host.Http.SendAsync("GET", "/metrics");

        Assert.Contains("stockpile_up 1", up.Text, StringComparison.Ordinal);
        Assert.Contains(
            "stockpile_devices_by_use{cell=\"north\",tier=\"frontier\",model=\"H800\",use=\"training\"} 2",
            up.Text, StringComparison.Ordinal);
        Assert.Contains("stockpile_up 0", down.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("cell=\"north\"", down.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_openapi_document_names_the_fields_and_what_is_allowed()
    {
        var reply = await _host.Http.SendAsync("GET", "/openapi/v1.json");

        Assert.Equal(200, reply.Status);
        var job = reply.Json.GetProperty("components").GetProperty("schemas").GetProperty("JobRequest")
            .GetProperty("properties");
        Assert.Contains("20GiB", job.GetProperty("minMemory").GetProperty("description").GetString());
        Assert.True(reply.Json.GetProperty("paths").TryGetProperty("/api/v1/jobs/{id}/why", out _));
    }

    [Fact]
    public async Task The_dashboard_is_one_page_that_loads_nothing_from_elsewhere()
    {
        var reply = await _host.Http.SendAsync("GET", "/");

        Assert.Equal("text/html", reply.Type);
        Assert.DoesNotContain("http://", reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_from_pages_of_other_sites_are_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/nodes/n1/drain");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");

        var reply = await _host.Http.ReplyAsync(request);

        reply.IsProblem(403, "forbidden", null);
        Assert.Empty(_host.Gateway.Orders);
    }

    /// <summary>A browser that sends no Sec-Fetch-Site, as on a page without TLS, sends Origin all the same.</summary>
    [Theory]
    [InlineData("http://evil.example", null, 403)]
    [InlineData("http://127.0.0.1:1", null, 403)]
    [InlineData("null", null, 403)]
    [InlineData("http://evil.example", "none", 403)]
    [InlineData("own", null, 200)]
    [InlineData("http://behind.a.proxy", "same-origin", 200)]
    [InlineData(null, null, 200)]
    public async Task A_change_with_a_foreign_origin_is_refused_without_any_other_header(
        string? origin, string? site, int status)
    {
        _host.Gateway.Nodes.Add(ApiHost.Node());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/nodes/n1/drain");
        if (origin is not null)
            request.Headers.Add("Origin", origin == "own" ? _host.Url.TrimEnd('/') : origin);
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);

        var reply = await _host.Http.ReplyAsync(request);

        Assert.Equal(status, reply.Status);
        Assert.Equal(status == 200 ? 1 : 0, _host.Gateway.Orders.Count);
    }

    [Fact]
    public async Task A_process_with_nodes_of_its_own_is_ready_when_they_have_joined_and_a_job_would_be_taken()
    {
        var gate = new StartGate();
        await using var host = await ApiHost.StartAsync(gate: gate);
        host.Gateway.Cells.Add(ApiHost.Cell());
        host.Gateway.Standing = new Standing(IsMember: true, SilentCells: []) { NotYet = "no cell is known yet" };
        var joining = await host.Http.SendAsync("GET", "/healthz/ready");
        gate.Open();
        var unknown = await host.Http.SendAsync("GET", "/healthz/ready");
        host.Gateway.Standing = new Standing(IsMember: true, SilentCells: []) { Clocks = ["a clock was put back"] };
        var ready = await host.Http.SendAsync("GET", "/healthz/ready");

        joining.IsProblem(503, Refusal.Unavailable, null, "the nodes of this process are joining");
        unknown.IsProblem(503, Refusal.Unavailable, null, "no cell is known yet");
        Assert.Equal(200, ready.Status);
        Assert.Contains("a clock was put back", ready.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_event_stream_tells_of_a_new_round_and_is_quiet_else()
    {
        _host.Gateway.Cells.Add(ApiHost.Cell(round: 7));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var stream = new StreamReader(await _host.Http.GetStreamAsync("/api/v1/events", limit.Token));

        var first = await NextAsync(stream, limit.Token);
        // Several polls long: a stream that repeats itself would write round 7 again before round 8.
        await Task.Delay(200, limit.Token);
        _host.Gateway.Cells[0].Round = 8;
        var second = await NextAsync(stream, limit.Token);
        Break();
        var third = await NextAsync(stream, limit.Token);

        Assert.StartsWith("event: cells", first, StringComparison.Ordinal);
        Assert.Contains("\"round\":7", first, StringComparison.Ordinal);
        Assert.Contains("\"round\":8", second, StringComparison.Ordinal);
        Assert.StartsWith("event: unavailable", third, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_event_streams_are_limited()
    {
        _host.Gateway.Cells.Add(ApiHost.Cell());
        var open = new List<HttpResponseMessage>();
        var cancel = TestContext.Current.CancellationToken;
        for (var i = 0; i < SchedulerLimits.EventStreamsMax; i++)
            open.Add(await _host.Http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead, cancel));

        var reply = await _host.Http.SendAsync("GET", "/api/v1/events");
        open.ForEach(r => r.Dispose());

        reply.IsProblem(429, Refusal.Busy, null, "64");
    }

    private static async Task<string> NextAsync(StreamReader stream, CancellationToken cancel)
    {
        var lines = new List<string>();
        while (await stream.ReadLineAsync(cancel) is { } line)
        {
            if (line.Length > 0) lines.Add(line);
            else if (lines.Count > 0) break;
        }

        return string.Join('\n', lines);
    }
}
