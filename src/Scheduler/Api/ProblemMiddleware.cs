using Stockpile.Core;
using Stockpile.Hosting.Access;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api;

/// <summary>Gives every error the same form: what a handler throws, and what the router refuses bare.</summary>
internal sealed class ProblemMiddleware(
    RequestDelegate next, ILogger<ProblemMiddleware> log, AccessTokens tokens)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            if (IsForeign(http.Request))
            {
                var from = http.Request.Headers.Origin.ToString() is { Length: > 0 } origin
                    ? $"; Origin is {Names.Shorten(origin)}, and allowed is that of this address, or none"
                    : "";
                await ProblemResult.Of(StatusCodes.Status403Forbidden, ProblemCodes.Forbidden,
                    $"changes from pages of other sites are refused{from}").ExecuteAsync(http);
                return;
            }

            if (tokens.IsEmpty && IsRenamed(http.Request.Host))
            {
                await ProblemResult.Of(StatusCodes.Status403Forbidden, ProblemCodes.Forbidden,
                    $"'{Names.Shorten(http.Request.Host.Host)}' is no name of this machine's loopback, and without "
                    + "access tokens only that is answered; allowed: 127.0.0.1, [::1], localhost").ExecuteAsync(http);
                return;
            }

            await next(http);
            if (http.Response is { StatusCode: >= 400, HasStarted: false, ContentLength: null, ContentType: null })
                await Bare(http).ExecuteAsync(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client is gone; nobody reads an answer.
        }
        catch (Exception fault) when (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await ForException(http, fault).ExecuteAsync(http);
        }
    }

    /// <summary>
    /// A page of another site, open in the browser of someone who can reach the API, must not drain nodes. Browsers
    /// say where a request comes from; programs send neither header. Old browsers, and new ones on a page without TLS,
    /// send <c>Origin</c> alone. Where a browser says that it is the same site, a proxy may have changed the name.
    /// </summary>
    private static bool IsForeign(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) return false;
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site == "same-origin") return false;
        var origin = request.Headers.Origin.ToString();
        return site is "cross-site" or "same-site" || (origin.Length > 0 && !IsOwn(origin, request));
    }

    private static bool IsOwn(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var from)
        && Uri.TryCreate($"{from.Scheme}://{request.Host}", UriKind.Absolute, out var here)
        && string.Equals(from.Authority, here.Authority, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// A page may have its own name lead here (DNS rebinding), and then is no other site to the browser. It cannot show
    /// a token; where none is asked for, the name gives it away. Old programs send no name.
    /// </summary>
    private static bool IsRenamed(HostString host) => host.HasValue && !Loopback.Is(host.Host);

    private ProblemResult ForException(HttpContext http, Exception fault)
    {
        switch (fault)
        {
            case ClusterBusyException busy:
                return ProblemResult.Of(
                    StatusCodes.Status429TooManyRequests, Refusal.Busy, busy.Message, busy.RetryAfter);
            case ClusterUnavailableException unavailable:
                return ProblemResult.Of(StatusCodes.Status503ServiceUnavailable, Refusal.Unavailable,
                    unavailable.Message, unavailable.RetryAfter);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return JsonBody.TooLarge(SchedulerLimits.HttpBodyBytesMax);
            case BadHttpRequestException bad:
                return ProblemResult.Of(bad.StatusCode, Refusal.Invalid, bad.Message);
            default:
                // The answer carries the request's id and not the fault: its text may name files or addresses.
                log.LogError(fault, "{Method} {Path} failed, request {Id}",
                    http.Request.Method, http.Request.Path, http.TraceIdentifier);
                return ProblemResult.Of(StatusCodes.Status500InternalServerError, ProblemCodes.Internal,
                    $"the request failed; the log has the reason under request {http.TraceIdentifier}");
        }
    }

    private static ProblemResult Bare(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => ProblemResult.Of(StatusCodes.Status404NotFound, Refusal.NotFound,
            $"there is nothing at {Names.Shorten(http.Request.Path, 80)}; see /openapi/v1.json"),
        StatusCodes.Status405MethodNotAllowed => ProblemResult.Of(StatusCodes.Status405MethodNotAllowed,
            ProblemCodes.Method, $"{http.Request.Method} is not allowed here; allowed: {http.Response.Headers.Allow}"),
        StatusCodes.Status415UnsupportedMediaType => JsonBody.NotJson,
        StatusCodes.Status504GatewayTimeout => ProblemResult.Of(StatusCodes.Status504GatewayTimeout,
            ProblemCodes.Timeout, "there was no answer in time; what was asked for may have been done all the same"),
        var status => ProblemResult.Of(status, Refusal.Invalid, "the request is refused"),
    };
}
