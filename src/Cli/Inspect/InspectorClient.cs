using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Stockpile.Cli.Client;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Server;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Inspect;

/// <summary>How a call ended.</summary>
/// <param name="Member">Who answered; null: nobody said.</param>
internal sealed record InspectEnd(int Exit, string? Error, MemberName? Member);

/// <summary>
/// Makes calls at the inspector of one member. Nothing is tried twice: a call may have been carried out.
/// </summary>
internal sealed class InspectorClient : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;

    public InspectorClient(ServerAccess server)
    {
        var handler = server.Handler();
        handler.ConnectTimeout = ConnectTimeout;
        // It is asked where it runs; a proxy for the web does not reach it.
        handler.UseProxy = false;
        handler.AllowAutoRedirect = false;
        _http = new HttpClient(handler) { BaseAddress = server.Address, Timeout = Timeout.InfiniteTimeSpan };
        // Whom the server refuses sends no body, which would be cut off and hide why.
        _http.DefaultRequestHeaders.ExpectContinue = true;
        if (server.Token is { } token)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>As users write it.</summary>
    public string Where => _http.BaseAddress!.Scheme == Uri.UriSchemeHttps
        ? $"https://{_http.BaseAddress.Authority}"
        : _http.BaseAddress.Authority;

    /// <summary>Runs a command; a cancel ends it, and that is a good end.</summary>
    /// <param name="take">Gets every line but the last: the first with the member, then text or rows.</param>
    /// <exception cref="CliException">Nobody answers, or not to the end, or the call is refused.</exception>
    public async Task<InspectEnd> RunAsync(
        IReadOnlyList<string> args, bool json, Action<InspectReply> take, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, StockpileApi.Prefix + "/inspect")
            {
                Content = JsonContent.Create(
                    new InspectRequest { Args = args, Json = json }, options: ApiJson.Options),
            };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!response.IsSuccessStatusCode) throw await RefusedAsync(response, cancel);
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
            while (await lines.ReadLineAsync(cancel) is { } line)
            {
                var reply = JsonSerializer.Deserialize<InspectReply>(line, ApiJson.Options);
                if (reply?.Exit is { } exit) return new InspectEnd(exit, reply.Error, reply.Member);
                if (reply is not null) take(reply);
            }

            throw Unreachable($"{Where} closed the connection before the end of its answer");
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return new InspectEnd(ExitCodes.Done, null, null);
        }
        catch (OperationCanceledException)
        {
            throw Unreachable($"no inspector answers on {Where} within {ConnectTimeout.TotalSeconds:0} s");
        }
        catch (HttpRequestException fault)
        {
            throw Unreachable(InWords(fault));
        }
        catch (IOException fault)
        {
            throw Unreachable($"the connection to {Where} broke: {fault.Message}");
        }
        catch (JsonException)
        {
            throw NoInspector();
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<CliException> RefusedAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json") return NoInspector();
        var detail = (await response.Content.ReadFromJsonAsync<Problem>(ApiJson.Options, cancel))?.Detail ?? "refused";
        if (response.StatusCode == HttpStatusCode.Unauthorized)
            detail += $" (give it in {ServerAccess.TokenVariable}, or in a file that {ServerAccess.TokenFileVariable} "
                + "names)";
        return new CliException(
            response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge
                ? ExitCodes.Usage
                : ExitCodes.Refused, detail);
    }

    private string InWords(HttpRequestException fault) => fault.HttpRequestError switch
    {
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError =>
            $"no inspector answers on {Where}: {(fault.InnerException ?? fault).Message}",
        HttpRequestError.SecureConnectionError =>
            $"{Where} shows a certificate that is not trusted, or it speaks no TLS: "
            + $"{(fault.InnerException ?? fault).Message} ({ServerOptions.CaVariable} names the file of the authority "
            + "that signed it)",
        HttpRequestError.InvalidResponse => NoInspector().Message,
        _ => $"the connection to {Where} broke: {fault.Message} (one that has TLS is asked as https://HOST:PORT)",
    };

    private CliException NoInspector() => Unreachable($"what answers on {Where} is no inspector of Stockpile");

    private static CliException Unreachable(string message) => new(ExitCodes.Unreachable, message);
}
