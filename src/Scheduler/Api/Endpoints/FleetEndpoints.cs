using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api.Endpoints;

/// <summary>The fleet and its cells, now or as the journal had them.</summary>
internal static class FleetEndpoints
{
    public static void MapFleet(this RouteGroupBuilder api)
    {
        api.MapGet("/fleet", FleetAsync)
            .WithSummary("Capacity and use by tier and model, now or at a time").Produces<FleetResponse>()
            .WithRequestTimeout(HttpLimits.Journal);
        api.MapGet("/cells", CellsAsync).WithSummary("Cells, by name").Produces<CellListResponse>();
    }

    private static async Task<IResult> FleetAsync(
        HttpRequest request, IStockpileGateway gateway, ApiOptions options, string? at, CancellationToken cancel)
    {
        var query = new Query(request, nameof(at));
        var time = query.Time(nameof(at));
        if (query.IsRefused(out var problem)) return problem;
        var cells = time is { } past
            ? await gateway.CellsAtAsync(past, cancel)
            : await gateway.CellsAsync(cancel);
        return Results.Ok(cells.ToFleet(options.Catalog));
    }

    private static async Task<IResult> CellsAsync(
        HttpRequest request, IStockpileGateway gateway, ApiOptions options, CancellationToken cancel)
    {
        if (new Query(request).IsRefused(out var problem)) return problem;
        var cells = await gateway.CellsAsync(cancel);
        return Results.Ok(new CellListResponse([.. cells.Select(c => c.ToResponse(options.Catalog))]));
    }
}
