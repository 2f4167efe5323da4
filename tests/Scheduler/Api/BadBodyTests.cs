using System.Text;
using Stockpile.Core;

namespace Stockpile.Scheduler.Tests.Api;

public sealed class BadBodyTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync()
    {
        // Whatever a test here sends, nothing of it may reach a cell.
        Assert.Empty(_host.Gateway.Submitted);
        return _host.DisposeAsync();
    }

    private Task<Reply> Post(string body) => _host.Http.PostJsonAsync("/api/v1/jobs", body);

    [Theory]
    [InlineData("""{"name":"a","kind":"batch","gpus":8}""", "gpus", "gpus is no field", "devices")]
    [InlineData("""{"name":"a","kind":"batch","min-memory":8}""", "min-memory", "no field", "minMemory")]
    [InlineData("""{"name":"a","kind":"batch","Devices":8}""", "Devices", "no field", "devices")]
    [InlineData("""{"name":"a","kind":"inference","replicas":{"most":2}}""", "replicas.most", "no field", "max")]
    public async Task An_unknown_field_is_named_with_those_that_are_known(
        string body, string field, string problem, string known) =>
        (await Post(body)).IsProblem(400, Refusal.Invalid, field, problem, known);

    [Theory]
    [InlineData("""{"name":"a","kind":"training","devices":"eight"}""", "devices", "\"eight\"", "whole number")]
    [InlineData("""{"name":"a","kind":"training","devices":"8"}""", "devices", "\"8\"", "whole number")]
    [InlineData("""{"name":"a","kind":"training","devices":1.5}""", "devices", "1.5", "whole number")]
    [InlineData("""{"name":"a","kind":"training","devices":99999999999}""", "devices", "99999999999", "100000")]
    [InlineData("""{"name":7,"kind":"training"}""", "name", "7", "a text")]
    [InlineData("""{"name":"a","kind":"Training"}""", "kind", "\"Training\"", "training, inference or batch")]
    [InlineData("""{"name":"a","kind":0}""", "kind", "0", "training, inference or batch")]
    [InlineData("""{"name":"a","kind":"batch","priority":"urgent"}""", "priority", "urgent", "critical")]
    [InlineData("""{"name":"a","kind":"batch","duration":"2 weeks"}""", "duration", "2 weeks", "30m")]
    [InlineData("""{"name":"a","kind":"batch","duration":7200}""", "duration", "7200", "30m")]
    [InlineData("""{"name":"a","kind":"batch","duration":"-2h"}""", "duration", "-2h", "30m")]
    [InlineData("""{"name":"a","kind":"batch","minMemory":"20 apples"}""", "minMemory", "apples", "20GiB")]
    [InlineData("""{"name":"a","kind":"batch","tiers":"basic"}""", "tiers", "\"basic\"", "list")]
    [InlineData("""{"name":"a","kind":"batch","tiers":["basic",3]}""", "tiers[1]", "3", "list of tier names")]
    [InlineData("""{"name":"a","kind":"batch","labels":{"rack":3}}""", "labels", "3", "texts")]
    [InlineData("""{"name":"a","kind":"inference","replicas":{"min":"x"}}""", "replicas.min", "\"x\"", "whole number")]
    [InlineData("""{"name":"a","kind":"inference","demand":{"top":3}}""", "demand", "top", "peakHour")]
    [InlineData("""{"name":"a","kind":"inference","demand":{"base":1,"zone":8}}""", "demand", "8", "IANA time zone")]
    [InlineData("""{"name":"a","kind":"batch","retries":"2"}""", "retries", "\"2\"", "0 to 1000")]
    [InlineData("""{"name":"a","kind":"batch","cpu":0.0001}""", "cpu", "0.0001", "0, or 0.001 cores and more")]
    [InlineData("""{"name":"a","kind":"batch","duration":"0s"}""", "duration", "0s", "above 0s")]
    [InlineData("""{"name":"a","kind":"batch","work":0}""", "work", "work is 0", "a number above 0")]
    [InlineData("""{"name":"a","kind":"batch","share":0}""", "share", "share is 0", "1 to 999")]
    [InlineData("""{"name":"a","kind":"inference","guest":"no"}""", "guest", "\"no\"", "true or false")]
    public async Task A_wrong_type_is_named_with_its_value_and_what_is_allowed(
        string body, string field, string value, string allowed) =>
        (await Post(body)).IsProblem(400, Refusal.Invalid, field, field, value, allowed);

    [Theory]
    [InlineData("""{"kind":"batch"}""", "name")]
    [InlineData("""{"name":"a"}""", "kind")]
    [InlineData("""{"name":"a","kind":null}""", "kind")]
    [InlineData("""{"name":"a","kind":"batch","tiers":["basic",null]}""", "tiers")]
    [InlineData("""{"name":"a","kind":"batch","cpu":-1}""", "cpu")]
    [InlineData("""{"name":"a","kind":"batch","cpu":1e30}""", "cpu")]
    [InlineData("""{"name":"a","kind":"batch","minMemory":-5}""", "minMemory")]
    [InlineData("""{"name":"a","kind":"batch","minMemory":"9000TiB"}""", "minMemory")]
    [InlineData("""{"name":"a","kind":"training","work":1e999}""", "work")]
    [InlineData("""{"name":"a","kind":"training","devices":-64}""", "devices")]
    [InlineData("""{"name":"a","kind":"training","minDevices":-1}""", "minDevices")]
    public async Task A_missing_or_impossible_value_is_named(string body, string field) =>
        (await Post(body)).IsProblem(400, Refusal.Invalid, field, field, "allowed");

    [Theory]
    [InlineData("{\n  \"name\": \"a\",\n  \"kind\" \"batch\"\n}", "line 3")]
    [InlineData("{\"name\":\"a\"", "line 1")]
    [InlineData("{\"name\":\"a\",}", "line 1")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}", "name")]
    [InlineData("not json", "line 1")]
    public async Task Malformed_json_names_the_line(string body, string expected) =>
        (await Post(body)).IsProblem(400, Refusal.Invalid, null, expected);

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("3")]
    [InlineData("")]
    public async Task A_body_that_is_no_object_is_refused(string body) =>
        (await Post(body)).IsProblem(400, Refusal.Invalid, null, "body");

    [Fact]
    public async Task A_fault_in_a_batch_names_the_job()
    {
        var body = $$"""{"jobs":[{{JsonHttp.Training}},{"name":"b","kind":"batch","tasks":"two"}]}""";

        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs/batch", body);

        reply.IsProblem(400, Refusal.Invalid, "jobs[1].tasks", "\"two\"", "whole number");
    }

    [Fact]
    public async Task All_faults_are_listed()
    {
        var reply = await Post("""{"name":"a","kind":"training","devices":-1,"minDevices":-2}""");

        Assert.Equal(["devices", "minDevices"],
            reply.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task A_name_of_1_MB_is_refused_in_a_short_answer()
    {
        var reply = await Post($$"""{"kind":"batch","name":"{{new string('x', 1 << 20)}}"}""");

        reply.IsProblem(400, Refusal.Invalid, "name", "1048576 characters");
        Assert.True(reply.Text.Length < 1000);
    }

    [Fact]
    public async Task A_field_name_of_1_MB_is_refused_in_a_short_answer()
    {
        var reply = await Post($$"""{"{{new string('x', 1 << 20)}}":1}""");

        Assert.Equal(400, reply.Status);
        Assert.True(reply.Text.Length < 2000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_is_413(bool isChunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/jobs");
        var bytes = Encoding.UTF8.GetBytes(
            $$"""{"kind":"batch","name":"{{new string('x', SchedulerLimits.HttpBodyBytesMax)}}"}""");
        request.Content = new ByteArrayContent(bytes);
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = isChunked;

        var reply = await _host.Http.ReplyAsync(request);

        reply.IsProblem(413, "too-large", null, SchedulerLimits.HttpBodyBytesMax.ToString());
    }

    [Fact]
    public async Task A_body_that_does_not_say_it_is_json_is_415()
    {
        var reply = await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training, type: "text/plain");

        reply.IsProblem(415, "media-type", null, "application/json");
    }

    [Fact]
    public async Task Deep_nesting_is_refused()
    {
        var reply = await Post(new string('[', 10_000));

        Assert.Equal(400, reply.Status);
    }
}
