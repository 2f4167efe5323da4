using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api.Endpoints;

/// <summary>Nodes: list, show, drain, resume, and simulated faults.</summary>
internal static class NodeEndpoints
{
    public const double FactorMax = 1000;

    public static readonly string[] States = ["ready", "draining", "resting", "lost", "refused"];
    private static readonly string[] Faults = ["fail", "slow", "recover"];

    public static void MapNodes(this RouteGroupBuilder api)
    {
        api.MapGet("/nodes", ListAsync).WithSummary("Nodes").Produces<NodeListResponse>();
        api.MapGet("/nodes/{id}", GetAsync).WithSummary("One node").Produces<NodeResponse>();
        api.MapPost("/nodes/{id}/drain", DrainAsync).WithSummary("Give a node no new work").Produces<NodeResponse>();
        api.MapPost("/nodes/{id}/resume", ResumeAsync).WithSummary("Give a node work again").Produces<NodeResponse>();
        api.MapPost("/nodes/{id}/fault", FaultAsync)
            .Accepts<FaultRequest>("application/json").WithSummary("Simulate a fault").Produces<NodeResponse>();
    }

    private static async Task<IResult> ListAsync(
        HttpRequest request, IStockpileGateway gateway,
        string? cell, string? model, string? tier, string? state, string? limit, CancellationToken cancel)
    {
        var query = new Query(request, nameof(cell), nameof(model), nameof(tier), nameof(state), nameof(limit));
        var filter = new NodeFilter(query.Name(nameof(cell)), query.Name(nameof(model)), query.Name(nameof(tier)),
            query.OneOf(nameof(state), States), query.Limit());
        if (query.IsRefused(out var problem)) return problem;
        var reply = await gateway.ListNodesAsync(filter, cancel);
        return Results.Ok(new NodeListResponse(
            [.. reply.Nodes.Select(n => n.ToResponse(withAllocations: false))], reply.Total));
    }

    private static Task<IResult> GetAsync(string id, IStockpileGateway gateway, CancellationToken cancel) =>
        AnswerAsync(id, node => gateway.GetNodeAsync(node, cancel));

    private static async Task<IResult> DrainAsync(
        string id, HttpRequest request, IStockpileGateway gateway, string? deadline, string? cordon,
        CancellationToken cancel)
    {
        var query = new Query(request, nameof(deadline), nameof(cordon));
        var within = query.Duration(nameof(deadline));
        var isCordon = query.OneOf(nameof(cordon), "true", "false") == "true";
        if (isCordon && within is not null) query.Refuse(nameof(cordon), "cordon moves nothing, so it has no deadline");
        if (query.IsRefused(out var problem)) return problem;
        return await AnswerAsync(id, node => gateway.DrainNodeAsync(node, within, isCordon, cancel));
    }

    private static Task<IResult> ResumeAsync(string id, IStockpileGateway gateway, CancellationToken cancel) =>
        AnswerAsync(id, node => gateway.ResumeNodeAsync(node, cancel));

    private static async Task<IResult> FaultAsync(
        string id, HttpContext http, IStockpileGateway gateway, CancellationToken cancel)
    {
        var (fault, problem) = await JsonBody.ReadAsync<FaultRequest>(http);
        if (fault is null) return problem!;
        if (!Faults.Contains(fault.Kind, StringComparer.Ordinal))
        {
            return ProblemResult.Of(new Refusal(Refusal.Invalid, "kind",
                $"kind is {Names.Shorten(fault.Kind ?? "missing")}; allowed: {string.Join(", ", Faults)}"));
        }

        var isSlow = fault.Kind == "slow";
        var factor = fault.Factor ?? (isSlow ? 2 : 1);
        if (isSlow ? !(factor > 1 && factor <= FactorMax) : fault.Factor is not null)
        {
            return ProblemResult.Of(new Refusal(Refusal.Invalid, "factor",
                $"factor is {factor}; allowed: above 1 and at most {FactorMax}, for slow alone"));
        }

        return await AnswerAsync(id, node => gateway.FaultNodeAsync(node, fault.Kind!, factor, cancel));
    }

    private static async Task<IResult> AnswerAsync(string id, Func<string, Task<NodeReply>> ask)
    {
        if (!Names.IsName(id)) return ProblemResult.NotFound("node", id);
        var reply = await ask(id);
        return reply.Refusal is { } refusal
            ? ProblemResult.Of(refusal.ToJsonNames())
            : Results.Ok(reply.Node.ToResponse(withAllocations: true));
    }
}
