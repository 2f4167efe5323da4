using Stockpile.Core;
using Stockpile.Inspect.Catalogue;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Endpoints;
using Stockpile.Scheduler.Api.Mapping;
using static Stockpile.Inspect.Palettes.Calls;
using static Stockpile.Inspect.Palettes.Lines;

namespace Stockpile.Inspect.Palettes;

/// <summary><c>node</c>: one machine, and what can be done to it.</summary>
public static class NodePalette
{
    private static readonly CommandArgument NodeId = Id("The node's id");

    public static Palette Create(Func<ClusterAccess> cluster) => new(
        "node", "One node: look, drain, resume, simulate faults",
        [
            Look(cluster, "show", "One node and the allocations on it", [NodeId],
                async (on, call, answer, cancel) =>
                    await ShowAsync(answer, await AskAsync(call, node => on.Gateway.GetNodeAsync(node, cancel)))),
            Command(cluster, "drain", "Give a node no new work; what runs there may finish", [NodeId],
                (on, call, answer, cancel) =>
                    OrderAsync(call, answer, node => on.Gateway.DrainNodeAsync(node, null, cordon: false, cancel))),
            Command(cluster, "resume", "Give a drained node work again", [NodeId],
                (on, call, answer, cancel) =>
                    OrderAsync(call, answer, node => on.Gateway.ResumeNodeAsync(node, cancel))),
            Fault(cluster, "fail", "Simulate a failure: the node loses what runs on it", [], _ => 1),
            Fault(cluster, "slow", "Simulate a slow node",
            [
                new("factor", $"How many times slower: above 1, at most {NodeEndpoints.FactorMax}; by default 2", "-f"),
            ], Factor),
            Fault(cluster, "recover", "End a simulated fault", [], _ => 1),
        ]);

    /// <summary>Free devices; a shared one counts by its share.</summary>
    internal static string Free(NodeResponse node) => Number(
        node.FreeMilli.Count == 0 ? node.FreeDevices : node.FreeMilli.Sum() / (double)Limits.MilliPerDevice);

    private static InspectCommand Fault(
        Func<ClusterAccess> cluster, string fault, string description, IReadOnlyList<CommandArgument> more,
        Func<CommandCall, double> factor) =>
        Command(cluster, fault, description, [NodeId, .. more], (on, call, answer, cancel) =>
        {
            var times = factor(call);
            return OrderAsync(call, answer, node => on.Gateway.FaultNodeAsync(node, fault, times, cancel));
        });

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
        await answer.LineAsync(node.ToLine(), node);
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
