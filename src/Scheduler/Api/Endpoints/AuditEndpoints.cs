using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api.Endpoints;

/// <summary>Whether journal, cells and nodes say the same.</summary>
internal static class AuditEndpoints
{
    public static void MapAudit(this RouteGroupBuilder api) => api.MapGet("/audit", AuditAsync)
        .WithSummary("Compares the journal, the cells and the nodes").Produces<AuditResponse>()
        .WithRequestTimeout(HttpLimits.Journal);

    private static async Task<IResult> AuditAsync(
        HttpRequest request, IStockpileGateway gateway, CancellationToken cancel) =>
        new Query(request).IsRefused(out var problem)
            ? problem
            : Results.Ok((await gateway.AuditAsync(cancel)).ToResponse());
}
