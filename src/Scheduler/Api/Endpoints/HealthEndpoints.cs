using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api.Endpoints;

/// <summary>Whether the process lives, and whether its cells answer.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz/live", () => Results.Ok(new HealthResponse("live", null))).ExcludeFromDescription();
        app.MapGet("/healthz/ready", ReadyAsync).ExcludeFromDescription();
    }

    private static async Task<IResult> ReadyAsync(
        IStockpileGateway gateway, ApiOptions options, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.ReadyTimeout);
        try
        {
            var cells = await gateway.CellsAsync(limit.Token).WaitAsync(limit.Token);
            return cells.Count > 0
                ? Results.Ok(new HealthResponse("ready", cells.Count))
                : ProblemResult.Of(StatusCodes.Status503ServiceUnavailable, Refusal.Unavailable,
                    "no cell is known yet: no node has joined", TimeSpan.FromSeconds(1));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return ProblemResult.Of(StatusCodes.Status503ServiceUnavailable, Refusal.Unavailable,
                $"no cell answered within {options.ReadyTimeout.TotalSeconds} s", TimeSpan.FromSeconds(1));
        }
    }
}
