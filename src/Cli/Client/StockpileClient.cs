using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Client;

/// <summary>An answer as the program reads it, and as the server wrote it.</summary>
/// <param name="IsCreated">The server made something new (201).</param>
public sealed record Answer<T>(T Value, JsonElement Raw, bool IsCreated);

/// <summary>
/// Talks to the HTTP API. What the server refuses, or a server that is not there, ends in a
/// <see cref="CliException"/>. Every request it sends may arrive twice, so it repeats them while the cluster is busy
/// or changes hands.
/// </summary>
internal sealed class StockpileClient : IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly HttpClient _http;
    private readonly CliContext _context;

    /// <param name="patience">How long one answer may take.</param>
    public StockpileClient(ServerAccess server, CliContext context, TimeSpan patience)
    {
        _context = context;
        // A server under a path keeps the path: relative addresses need the slash at its end.
        var address = server.Address.AbsoluteUri;
        var root = address.EndsWith('/') ? server.Address : new Uri(address + "/");
        _http = new HttpClient(server.Handler()) { BaseAddress = root, Timeout = patience };
        if (server.Token is { } token)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    /// <summary>Where the requests go.</summary>
    public Uri Server => _http.BaseAddress!;

    public Task<Answer<T>> GetAsync<T>(string path, CancellationToken cancel) where T : class =>
        SendAsync<T>(HttpMethod.Get, path, null, null, cancel);

    /// <summary>All pages of a list as one answer.</summary>
    /// <param name="rows">The name of the list in the answer.</param>
    public async Task<Answer<T>> GetAllAsync<T>(string path, string rows, CancellationToken cancel) where T : class
    {
        var at = path.IndexOf("cursor=", StringComparison.Ordinal);
        var plain = at < 0 ? path : path[..(at - 1)];
        JsonObject? whole = null;
        var from = path;
        while (true)
        {
            var page = JsonObject.Create((await GetAsync<JsonObject>(from, cancel)).Raw)!;
            var next = page["next"]?.GetValue<string>();
            page.Remove("next");
            if (whole is null) whole = page;
            else
                foreach (var row in page[rows]!.AsArray().ToList())
                    whole[rows]!.AsArray().Add(row!.DeepClone());
            if (next is null) break;
            from = $"{plain}{(plain.Contains('?') ? '&' : '?')}cursor={Uri.EscapeDataString(next)}";
        }

        var raw = JsonSerializer.SerializeToElement(whole, ApiJson.Options);
        return new Answer<T>(raw.Deserialize<T>(ApiJson.Options)!, raw, IsCreated: false);
    }

    public Task<Answer<T>> PostAsync<T>(string path, object? body, string? key, CancellationToken cancel)
        where T : class => SendAsync<T>(HttpMethod.Post, path, body, key, cancel);

    public Task<Answer<T>> DeleteAsync<T>(string path, CancellationToken cancel) where T : class =>
        SendAsync<T>(HttpMethod.Delete, path, null, null, cancel);

    /// <summary>One attempt, whatever the server says to it: for whoever counts the answers.</summary>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    /// <exception cref="OperationCanceledException">There was none in time.</exception>
    public async Task<HttpResponseMessage> TryAsync(
        HttpMethod method, string path, byte[]? body, CancellationToken cancel)
    {
        using var request = Request(method, path, body, key: null);
        return await _http.SendAsync(request, cancel);
    }

    public void Dispose() => _http.Dispose();

    private async Task<Answer<T>> SendAsync<T>(
        HttpMethod method, string path, object? body, string? key, CancellationToken cancel) where T : class
    {
        var bytes = body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), ApiJson.Options);
        var began = _context.Clock.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan pause;
            CliException failure;
            try
            {
                using var request = Request(method, path, bytes, key);
                using var response = await _http.SendAsync(request, cancel);
                var text = await response.Content.ReadAsByteArrayAsync(cancel);
                if (response.IsSuccessStatusCode) return Read<T>(text, response.StatusCode);
                failure = Failure(response, text);
                if (!MayPass(response.StatusCode)) throw failure;
                pause = response.Headers.RetryAfter?.Delta ?? RetryPause;
            }
            catch (HttpRequestException fault)
            {
                failure = Unreachable(Reason(fault));
                // Nobody listens: that is not going to change. A connection that broke later may be a restart.
                if (attempt == 1 && IsAbsent(fault)) throw failure;
                pause = RetryPause;
            }
            catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw Unreachable($"no answer within {_http.Timeout.TotalSeconds} s");
            }

            var left = _context.RetryFor - _context.Clock.GetElapsedTime(began);
            if (pause > left) throw failure;
            await Task.Delay(pause, _context.Clock, cancel);
        }
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, byte[]? body, string? key)
    {
        var request = new HttpRequestMessage(method, StockpileApi.Prefix[1..] + "/" + path);
        if (key is not null && !request.Headers.TryAddWithoutValidation("Idempotency-Key", key))
            throw new CliException(ExitCodes.Usage, "--key must be one line of printable ASCII characters");
        if (body is null) return request;
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return request;
    }

    private Answer<T> Read<T>(byte[] text, HttpStatusCode status) where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var value = document.Deserialize<T>(ApiJson.Options) ?? throw new JsonException("it is null");
            return new Answer<T>(value, document.RootElement.Clone(), status == HttpStatusCode.Created);
        }
        catch (JsonException fault)
        {
            throw Unreachable($"it answers, but not as Stockpile does ({fault.Message})");
        }
    }

    private CliException Failure(HttpResponseMessage response, byte[] text)
    {
        var detail = $"the server at {_http.BaseAddress} answered {(int)response.StatusCode} {response.ReasonPhrase}";
        try
        {
            if (JsonSerializer.Deserialize<Problem>(text, ApiJson.Options) is { Detail: not null } problem)
            {
                var more = problem.Errors is { Count: > 1 } errors ? $" (and {errors.Count - 1} more)" : "";
                detail = problem.Detail + more;
            }
        }
        catch (JsonException)
        {
            // Not our server, or something between: the status line has to do.
        }

        if (response.StatusCode == HttpStatusCode.Unauthorized)
            detail += $" (give it with --token, {ServerAccess.TokenVariable} or {ServerAccess.TokenFileVariable})";
        var isAway = response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway
            or HttpStatusCode.GatewayTimeout;
        return new CliException(isAway ? ExitCodes.Unreachable : ExitCodes.Refused, detail);
    }

    private static string Reason(HttpRequestException fault) =>
        fault.HttpRequestError == HttpRequestError.SecureConnectionError
            ? $"its certificate is not trusted, or it speaks no TLS: {(fault.InnerException ?? fault).Message} "
                + "(--ca FILE names the authority that signed it)"
            : fault.InnerException?.Message ?? fault.Message;

    private CliException Unreachable(string reason) =>
        new(ExitCodes.Unreachable, $"cannot reach the cluster at {_http.BaseAddress}: {reason}");

    private static bool MayPass(HttpStatusCode status) =>
        status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests;

    private static bool IsAbsent(HttpRequestException fault) => fault.HttpRequestError is
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
        or HttpRequestError.SecureConnectionError;
}
