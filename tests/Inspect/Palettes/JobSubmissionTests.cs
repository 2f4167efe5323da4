using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.Mapping;
using Stockpile.Scheduler.Routing;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Inspect.Tests.Palettes;

public sealed class JobSubmissionTests
{
    private readonly PaletteBench _bench = new();

    [Fact]
    public async Task A_job_by_its_fields_arrives_as_it_was_given()
    {
        var answer = await _bench.RunAsync("job", "submit",
            ("kind", "inference"), ("name", "chat"), ("tenant", "web"), ("priority", "high"), ("share", "250"),
            ("model", "L40S"), ("model", "A10"), ("cpu", "1.5"), ("memory", "2GiB"), ("replicas", "2..8"),
            ("demand", "50"), ("key", "k1"));
        var sent = Assert.Single(Assert.Single(_bench.Gateway.Submitted));
        var spec = sent.Spec.FromWire();
        Assert.Equal("k1", sent.Key);
        Assert.Equal((JobKind.Inference, "chat", "web", Priority.High),
            (spec.Kind, spec.Name, spec.Tenant, spec.Priority));
        Assert.Equal((250, 1_500, 2_048L, 2, 8, 50d), (spec.ShareMilli, spec.CpuMilli, spec.MemoryMiB,
            spec.MinReplicas, spec.MaxReplicas, spec.Demand!.Peak));
        Assert.Equal(["L40S", "A10"], spec.Models);
        Assert.Equal("job     | name | kind      |             size | state   | cell  | note", answer.Lines[0]);
        Assert.Equal("north-1 | chat | inference | 0 of 2..8 x 0.25 | pending | north |", answer.Lines[1]);
    }

    [Fact]
    public async Task The_same_key_gives_the_same_job_again()
    {
        (string, string)[] job = [("kind", "training"), ("devices", "8"), ("work", "2"), ("key", "k1")];
        await _bench.RunAsync("job", "submit", job);
        var again = await _bench.RunAsync("job", "submit", job);
        Assert.EndsWith("| known already", again.Lines[1], StringComparison.Ordinal);
        Assert.Single(_bench.Gateway.Jobs);
        Assert.Contains("\"repeated\":true", again.Json.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_holds_one_job_or_several_that_go_together()
    {
        await _bench.RunAsync("job", "submit",
            ("text", """{"name": "one", "kind": "batch", "devices": 1, "tasks": 3, "duration": "1h"}"""), ("key", "a"));
        await _bench.RunAsync("job", "submit", ("key", "b"),
            ("text", "jobs = [{ name = x, kind = training, devices = 8, work = 1 }, "
                + "{ name = y, kind = training, devices = 16, work = 1 }]"));
        Assert.Equal([["a"], ["b/0", "b/1"]], _bench.Gateway.Submitted.Select(s => s.Select(j => j.Key)));
        Assert.All(_bench.Gateway.Modes, mode => Assert.Equal(SubmitMode.AllOrNothing, mode));
    }

    [Theory]
    [InlineData("kind is missing; allowed: training, inference, batch", "devices", "8")]
    [InlineData("kind is 'train'; allowed: training, inference, batch", "kind", "train")]
    [InlineData("devices is 'eight'; allowed: a whole number of 0 to 100000", "kind", "training", "devices", "eight")]
    [InlineData("duration is '2'; allowed: a duration such as", "kind", "batch", "duration", "2")]
    [InlineData("memory is 'much'; allowed: a number of MiB", "kind", "batch", "memory", "much")]
    [InlineData("replicas is '1..2..3'; allowed: a number such as 4", "kind", "inference", "replicas", "1..2..3")]
    [InlineData("cpu is '-1'; allowed: a number, 0 or more", "kind", "batch", "cpu", "-1")]
    [InlineData("priority is 'top'; allowed: low, normal, high, critical", "kind", "batch", "priority", "top")]
    [InlineData("key is 'a b'; allowed: 1 to 124 printable", "kind", "batch", "key", "a b")]
    [InlineData("devices cannot stand beside text; allowed: one of the two", "text", "{}", "devices", "8")]
    [InlineData("text:1: key 'kind': 'train' is not allowed", "text", "{ name = a, kind = train }")]
    [InlineData("text", "text", "{ name = ")]
    public async Task Wrong_input_is_one_line_and_nothing_is_sent(string line, params string[] arguments)
    {
        var pairs = arguments.Chunk(2).Select(c => (c[0], c[1])).ToArray();
        Assert.StartsWith(line, await _bench.RefusedAsync("job", "submit", pairs), StringComparison.Ordinal);
        Assert.Empty(_bench.Gateway.Submitted);
    }

    [Fact]
    public async Task What_the_validator_refuses_is_named_as_files_name_it()
    {
        var line = await _bench.RefusedAsync("job", "submit", ("kind", "training"), ("model", "H9000"),
            ("devices", "8"), ("work", "1"));
        Assert.StartsWith("models: ", line, StringComparison.Ordinal);
        Assert.Contains("H9000", line, StringComparison.Ordinal);
        Assert.Empty(_bench.Gateway.Submitted);
    }

    [Fact]
    public async Task Of_jobs_withheld_for_the_sake_of_one_that_one_is_named()
    {
        _bench.Gateway.Refuse = job => job.Spec.FromWire().Name == "x"
            ? FakeGateway.Refusal(Refusal.Unplaceable, "devices", "no cell has so many")
            : FakeGateway.Refusal(Refusal.Withheld, "", "another job of the request is refused");
        Assert.Equal("1 of 2 jobs was refused and none was taken: job 'x': devices: no cell has so many",
            await _bench.RefusedAsync("job", "submit",
                ("text", "jobs = [{ name = w, kind = training, devices = 8, work = 1 }, "
                    + "{ name = x, kind = training, devices = 8, work = 1 }]")));
    }

    [Fact]
    public async Task A_job_refused_late_does_not_hide_the_one_that_was_taken()
    {
        _bench.Gateway.Refuse = job => job.Spec.FromWire().Name == "x"
            ? FakeGateway.Refusal(Refusal.Busy, "", "the queue is full")
            : null;
        Assert.Equal("1 of 2 jobs was refused and 1 taken: job 'x': the queue is full", await _bench.RefusedAsync(
            "job", "submit", ("text", "jobs = [{ name = w, kind = training, devices = 8, work = 1 }, "
                + "{ name = x, kind = training, devices = 8, work = 1 }]")));
        Assert.Single(_bench.Gateway.Jobs);
    }
}
