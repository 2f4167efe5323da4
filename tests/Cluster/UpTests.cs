using System.Net;
using System.Text.Json;

namespace Stockpile.Cluster.Tests;

/// <summary>Starting, stopping and starting again.</summary>
public sealed class UpTests
{
    private const string Service =
        """{"name":"serve","kind":"inference","replicas":{"min":1,"max":2},"devices":1}""";

    [Fact]
    public async Task A_data_folder_in_use_is_refused_in_one_line_and_the_first_process_goes_on()
    {
        using var folder = new TempFolder();
        var data = folder.Sub("data");
        await using var first = await StockpileProcess.UpAsync(data, speed: 1);

        foreach (var verb in new[] { "up", "demo" })
        {
            var second = await StockpileProcess.RunAsync(
                verb, "--data", data, "--fleet", StockpileProcess.Shipped("fleets/small.conf"));
            Assert.Contains("another process uses it", second.Refused(1), StringComparison.Ordinal);
        }

        Assert.Empty(await first.Http.JobsAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, (await first.TerminateAsync()).ExitCode);
    }

    [Fact]
    public async Task A_port_in_use_is_refused_in_one_line()
    {
        using var folder = new TempFolder();
        await using var first = await StockpileProcess.UpAsync(folder.Sub("a"), speed: 1);
        var second = await StockpileProcess.RunAsync(
            "up", "--data", folder.Sub("b"), "--http", first.Url,
            "--fleet", StockpileProcess.Shipped("fleets/small.conf"));
        Assert.Contains(first.Url, second.Refused(1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminated_process_ends_well_and_the_next_one_goes_on_with_its_jobs_and_its_time()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TempFolder();
        var data = folder.Sub("data");
        DateTimeOffset stoppedAt;
        string id;
        await using (var first = await StockpileProcess.UpAsync(data, speed: 100_000))
        {
            id = await CreateAsync(first.Http, "k", Service, cancel);
            await first.Http.UntilAsync("the service runs", jobs => jobs.All(j => j.State == "running"), cancel);
            // At this speed a day passes in a second: a second start that began at the real time would be far behind.
            var late = await CreateAsync(first.Http, "late", Task("60h"), cancel);
            await first.Http.UntilAsync("two days pass",
                jobs => jobs.Any(j => j.Id == late && j.State == "completed"), cancel);
            stoppedAt = await CompletedAtAsync(first.Http, late, cancel);
            var end = await first.TerminateAsync();
            Assert.Equal(0, end.ExitCode);
            Assert.Empty(end.ErrorLines);
        }

        // At another speed the clock gets a new anchor, and that must be where the simulated time stood.
        await using var second = await StockpileProcess.UpAsync(data, speed: 10);
        Assert.Equal((HttpStatusCode.OK, id), await second.Http.SubmitAsync("k", Service, cancel));
        var newer = await CreateAsync(second.Http, "new", Task("1s"), cancel);
        await second.Http.UntilAsync("the new job ends",
            jobs => jobs.Any(j => j.Id == newer && j.State == "completed"), cancel);
        Assert.True(await CompletedAtAsync(second.Http, newer, cancel) >= stoppedAt);
        await second.Http.UntilAsync("the service runs again",
            jobs => jobs.Any(j => j.Id == id && j.State == "running"), cancel);
        Assert.Equal(0, (await second.TerminateAsync()).ExitCode);
    }

    private static string Task(string duration) =>
        $$"""{"name":"task","kind":"batch","tasks":1,"devices":1,"duration":"{{duration}}"}""";

    private static async Task<string> CreateAsync(HttpClient http, string key, string job, CancellationToken cancel)
    {
        var (status, answer) = await http.SubmitAsync(key, job, cancel);
        Assert.True(status == HttpStatusCode.Created, answer);
        return answer;
    }

    private static async Task<DateTimeOffset> CompletedAtAsync(HttpClient http, string id, CancellationToken cancel)
    {
        using var job = JsonDocument.Parse(await http.GetStringAsync($"/api/v1/jobs/{id}", cancel));
        return job.RootElement.GetProperty("completedAt").GetDateTimeOffset();
    }
}
