using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Stockpile.Hosting.Access;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Server;
using Stockpile.Inspect.Tests.Catalogue;

namespace Stockpile.Inspect.Tests.Server;

/// <summary>A server on a free port over the sample catalogue and a command that streams, and a client of it.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    public const string ViewerToken = "viewer-0123456789";
    public const string SubmitterToken = "submitter-0123456789";
    public const string OperatorToken = "operator-0123456789";

    private readonly InspectorServer _server;
    private readonly HttpClient _http = new();

    private ServerHost(InspectorOptions options)
    {
        var catalogue = Samples.Create(new Palette("log", "Log", [
            new("tail", "Streams", [], TailAsync) { Streams = true, Role = AccessRole.Viewer },
        ]));
        var runner = new CommandRunner(catalogue, new FakeMembers());
        _server = new InspectorServer(() => runner, options, NullLoggerFactory.Instance);
    }

    public static AccessTokens Tokens { get; } = new([
        ("eye", AccessRole.Viewer, ViewerToken), ("hand", AccessRole.Submitter, SubmitterToken),
        ("boss", AccessRole.Operator, OperatorToken),
    ]);

    /// <summary>Ends when a streaming command was cancelled.</summary>
    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Port => _server.EndPoint!.Port;

    public string Address => _server.Address!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<ServerHost> StartAsync(
        AccessTokens? tokens = null, LoadedCertificate? certificate = null)
    {
        var host = new ServerHost(new InspectorOptions(Port: 0)
        {
            Tokens = tokens ?? AccessTokens.None,
            Certificate = certificate,
        });
        await host._server.StartAsync(Stop);
        host._http.BaseAddress = new Uri($"http://127.0.0.1:{host.Port}/api/v1/inspect");
        return host;
    }

    /// <summary>Sends any content; the answer is not read yet.</summary>
    public async Task<HttpResponseMessage> PostAsync(
        HttpContent content, string? token = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "") { Content = content };
        // A body that is refused unread would be cut off while it is still sent.
        request.Headers.ExpectContinue = true;
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
    }

    /// <summary>Begins a call; the answer is not read yet.</summary>
    public Task<HttpResponseMessage> CallAsync(string words, bool json = false, string? token = null) =>
        PostAsync(JsonContent.Create(new { args = words.Split(' '), json }), token);

    /// <summary>The lines of a call that ends.</summary>
    public async Task<List<JsonElement>> LinesAsync(string words, bool json = false, string? token = null)
    {
        using var response = await CallAsync(words, json, token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return [.. (await response.Content.ReadAsStringAsync(Stop)).TrimEnd('\n').Split('\n')
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
    }

    /// <summary>The status and the one line of a call that is no call, or is refused.</summary>
    public static async Task<(HttpStatusCode Status, string Detail)> ProblemAsync(Task<HttpResponseMessage> call)
    {
        using var response = await call;
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Stop);
        return (response.StatusCode, problem.GetProperty("detail").GetString()!);
    }

    public Task StopAsync() => _server.StopAsync(Stop);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.StopAsync(CancellationToken.None);
        await _server.DisposeAsync();
    }

    private async Task TailAsync(CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        try
        {
            // Then it is silent, so that no failed write tells it that nobody listens any more.
            await answer.LineAsync("line 0", new { Number = 0 });
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
        }
        finally
        {
            Cancelled.TrySetResult();
        }
    }
}
