using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Endpoints;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Routing;
using static Stockpile.Inspect.Palettes.Calls;
using static Stockpile.Inspect.Palettes.Lines;

namespace Stockpile.Inspect.Palettes;

/// <summary><c>fleet</c>: capacity and use over all cells.</summary>
public static class FleetPalette
{
    private static readonly string[] UseHeads =
        [">nodes", ">devices", ">training", ">inference", ">batch", ">guests", ">free", ">away", ">in use"];

    public static Palette Create(Func<ClusterAccess> cluster) => new(
        "fleet", "Capacity and use of the fleet, over all cells",
        [
            Look(cluster, "tiers", "Devices by tier, most capable first", [], async (on, _, answer, cancel) =>
            {
                var fleet = (await on.Gateway.CellsAsync(cancel)).ToFleet(on.Options.Catalog);
                await answer.TableAsync(["tier", .. UseHeads], fleet.Tiers, t => [t.Tier, .. Use(t)]);
                await answer.CountAsync("tiers", fleet.Tiers.Count);
            }),
            Look(cluster, "models", "Devices by accelerator model", [], async (on, _, answer, cancel) =>
            {
                var fleet = (await on.Gateway.CellsAsync(cancel)).ToFleet(on.Options.Catalog);
                await answer.TableAsync(
                    ["model", "tier", .. UseHeads], fleet.Models, m => [m.Model, m.Tier, .. Use(m)]);
                await answer.CountAsync("models", fleet.Models.Count);
            }),
            Look(cluster, "nodes", "Nodes and what is free on them",
            [
                Cell("nodes"),
                new("model", "Only nodes with this accelerator model", "-m"),
                new("tier", "Only nodes of this tier", "-t"),
                new("state", $"Only nodes in this state: {string.Join(", ", NodeEndpoints.States)}", "-s"),
                Limit, Cursor,
            ], NodesAsync),
        ]);

    /// <summary>The cells of a table of uses, in devices.</summary>
    internal static string?[] Use(UseResponse use) =>
    [
        Number(use.Nodes), Number(use.Devices), Number(use.Training), Number(use.Inference), Number(use.Batch),
        Number(use.Guest), Number(use.Free), Number(use.Unavailable), Percent(use.Utilisation),
    ];

    internal static IReadOnlyList<string> Heads => UseHeads;

    private static async Task NodesAsync(
        ClusterAccess on, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var filter = new NodeFilter(call.FindName("cell"), call.FindName("model"), call.FindName("tier"),
            call.FindOneOf("state", NodeEndpoints.States), call.GetLimit(),
            call.FindCursor<NodePlace>(NodePlace.TryParse));
        var reply = await on.Gateway.ListNodesAsync(filter, cancel);
        var nodes = reply.Nodes.Select(n => n.ToResponse(withAllocations: false)).ToList();
        await answer.TableAsync(
            ["node", "cell", "model", "tier", "state", ">devices", ">free", ">cpu free", ">memory free", "reason"],
            nodes, n =>
            [
                n.Id, n.Cell, n.Model, n.Tier, n.State, Number(n.Devices), NodePalette.Free(n), Number(n.CpuFree),
                Memory(n.MemoryFree), n.Reason,
            ]);
        await answer.CountAsync("nodes", nodes.Count, reply.Total, reply.Next());
    }
}
