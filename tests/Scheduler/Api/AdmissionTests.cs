using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Stockpile.Core;

namespace Stockpile.Scheduler.Tests.Api;

/// <summary>What comes while as much is under way as may be.</summary>
public sealed partial class AdmissionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ApiHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartAsync();
        _host.Gateway.Until = _held.Task;
        _host.Http.Timeout = Patience;
    }

    public async ValueTask DisposeAsync()
    {
        _held.TrySetResult();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_submission_too_many_is_refused_before_its_body_is_read_and_the_others_are_served()
    {
        var taken = Enumerable.Range(0, SchedulerLimits.SubmissionsInFlightMax)
            .Select(_ => _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training)).ToList();
        await UntilAsync("submit", SchedulerLimits.SubmissionsInFlightMax);

        // It announces a body and never sends it, so the answer cannot have waited for it.
        var refused = await AnswerToHeadAsync("POST /api/v1/jobs", contentLength: 1_000);

        Assert.StartsWith("HTTP/1.1 429", refused, StringComparison.Ordinal);
        Assert.Contains("Retry-After: 1\r\n", refused, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"busy\"", refused, StringComparison.Ordinal);
        Assert.Contains(
            $"{SchedulerLimits.SubmissionsInFlightMax} submissions are under way", refused, StringComparison.Ordinal);
        Assert.Equal(1, await FigureAsync("stockpile_http_refused", "submit"));
        // Who only asks, and who looks after the process, does not stand in that queue.
        Assert.Equal(200, (await _host.Http.SendAsync("GET", "/api/v1/jobs")).Status);
        Assert.Equal(200, (await _host.Http.SendAsync("GET", "/healthz/live")).Status);

        _held.SetResult();
        Assert.All(await Task.WhenAll(taken), reply => Assert.Equal(201, reply.Status));
        Assert.Equal(SchedulerLimits.SubmissionsInFlightMax, _host.Gateway.Submitted.Count);
        await UntilAsync("submit", 0);
        Assert.Equal(201, (await _host.Http.PostJsonAsync("/api/v1/jobs", JsonHttp.Training)).Status);
    }

    [Fact]
    public async Task Bodies_under_way_are_bounded_together_and_one_without_a_length_counts_as_the_longest()
    {
        const int Longest = SchedulerLimits.HttpBodyBytesMax;
        var fit = SchedulerLimits.SubmissionKiBInFlightMax / (Longest / 1024);
        var open = new List<TcpClient>();
        for (var i = 0; i < fit; i++)
            open.Add(await SendHeadAsync("POST /api/v1/jobs/batch", i == 0 ? null : Longest));
        await UntilAsync("submit", fit);

        var refused = await AnswerToHeadAsync("POST /api/v1/jobs", contentLength: 10);

        Assert.StartsWith("HTTP/1.1 429", refused, StringComparison.Ordinal);
        Assert.Contains("Retry-After: 1\r\n", refused, StringComparison.Ordinal);
        Assert.Contains($"{SchedulerLimits.SubmissionKiBInFlightMax} KiB", refused, StringComparison.Ordinal);
        foreach (var client in open) client.Dispose();
        await UntilAsync("submit", 0);
    }

    [Fact]
    public async Task Requests_that_read_a_whole_journal_are_few_at_a_time()
    {
        var taken = Enumerable.Range(0, SchedulerLimits.JournalReadsInFlightMax)
            .Select(_ => _host.Http.SendAsync("GET", "/api/v1/jobs/north-1/history")).ToList();
        await UntilAsync("journal", SchedulerLimits.JournalReadsInFlightMax);

        foreach (var path in new[] { "jobs/north-1/history", "audit", "fleet?at=2024-05-01T12:00:00Z" })
        {
            var refused = await _host.Http.SendAsync("GET", $"/api/v1/{path}");
            refused.IsProblem(
                429, "busy", null, $"{SchedulerLimits.JournalReadsInFlightMax} requests that read the journal");
            Assert.Equal(TimeSpan.FromSeconds(1), refused.RetryAfter);
        }

        Assert.Equal(200, (await _host.Http.SendAsync("GET", "/api/v1/fleet")).Status);
        _held.SetResult();
        await Task.WhenAll(taken);
    }

    private async Task UntilAsync(string kind, int inFlight)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (await FigureAsync("stockpile_http_in_flight", kind) is var n && n != inFlight)
        {
            Assert.True(n <= SchedulerLimits.SubmissionsInFlightMax, $"{n} requests are in flight");
            Assert.True(TimeProvider.System.GetElapsedTime(since) < Patience, $"{n} of {inFlight} requests came in");
            await Task.Delay(TimeSpan.FromMilliseconds(10), Cancel);
        }
    }

    private async Task<double> FigureAsync(string name, string kind)
    {
        var text = (await _host.Http.SendAsync("GET", "/metrics")).Text;
        var figure = Figure().Matches(text).First(m => m.Groups[1].Value == name && m.Groups[2].Value == kind);
        return double.Parse(figure.Groups[3].Value, CultureInfo.InvariantCulture);
    }

    private async Task<string> AnswerToHeadAsync(string request, int contentLength)
    {
        using var client = await SendHeadAsync(request, contentLength);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (!answer.ToString().Contains('}', StringComparison.Ordinal))
        {
            var read = await client.GetStream().ReadAsync(buffer, Cancel).AsTask().WaitAsync(Patience, Cancel);
            if (read == 0) break;
            answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }

    /// <summary>The head of a request, and nothing of its body.</summary>
    /// <param name="contentLength">Null: it does not tell.</param>
    private async Task<TcpClient> SendHeadAsync(string request, int? contentLength)
    {
        var server = new Uri(_host.Url);
        var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, Cancel);
        var length = contentLength is { } n ? $"Content-Length: {n}" : "Transfer-Encoding: chunked";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"{request} HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\n{length}\r\n\r\n"),
            Cancel);
        return client;
    }

    [GeneratedRegex("""^(\w+)\{kind="(\w+)"\} (\S+)$""", RegexOptions.Multiline)]
    private static partial Regex Figure();
}
