using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api.Endpoints;

/// <summary>
/// Server-sent events: <c>cells</c> whenever a cell committed a round, <c>unavailable</c> when none answers.
/// </summary>
internal sealed class EventEndpoints(ApiOptions options, IHostApplicationLifetime lifetime)
{
    private int _open;

    public IResult Stream(IStockpileGateway gateway, CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _open) <= SchedulerLimits.EventStreamsMax)
            return TypedResults.ServerSentEvents(EventsAsync(gateway, cancel));
        Interlocked.Decrement(ref _open);
        return ProblemResult.Of(StatusCodes.Status429TooManyRequests, Refusal.Busy,
            $"{SchedulerLimits.EventStreamsMax} event streams are open, the most that is allowed",
            TimeSpan.FromSeconds(5));
    }

    private async IAsyncEnumerable<SseItem<string>> EventsAsync(
        IStockpileGateway gateway, [EnumeratorCancellation] CancellationToken cancel)
    {
        // Without this an open stream would hold the process for the whole shutdown timeout.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.ApplicationStopping);
        try
        {
            var seen = "";
            while (!ended.IsCancellationRequested)
            {
                var (item, mark) = await PollAsync(gateway, ended.Token);
                if (mark != seen && !ended.IsCancellationRequested) yield return item;
                seen = mark;
                await Task.Delay(options.EventInterval, ended.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task<(SseItem<string> Item, string Mark)> PollAsync(
        IStockpileGateway gateway, CancellationToken cancel)
    {
        try
        {
            var cells = await gateway.CellsAsync(cancel);
            var body = new CellListResponse([.. cells.Select(c => c.ToResponse(options.Catalog))]);
            return (new SseItem<string>(JsonSerializer.Serialize(body, ApiJson.Options), "cells"), Mark(cells));
        }
        catch (ClusterUnavailableException fault)
        {
            return Fault(Refusal.Unavailable, fault.Message);
        }
        catch (ClusterBusyException fault)
        {
            return Fault(Refusal.Busy, fault.Message);
        }
        catch (OperationCanceledException)
        {
            return Fault(Refusal.Unavailable, "the stream ends");
        }
    }

    private static (SseItem<string> Item, string Mark) Fault(string code, string detail) => (
        new SseItem<string>(JsonSerializer.Serialize(new ErrorItem(code, null, detail), ApiJson.Options), code),
        code);

    private static string Mark(IEnumerable<CellView> cells) =>
        "cells " + string.Join(' ', cells.Select(c => $"{c.Cell}:{c.Epoch}:{c.Round}"));
}
