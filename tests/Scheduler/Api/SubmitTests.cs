using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.Mapping;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Api;

public sealed class SubmitTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_new_job_is_201_with_its_address()
    {
        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);

        Assert.Equal(201, reply.Status);
        Assert.Equal("/api/v1/jobs/north-1", reply.Location);
        Assert.Equal("north-1", reply["id"]);
        Assert.Equal("pending", reply["state"]);
        Assert.Equal("training", reply["kind"]);
        Assert.Equal("normal", reply["priority"]);
        Assert.Equal("2024-05-01T12:00:00.000Z", reply["submittedAt"]);
        Assert.Null(reply["startedAt"]);
        Assert.Equal(64, reply.Json.GetProperty("devices").GetInt32());
    }

    [Fact]
    public async Task Every_field_reaches_the_cell()
    {
        const string Body = """
            {"name":"chat","kind":"inference","tenant":"web","priority":"high","tiers":["basic"],"models":["T4"],
             "minMemory":"20GiB","cpu":1.5,"memory":2048,"labels":{"rack":"r1"},"devices":1,"perNode":2,
             "minDevices":3,"maxDevices":4,"topology":{"required":"pod","preferred":"rack"},
             "work":5.5,"checkpoint":"90s","generation":6,
             "replicas":{"min":2,"max":8},"share":250,"demand":{"base":10,"peak":40,"peakHour":14,"weekend":0.5,
                       "zone":"Asia/Shanghai"},
             "serving":{"requestsPerDevice":1.5,"decodeShare":0.25,"utilisation":0.75},
             "latencyClass":"fast","guest":false,"tasks":7,"duration":"2h","retries":3}
            """;
        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs", Body);

        Assert.Equal(201, reply.Status);
        var spec = _host.Gateway.Submitted[0][0].Spec.FromWire();
        Assert.Equal(["basic"], spec.Tiers);
        Assert.Equal(["T4"], spec.Models);
        Assert.Equal("r1", spec.Labels["rack"]);
        Assert.Equivalent(new
        {
            Name = "chat", Kind = JobKind.Inference, Tenant = "web", Priority = Priority.High, MinMemoryMiB = 20_480,
            CpuMilli = 1_500, MemoryMiB = 2_048L, Devices = 1, PerNode = 2, MinDevices = 3, MaxDevices = 4,
            TopologyRequired = TopologyLevel.Pod, TopologyPreferred = TopologyLevel.Rack,
            WorkHours = 5.5, Checkpoint = TimeSpan.FromSeconds(90), Generation = 6, MinReplicas = 2, MaxReplicas = 8,
            ShareMilli = 250, Demand = new Demand(10, 40, 14, 0.5, "Asia/Shanghai"),
            Serving = new ServingRate(1.5, 0.25, 0.75),
            LatencyClass = "fast", Guest = false, Tasks = 7, Duration = TimeSpan.FromHours(2),
            Retries = 3,
        }, spec);
        // What comes back reads as what was sent.
        Assert.Equal("90s", reply["checkpoint"]);
        Assert.Equal("2h", reply["duration"]);
        Assert.Equal(20_480, reply.Json.GetProperty("minMemory").GetInt32());
        Assert.Equal(40, reply.Json.GetProperty("demand").GetProperty("peak").GetDouble());
        Assert.Equal(0.5, reply.Json.GetProperty("demand").GetProperty("weekend").GetDouble());
        Assert.Equal("Asia/Shanghai", reply.Json.GetProperty("demand").GetProperty("zone").GetString());
        Assert.Equal(3, reply.Json.GetProperty("retries").GetInt32());
        Assert.Equal(0.25, reply.Json.GetProperty("serving").GetProperty("decodeShare").GetDouble());
    }

    [Fact]
    public async Task A_job_written_as_a_request_gives_the_same_job_again()
    {
        await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);
        var spec = _host.Gateway.Submitted[0][0].Spec.FromWire();

        var (again, _) = spec.ToRequest().ToSpec();

        Assert.Equal(spec.ToWire(), again!.ToWire());
    }

    [Fact]
    public async Task A_repeat_with_the_same_key_is_200_with_the_first_answer()
    {
        var first = await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training, "k1");
        var second = await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training, "k1");

        Assert.Equal(201, first.Status);
        Assert.Equal(200, second.Status);
        Assert.Equal(first["id"], second["id"]);
        Assert.Equal("k1", _host.Gateway.Submitted[0][0].Key);
    }

    [Fact]
    public async Task A_key_of_another_job_is_409()
    {
        await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training, "k1");
        var other = JsonHttp.Training.Replace("64", "128", StringComparison.Ordinal);

        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs", other, "k1");

        reply.IsProblem(409, Refusal.KeyConflict, null, "k1");
    }

    [Fact]
    public async Task An_empty_key_is_called_empty()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/jobs")
        {
            Content = new StringContent(JsonHttp.Training, System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", "");
        using var answer = await _host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Contains("Idempotency-Key is empty; allowed: ",
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("training", "\"devices\":8", null)]
    [InlineData("training", "\"devices\":8,\"work\":0", "work is 0; allowed: a number above 0")]
    [InlineData("training", "\"devices\":0,\"work\":9", "devices is 0; allowed: a whole number, 1 to 100000")]
    [InlineData("batch", "\"tasks\":1,\"devices\":0", "devices is 0; allowed: a whole number, 1 to 16")]
    [InlineData("batch", "\"tasks\":1,\"devices\":0,\"cpu\":2", null)]
    [InlineData("batch", "\"tasks\":0,\"devices\":1", "tasks is 0; allowed: a whole number, 1 to 10000")]
    [InlineData("inference", "\"devices\":0,\"cpu\":2", "devices is 0; allowed: a whole number, 1 to 16")]
    public async Task A_zero_that_was_sent_is_not_called_missing(string kind, string fields, string? message)
    {
        var reply = await _host.Http.PostJsonAsync(
            "/api/v1/jobs", $"{{\"name\":\"a\",\"kind\":\"{kind}\",{fields}}}");
        if (message is null) Assert.Equal(201, reply.Status);
        else Assert.Equal((400, message), (reply.Status, reply["detail"]));
    }

    [Theory]
    [InlineData(125, 400)]
    [InlineData(124, 201)]
    public async Task A_key_leaves_room_for_the_number_in_a_batch(int characters, int status)
    {
        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training, new string('k', characters));

        Assert.Equal(status, reply.Status);
    }

    [Fact]
    public async Task What_no_cell_could_place_is_400()
    {
        _host.Gateway.Refuse = _ => FakeGateway.Refusal(Refusal.Unplaceable, "devices", "64 is more than any cell has");

        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);

        reply.IsProblem(400, Refusal.Unplaceable, "devices", "devices: 64 is more than any cell has");
    }

    [Fact]
    public async Task A_batch_is_validated_as_a_whole_before_any_job_is_sent()
    {
        var bad = """{"jobs":[J,{"name":"b","kind":"batch","minDevices":-1},J]}"""
            .Replace("J", JsonHttp.Training, StringComparison.Ordinal);

        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs/batch", bad);

        reply.IsProblem(400, Refusal.Invalid, "jobs[1].minDevices", "job 'b': jobs[1].minDevices: ", "-1");
        Assert.Empty(_host.Gateway.Submitted);
    }

    [Fact]
    public async Task A_batch_numbers_its_key_and_answers_in_order()
    {
        _host.Gateway.Refuse = s => s.Key == "k/1"
            ? FakeGateway.Refusal(Refusal.Unplaceable, "devices", "too many")
            : null;
        var body = $$"""{"jobs":[{{JsonHttp.Training}},{{JsonHttp.Training}},{{JsonHttp.Training}}]}""";

        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs/batch", body, "k");
        var again = await _host.Http.PostJsonAsync("/api/v1/jobs/batch", body, "k");

        Assert.Equal(200, reply.Status);
        Assert.Equal(["k/0", "k/1", "k/2"], _host.Gateway.Submitted[0].Select(s => s.Key));
        var results = reply.Json.GetProperty("results");
        Assert.Equal("north-1", results[0].GetProperty("job").GetProperty("id").GetString());
        Assert.Equal("jobs[1].devices", results[1].GetProperty("error").GetProperty("field").GetString());
        Assert.Equal("north-2", results[2].GetProperty("job").GetProperty("id").GetString());
        Assert.False(results[2].GetProperty("repeated").GetBoolean());
        Assert.True(again.Json.GetProperty("results")[2].GetProperty("repeated").GetBoolean());
    }

    [Theory]
    [InlineData(0, 400)]
    [InlineData(500, 200)]
    [InlineData(501, 400)]
    public async Task A_batch_has_1_to_500_jobs(int jobs, int status)
    {
        var body = $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat(JsonHttp.Training, jobs))}}]}""";

        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs/batch", body);

        Assert.Equal(status, reply.Status);
        if (status == 400) reply.IsProblem(400, Refusal.Invalid, "jobs", jobs.ToString(), "500");
    }

    [Fact]
    public async Task A_full_queue_is_429_and_says_when_to_come_back()
    {
        _host.Gateway.Fault = () => new ClusterBusyException("the queue of north is full", TimeSpan.FromSeconds(2.2));

        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);

        reply.IsProblem(429, Refusal.Busy, null, "north");
        Assert.Equal(TimeSpan.FromSeconds(3), reply.RetryAfter);
    }

    [Fact]
    public async Task A_cell_in_hand_over_is_503_and_says_when_to_come_back()
    {
        _host.Gateway.Fault = () => new ClusterUnavailableException("north moves", TimeSpan.FromMilliseconds(1));

        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);

        reply.IsProblem(503, Refusal.Unavailable, null, "north moves");
        Assert.Equal(TimeSpan.FromSeconds(1), reply.RetryAfter);
    }

    [Fact]
    public async Task An_unknown_fault_is_500_without_its_text()
    {
        _host.Gateway.Fault = () => new InvalidOperationException("secret-host:5432");

        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training);

        reply.IsProblem(500, "internal", null);
        Assert.DoesNotContain("secret-host", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_says_what_would_become_of_the_job_and_submits_nothing()
    {
        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs?dryRun=true", JsonHttp.Training);

        Assert.Equal(200, reply.Status);
        Assert.Equal("gen-9", reply.Json.GetProperty("job").GetProperty("name").GetString());
        var eviction = Assert.Single(reply.Json.GetProperty("evictions").EnumerateArray());
        Assert.Equal("north-7", eviction.GetProperty("job").GetString());
        Assert.Equal("guest", eviction.GetProperty("how").GetString());
        Assert.Empty(_host.Gateway.Submitted);
    }

    [Fact]
    public async Task A_dry_run_of_several_jobs_answers_for_each()
    {
        var reply = await _host.Http.PostJsonAsync(
            "/api/v1/jobs/batch?dryRun=true", $$"""{"jobs":[{{JsonHttp.Training}},{{JsonHttp.Training}}]}""");

        Assert.Equal(200, reply.Status);
        Assert.Equal(2, reply.Json.GetProperty("whatIf").GetArrayLength());
        Assert.Equal(0, reply.Json.GetProperty("results").GetArrayLength());
        Assert.Empty(_host.Gateway.Submitted);
    }

    [Theory]
    [InlineData("?dryRun=maybe", JsonHttp.Training)]
    [InlineData("?dryRun=true", """{"name":"gen-9","kind":"training","devices":-1,"work":1000}""")]
    public async Task A_dry_run_refuses_what_a_submission_refuses(string query, string body) =>
        Assert.Equal(400, (await _host.Http.PostJsonAsync("/api/v1/jobs" + query, body)).Status);
}
