using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api.Endpoints;

/// <summary>Whether the process lives, and whether its cells answer.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz/live", () => Results.Ok(new HealthResponse("live", null))).AllowAnonymous()
            .ExcludeFromDescription();
        app.MapGet("/healthz/ready", ReadyAsync).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>
    /// Ready: a member of the cluster, the cells of the journal answer, and nodes of the process's own have joined. A
    /// new cluster without any cell is ready too: its nodes may come. So is one of whose cells some are down, which it
    /// names: it serves for the others.
    /// </summary>
    private static async Task<IResult> ReadyAsync(
        HttpContext http, IStockpileGateway gateway, ApiOptions options, CancellationToken cancel)
    {
        var gate = http.RequestServices.GetService<StartGate>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.ReadyTimeout);
        try
        {
            var standing = await gateway.StandingAsync(limit.Token).WaitAsync(limit.Token);
            var why = WhyNot(standing) ?? gate?.Why ?? (gate is null ? null : standing.NotYet);
            if (why is { } reason) return Unready(reason);
            var clocks = standing.Clocks.Count > 0 ? standing.Clocks : null;
            if (standing.Down.Count > 0)
                return Results.Ok(new HealthResponse("ready", standing.Serving, standing.Down) { Clocks = clocks });
            var cells = await gateway.CellsAsync(limit.Token).WaitAsync(limit.Token);
            return Results.Ok(new HealthResponse("ready", cells.Count) { Clocks = clocks });
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Unready($"no cell answered within {options.ReadyTimeout.TotalSeconds} s");
        }
    }

    private static string? WhyNot(Standing standing) => standing switch
    {
        { IsMember: false } => "this process is not a member of the cluster yet",
        { SilentCells: null } => "the cells of the journal are being looked up",
        { Serving: 0, Down: { Count: > 0 } down } => string.Join("; ", down),
        { SilentCells: { Count: > 0 } silent } => $"cells are starting: {string.Join(", ", silent)}",
        _ => null,
    };

    private static ProblemResult Unready(string reason) => ProblemResult.Of(
        StatusCodes.Status503ServiceUnavailable, Refusal.Unavailable, reason, TimeSpan.FromSeconds(1));
}
