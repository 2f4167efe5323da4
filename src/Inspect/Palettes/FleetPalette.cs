using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api;
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

    public static Palette Create(IStockpileGateway gateway, ApiOptions options)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        ArgumentNullException.ThrowIfNull(options);
        return new Palette("fleet", "Capacity and use of the fleet, over all cells",
        [
            Command("tiers", "Devices by tier, most capable first", [], async (_, answer, cancel) =>
            {
                var fleet = (await gateway.CellsAsync(cancel)).ToFleet(options.Catalog);
                await answer.TableAsync(["tier", .. UseHeads], fleet.Tiers, t => [t.Tier, .. Use(t)]);
                await answer.CountAsync("tiers", fleet.Tiers.Count);
            }),
            Command("models", "Devices by accelerator model", [], async (_, answer, cancel) =>
            {
                var fleet = (await gateway.CellsAsync(cancel)).ToFleet(options.Catalog);
                await answer.TableAsync(
                    ["model", "tier", .. UseHeads], fleet.Models, m => [m.Model, m.Tier, .. Use(m)]);
                await answer.CountAsync("models", fleet.Models.Count);
            }),
            Command("nodes", "Nodes and what is free on them",
            [
                Cell("nodes"),
                new("model", "Only nodes with this accelerator model", "-m"),
                new("tier", "Only nodes of this tier", "-t"),
                new("state", $"Only nodes in this state: {string.Join(", ", NodeEndpoints.States)}", "-s"),
                Limit,
            ], (call, answer, cancel) => NodesAsync(gateway, call, answer, cancel)),
        ]);
    }

    /// <summary>The cells of a table of uses, in devices.</summary>
    internal static string?[] Use(UseResponse use) =>
    [
        Number(use.Nodes), Number(use.Devices), Number(use.Training), Number(use.Inference), Number(use.Batch),
        Number(use.Guest), Number(use.Free), Number(use.Unavailable), Percent(use.Utilisation),
    ];

    internal static IReadOnlyList<string> Heads => UseHeads;

    private static async Task NodesAsync(
        IStockpileGateway gateway, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var filter = new NodeFilter(call.FindName("cell"), call.FindName("model"), call.FindName("tier"),
            call.FindOneOf("state", NodeEndpoints.States), call.GetLimit());
        var reply = await gateway.ListNodesAsync(filter, cancel);
        var nodes = reply.Nodes.Select(n => n.ToResponse(withAllocations: false)).ToList();
        await answer.TableAsync(
            ["node", "cell", "model", "tier", "state", ">devices", ">free", ">cpu free", ">memory free", "reason"],
            nodes, n =>
            [
                n.Id, n.Cell, n.Model, n.Tier, n.State, Number(n.Devices), NodePalette.Free(n), Number(n.CpuFree),
                Memory(n.MemoryFree), n.Reason,
            ]);
        await answer.CountAsync("nodes", nodes.Count, reply.Total);
    }
}
