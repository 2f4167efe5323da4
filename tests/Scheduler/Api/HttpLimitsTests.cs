using Microsoft.AspNetCore.Server.Kestrel.Core;
using Stockpile.Core;
using Stockpile.Scheduler.Api;

namespace Stockpile.Scheduler.Tests.Api;

/// <summary>What a client may cost.</summary>
public sealed class HttpLimitsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("Host: x\r\nX-Long: {0}", "431")]
    [InlineData("Host: x", "414")]
    public async Task A_head_that_is_too_large_is_refused(string head, string status)
    {
        await using var host = await ApiHost.StartAsync();
        var path = status == "414" ? "/" + new string('x', SchedulerLimits.HttpRequestLineBytesMax) : "/healthz/live";
        var headers = head.Replace(
            "{0}", new string('x', SchedulerLimits.HttpHeadersBytesMax), StringComparison.Ordinal);

        Assert.Contains($" {status} ", await FirstLineAsync(host, $"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n"));
    }

    [Fact]
    public async Task Too_many_headers_are_refused()
    {
        await using var host = await ApiHost.StartAsync();
        var headers = string.Concat(Enumerable.Range(0, SchedulerLimits.HttpHeadersMax).Select(i => $"X-{i}: 1\r\n"));

        Assert.Contains(" 431 ", await FirstLineAsync(host, $"GET /healthz/live HTTP/1.1\r\nHost: x\r\n{headers}\r\n"));
    }

    [Fact]
    public async Task A_request_without_an_answer_in_time_is_504_and_is_given_up()
    {
        await using var host = await ApiHost.StartAsync(answerTimeout: TimeSpan.FromMilliseconds(50));
        var givenUp = new TaskCompletionSource();
        host.Gateway.BeforeCells = async cancel =>
        {
            await using var registration = cancel.Register(givenUp.SetResult);
            await Task.Delay(Timeout.Infinite, cancel);
        };

        (await host.Http.SendAsync("GET", "/api/v1/cells")).IsProblem(504, "timeout", null, "no answer in time");
        await givenUp.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void The_web_server_has_the_bounds_of_the_one_file()
    {
        var server = new KestrelServerOptions();
        server.UseLimits();

        Assert.Equal(SchedulerLimits.HttpBodyBytesMax, server.Limits.MaxRequestBodySize);
        Assert.Equal(SchedulerLimits.HttpConnectionsMax, server.Limits.MaxConcurrentConnections);
        Assert.Equal(TimeSpan.FromSeconds(SchedulerLimits.HttpHeadersSecondsMax), server.Limits.RequestHeadersTimeout);
        Assert.Equal(TimeSpan.FromSeconds(SchedulerLimits.HttpIdleSecondsMax), server.Limits.KeepAliveTimeout);
    }

    private static async Task<string> FirstLineAsync(ApiHost host, string request)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync("127.0.0.1", new Uri(host.Url).Port, cancel);
        await using var stream = tcp.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(request), cancel);
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync(cancel).AsTask().WaitAsync(Patience, cancel) ?? "closed";
    }
}
