using Stockpile.Core;
using Stockpile.Inspect.Catalogue;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Endpoints;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Routing;
using static Stockpile.Inspect.Palettes.Calls;
using static Stockpile.Inspect.Palettes.Lines;

namespace Stockpile.Inspect.Palettes;

/// <summary><c>node</c>: one machine, and what can be done to it.</summary>
public static class NodePalette
{
    public static Palette Create(IStockpileGateway gateway)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        var id = Id("The node's id");
        return new Palette("node", "One node: look, drain, resume, simulate faults",
        [
            Command("show", "One node and the allocations on it", [id], async (call, answer, cancel) =>
                await ShowAsync(answer, await AskAsync(call, node => gateway.GetNodeAsync(node, cancel)))),
            Command("drain", "Give a node no new work; what runs there may finish", [id], (call, answer, cancel) =>
                OrderAsync(call, answer, node => gateway.DrainNodeAsync(node, cancel))),
            Command("resume", "Give a drained node work again", [id], (call, answer, cancel) =>
                OrderAsync(call, answer, node => gateway.ResumeNodeAsync(node, cancel))),
            Command("fail", "Simulate a failure: the node loses what runs on it", [id], (call, answer, cancel) =>
                OrderAsync(call, answer, node => gateway.FaultNodeAsync(node, "fail", 1, cancel))),
            Command("slow", "Simulate a slow node",
            [
                id,
                new("factor", $"How many times slower: above 1, at most {NodeEndpoints.FactorMax}; by default 2", "-f"),
            ], (call, answer, cancel) =>
            {
                var factor = Factor(call);
                return OrderAsync(call, answer, node => gateway.FaultNodeAsync(node, "slow", factor, cancel));
            }),
            Command("recover", "End a simulated fault", [id], (call, answer, cancel) =>
                OrderAsync(call, answer, node => gateway.FaultNodeAsync(node, "recover", 1, cancel))),
        ]);
    }

    /// <summary>Free devices; a shared one counts by its share.</summary>
    internal static string Free(NodeResponse node) => Number(
        node.FreeMilli.Count == 0 ? node.FreeDevices : node.FreeMilli.Sum() / (double)Limits.MilliPerDevice);

    private static double Factor(CommandCall call)
    {
        var allowed = $"a number above 1 and at most {NodeEndpoints.FactorMax}";
        var factor = call.FindNumber("factor", allowed) ?? 2;
        return factor is > 1 and <= NodeEndpoints.FactorMax
            ? factor
            : throw Wrong("factor", call.Get("factor"), allowed);
    }

    private static async Task<NodeResponse> AskAsync(CommandCall call, Func<string, Task<NodeReply>> ask)
    {
        var id = call.Get("id");
        if (!Names.IsName(id)) throw NoSuch("node", id);
        var reply = await ask(id);
        Check(reply.Refusal);
        return reply.Node.ToResponse(withAllocations: true);
    }

    private static async Task OrderAsync(CommandCall call, IAnswer answer, Func<string, Task<NodeReply>> ask)
    {
        var node = await AskAsync(call, ask);
        await answer.LineAsync($"{node.Id} is {node.State}, {node.Allocations!.Count} allocations on it", node);
    }

    private static async Task ShowAsync(IAnswer answer, NodeResponse node)
    {
        await answer.FactsAsync(node,
            ("node", node.Id),
            ("state", node.State),
            ("reason", node.Reason),
            ("cell", node.Cell),
            ("host", node.Host),
            ("model", $"{node.Model} ({node.Tier})"),
            ("devices", $"{node.Devices}, of which {Free(node)} free"),
            ("cpu", $"{Number(node.Cpu)} cores, of which {Number(node.CpuFree)} free"),
            ("memory", $"{Memory(node.Memory)}, of which {Memory(node.MemoryFree)} free"),
            ("labels", Joined(node.Labels?.OrderBy(l => l.Key, StringComparer.Ordinal)
                .Select(l => $"{l.Key}={l.Value}"))),
            ("incarnation", $"{node.Incarnation}"));
        if (node.Allocations is { Count: > 0 } allocations)
        {
            await answer.PartAsync(["allocation", "job", "state", ">task", ">devices", "on", "guest"], allocations,
                a => [a.Id, a.Job, .. JobPalette.Allocation(a)]);
        }
    }
}
