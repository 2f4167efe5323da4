using System.Text.Json;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Stockpile.Core;
using Stockpile.Inspect.Agent;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Api.Access;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Inspect.Server;

/// <summary>
/// One call of a command. The answer is JSON, one object per line, each sent as soon as it is there:
/// <code>
/// POST /api/v1/inspect {"args":["cluster","show"],"json":false}   "json" asks for rows instead of text
/// {"member":{"address":…,"roles":[…]},"streams":false}   the member that will answer
/// {"line":"akka.tcp://…"}                any number; with "json" {"data":{…}} instead
/// {"member":{…},"exit":0}                the last one, with "error" where it is not 0; without it the answer broke off
/// </code>
/// A client that goes away ends its command. What is no call, or of somebody who may not make it, is a problem as the
/// HTTP API has them.
/// </summary>
internal sealed class InspectorEndpoint(Func<CommandRunner> runner, CancellationToken stopping) : IDisposable
{
    public const string Path = StockpileApi.Prefix + "/inspect";

    private readonly ConcurrencyLimiter _running = new(
        new ConcurrencyLimiterOptions { PermitLimit = InspectLimits.ConnectionsMax });

    public async Task AnswerAsync(HttpContext http)
    {
        using var place = _running.AttemptAcquire();
        if (!place.IsAcquired)
        {
            await ProblemResult.Of(StatusCodes.Status429TooManyRequests, Refusal.Busy,
                $"{InspectLimits.ConnectionsMax} commands run here already, which is the most allowed")
                .ExecuteAsync(http);
            return;
        }

        var (request, problem) = await ReadAsync(http);
        if (problem is not null)
        {
            await problem.ExecuteAsync(http);
            return;
        }

        var commands = runner();
        var (member, streams, role) = commands.Announce(request!.Args!);
        if (AccessRules.RoleOf(http.User) is not { } has || has < role)
        {
            http.Features.Set(new NeedsRole(role));
            await http.ForbidAsync();
            return;
        }

        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        http.Response.ContentType = "application/x-ndjson";
        using var answer = new LineAnswer(http, request.Json);
        await answer.SendAsync(new InspectReply { Member = member, Streams = streams });
        var result = await commands.RunAsync(request.Args!, answer, cancel.Token);
        await answer.SendAsync(
            new InspectReply { Member = result.Member, Exit = result.Exit, Error = result.Error });
    }

    public void Dispose() => _running.Dispose();

    /// <summary>The request, or the problem that it has; exactly one of the two is null.</summary>
    internal static async Task<(InspectRequest? Request, ProblemResult? Problem)> ReadAsync(HttpContext http)
    {
        var (request, problem) = await JsonBody.ReadAsync<InspectRequest>(http, InspectLimits.RequestBytesMax);
        if (problem is not null) return (null, problem);
        return request!.Args is { } args && args.All(word => word is not null)
            ? (request, null)
            : (null, ProblemResult.Of(new Refusal(
                Refusal.Invalid, "args", $"args is missing or holds null; allowed: {InspectRequest.ArgsRule}")));
    }

    private sealed class LineAnswer(HttpContext http, bool json) : IAnswer, IDisposable
    {
        // Handlers may answer from several tasks at once; two lines must not mix.
        private readonly SemaphoreSlim _turn = new(1);

        public async ValueTask LineAsync(string text, object? data = null)
        {
            if (!json) await SendAsync(new InspectReply { Line = AnswerLine.Cut(text) });
            else if (data is not null)
                await SendAsync(new InspectReply
                {
                    Data = data as JsonElement? ?? JsonSerializer.SerializeToElement(data, ApiJson.Options),
                });
        }

        public async Task SendAsync(InspectReply reply)
        {
            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(reply, ApiJson.Options), (byte)'\n'];
            await _turn.WaitAsync(http.RequestAborted);
            try
            {
                await http.Response.BodyWriter.WriteAsync(line, http.RequestAborted);
            }
            finally
            {
                _turn.Release();
            }
        }

        public void Dispose() => _turn.Dispose();
    }
}
