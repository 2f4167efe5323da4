using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Api;

public sealed class ReadTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task<Reply> Get(string path) => _host.Http.SendAsync("GET", path);

    [Theory]
    [InlineData("GET", "/api/v1/jobs/north-99")]
    [InlineData("GET", "/api/v1/jobs/no_number")]
    [InlineData("DELETE", "/api/v1/jobs/north-99")]
    [InlineData("GET", "/api/v1/jobs/north-99/why")]
    [InlineData("GET", "/api/v1/jobs/north-99/history")]
    [InlineData("GET", "/api/v1/nodes/none")]
    [InlineData("POST", "/api/v1/nodes/none/drain")]
    [InlineData("POST", "/api/v1/nodes/%20/resume")]
    public async Task What_is_not_there_is_404_and_names_it(string method, string path) =>
        (await _host.Http.SendAsync(method, path)).IsProblem(404, Refusal.NotFound, "id", "there is no ");

    [Fact]
    public async Task An_address_without_anything_is_a_problem_too() =>
        (await Get("/api/v1/nothing")).IsProblem(404, Refusal.NotFound, null, "/api/v1/nothing");

    [Fact]
    public async Task A_wrong_method_is_a_problem_too() =>
        (await _host.Http.SendAsync("PUT", "/api/v1/jobs")).IsProblem(405, "method", null, "PUT", "POST");

    [Fact]
    public async Task A_job_shows_its_allocations()
    {
        await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);
        var allocation = new AllocationView
        {
            Id = "north-1.1", Job = "north-1", Node = "n1", Model = "H800", Tier = "frontier", State = "running",
        };
        allocation.Devices.AddRange([0, 3]);
        _host.Gateway.Jobs[0].Allocations.Add(allocation);

        var reply = await Get("/api/v1/jobs/north-1");

        Assert.Equal(200, reply.Status);
        var shown = reply.Json.GetProperty("allocations")[0];
        Assert.Equal("north-1.1", shown.GetProperty("id").GetString());
        Assert.Equal([0, 3], shown.GetProperty("devices").EnumerateArray().Select(d => d.GetInt32()));
        Assert.False(shown.TryGetProperty("share", out _));
        Assert.Equal(1, reply.Json.GetProperty("allocationCount").GetInt32());
    }

    [Fact]
    public async Task A_cancelled_job_is_given_back_and_an_ended_one_is_409()
    {
        await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);

        var cancelled = await _host.Http.SendAsync("DELETE", "/api/v1/jobs/north-1");
        _host.Gateway.Jobs[0].State = "completed";
        var ended = await _host.Http.SendAsync("DELETE", "/api/v1/jobs/north-1");

        Assert.Equal("cancelled", cancelled["state"]);
        ended.IsProblem(409, Refusal.Ended, "id", "north-1");
    }

    [Fact]
    public async Task Filters_reach_the_gateway()
    {
        await Get("/api/v1/jobs?state=running&kind=batch&tenant=research&cell=north&limit=5");
        await Get("/api/v1/nodes?cell=south&model=T4&tier=basic&state=lost");

        Assert.Equal(new JobFilter("running", "batch", "research", "north", 5), _host.Gateway.LastJobFilter);
        Assert.Equal(
            new NodeFilter("south", "T4", "basic", "lost", SchedulerLimits.ListRowsDefault),
            _host.Gateway.LastNodeFilter);
    }

    [Fact]
    public async Task A_list_that_goes_on_says_where_and_the_cursor_reaches_the_gateway()
    {
        for (var i = 0; i < 3; i++) await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);

        var first = (await Get("/api/v1/jobs?limit=2")).Json;
        var next = first.GetProperty("next").GetString()!;
        await Get($"/api/v1/jobs?limit=2&cursor={next}");
        await Get("/api/v1/nodes?cursor=north/n1");
        var last = (await Get("/api/v1/jobs?limit=3")).Json;

        Assert.Equal(next, _host.Gateway.LastCursor);
        Assert.Equal(new NodePlace("north", "n1"), _host.Gateway.LastNodeFilter!.After);
        Assert.False(last.TryGetProperty("next", out _));
    }

    [Theory]
    [InlineData("/api/v1/jobs?status=running", "status", "state, kind, tenant, cell, limit, cursor")]
    [InlineData("/api/v1/jobs?state=runing", "state", "running")]
    [InlineData("/api/v1/jobs?limit=-1", "limit", "20000")]
    [InlineData("/api/v1/jobs?limit=20001", "limit", "20000")]
    [InlineData("/api/v1/jobs?limit=many", "limit", "many")]
    [InlineData("/api/v1/jobs?cursor=17", "cursor", "the value of next")]
    [InlineData("/api/v1/nodes?cursor=north", "cursor", "the value of next")]
    [InlineData("/api/v1/jobs/north-1/history?cursor=-1", "cursor", "the value of next")]
    [InlineData("/api/v1/jobs?kind=batch&kind=training", "kind", "once")]
    [InlineData("/api/v1/nodes?state=running", "state", "draining")]
    [InlineData("/api/v1/fleet?at=yesterday", "at", "2024-05-01T12:00:00Z")]
    [InlineData("/api/v1/cells?at=now", "at", "none")]
    public async Task A_bad_parameter_is_named_with_what_is_allowed(string path, string field, string allowed) =>
        (await Get(path)).IsProblem(400, Refusal.Invalid, field, field, allowed);

    [Fact]
    public async Task The_fleet_sums_the_cells_by_tier_and_model()
    {
        _host.Gateway.Cells.AddRange([ApiHost.Cell("north"), ApiHost.Cell("south")]);

        var fleet = (await Get("/api/v1/fleet")).Json;

        Assert.Equal(24, fleet.GetProperty("devices").GetInt32());
        Assert.Equal(2, fleet.GetProperty("nodesLost").GetInt32());
        Assert.Equal(6, fleet.GetProperty("pending").GetProperty("training").GetInt32());
        Assert.Equal(4, fleet.GetProperty("generations").GetProperty("3").GetInt32());
        Assert.Equal(0.25, fleet.GetProperty("utilisation").GetDouble());
        var tiers = fleet.GetProperty("tiers");
        Assert.Equal("frontier", tiers[0].GetProperty("tier").GetString());
        Assert.Equal(4, tiers[0].GetProperty("training").GetDouble());
        Assert.Equal(0.25, tiers[0].GetProperty("utilisation").GetDouble());
        Assert.Equal(6, tiers[1].GetProperty("unavailable").GetDouble());
        Assert.Equal("T4", fleet.GetProperty("models")[1].GetProperty("model").GetString());
    }

    [Fact]
    public async Task The_fleet_at_a_time_comes_from_the_journal()
    {
        _host.Gateway.Cells.Add(ApiHost.Cell());

        var reply = await Get("/api/v1/fleet?at=2024-05-01T14:00:00%2B02:00");

        Assert.Equal(200, reply.Status);
        Assert.Equal(new DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero), _host.Gateway.LastAt);
    }

    [Fact]
    public async Task A_cell_before_its_first_round_has_no_time()
    {
        var cell = ApiHost.Cell();
        cell.AtMs = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
        _host.Gateway.Cells.Add(cell);

        var reply = await Get("/api/v1/fleet?at=2020-01-01");

        Assert.Null(reply["at"]);
    }

    [Fact]
    public async Task A_fleet_without_cells_is_empty_and_not_a_fault()
    {
        var reply = await Get("/api/v1/fleet");

        Assert.Equal(200, reply.Status);
        Assert.Equal(0, reply.Json.GetProperty("utilisation").GetDouble());
    }

    [Fact]
    public async Task Why_and_history_are_given_as_they_are()
    {
        await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);
        _host.Gateway.Why = new WhyReply { Job = _host.Gateway.Jobs[0], Reason = "no room", AheadInQueue = 4 };
        _host.Gateway.Why.Alternatives.Add(new WhyAlternative
        {
            Model = "H800", Tier = "frontier", NodesShortOfDevices = 7, Verdict = "12 devices short",
        });
        _host.Gateway.Why.Elsewhere.Add(new WhyElsewhere { Cell = "top", Verdict = "it would wait there too" });
        _host.Gateway.Why.Stays = "it has changed cells 8 times";
        (_host.Gateway.Why.Outcome, _host.Gateway.Why.OutcomeReason) = ("no-room", "no node has room for it");
        _host.Gateway.Events.Add(new HistoryEntry(DateTimeOffset.UnixEpoch, "north", 1, 5, "JobSubmitted", "gen-9"));

        var why = await Get("/api/v1/jobs/north-1/why");
        var history = await Get("/api/v1/jobs/north-1/history");

        Assert.Equal("no room", why["reason"]);
        Assert.Equal(7, why.Json.GetProperty("alternatives")[0].GetProperty("nodesShortOfDevices").GetInt32());
        Assert.Equal("top", why.Json.GetProperty("elsewhere")[0].GetProperty("cell").GetString());
        Assert.Equal("it has changed cells 8 times", why["stays"]);
        Assert.Equal("no-room", why.Json.GetProperty("tried").GetProperty("outcome").GetString());
        var entry = history.Json.GetProperty("events")[0];
        Assert.Equal("JobSubmitted", entry.GetProperty("event").GetString());
        Assert.Equal("1970-01-01T00:00:00.000Z", entry.GetProperty("at").GetString());
    }

    [Fact]
    public async Task Nodes_are_drained_and_resumed()
    {
        _host.Gateway.Nodes.Add(ApiHost.Node());

        var drained = await _host.Http.SendAsync("POST", "/api/v1/nodes/n1/drain");
        var resumed = await _host.Http.SendAsync("POST", "/api/v1/nodes/n1/resume");

        Assert.Equal("draining", drained["state"]);
        Assert.Equal("ready", resumed["state"]);
        Assert.Equal(48.5, resumed.Json.GetProperty("cpuFree").GetDouble());
    }

    [Theory]
    [InlineData("?deadline=2h", 200, "drain in 120 m n1")]
    [InlineData("?cordon=true", 200, "drain as a cordon n1")]
    [InlineData("?cordon=false", 200, "drain n1")]
    [InlineData("?deadline=2h&cordon=true", 400, null)]
    [InlineData("?deadline=0s", 400, null)]
    [InlineData("?deadline=soon", 400, null)]
    [InlineData("?cordon=yes", 400, null)]
    [InlineData("?dead=2h", 400, null)]
    public async Task A_drain_takes_a_deadline_or_is_a_cordon(string query, int status, string? order)
    {
        _host.Gateway.Nodes.Add(ApiHost.Node());

        var reply = await _host.Http.SendAsync("POST", $"/api/v1/nodes/n1/drain{query}");

        Assert.Equal(status, reply.Status);
        Assert.Equal(order, _host.Gateway.Orders.SingleOrDefault());
    }

    [Theory]
    [InlineData("""{"kind":"slow","factor":3}""", 200, "slow 3 n1")]
    [InlineData("""{"kind":"slow"}""", 200, "slow 2 n1")]
    [InlineData("""{"kind":"fail"}""", 200, "fail 1 n1")]
    [InlineData("""{"kind":"slow","factor":0.5}""", 400, null)]
    [InlineData("""{"kind":"slow","factor":1e300}""", 400, null)]
    [InlineData("""{"kind":"fail","factor":2}""", 400, null)]
    [InlineData("""{"kind":"explode"}""", 400, null)]
    [InlineData("""{}""", 400, null)]
    public async Task Faults_are_checked_and_passed_on(string body, int status, string? order)
    {
        _host.Gateway.Nodes.Add(ApiHost.Node());

        var reply = await _host.Http.PostJsonAsync("/api/v1/nodes/n1/fault", body);

        Assert.Equal(status, reply.Status);
        Assert.Equal(order, _host.Gateway.Orders.SingleOrDefault());
    }
}
