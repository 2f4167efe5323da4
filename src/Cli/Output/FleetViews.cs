using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Output;

/// <summary>Nodes, cells and the fleet for people.</summary>
internal static class FleetViews
{
    public static void Fleet(Screen screen, FleetResponse fleet)
    {
        var away = (fleet.NodesLost, fleet.NodesDraining) is (0, 0)
            ? ""
            : $" ({Show.Number(fleet.NodesLost)} lost, {Show.Number(fleet.NodesDraining)} draining)";
        screen.Facts(
        [
            ("time", Show.Time(fleet.At)),
            ("fleet", $"{Wording.Count(fleet.Devices, "device")} on {Wording.Count(fleet.Nodes, "node")}{away} "
                + $"in {Wording.Count(fleet.Cells, "cell")}"),
            ("in use", Show.Percent(fleet.Utilisation)),
            ("waiting", $"{Show.Number(fleet.Pending.Training)} training, "
                + $"{Show.Number(fleet.Pending.Inference)} inference, {Show.Number(fleet.Pending.Batch)} batch"),
            ("jobs", $"{Show.Number(fleet.RunningJobs)} running, {Show.Number(fleet.Jobs.Completed)} completed, "
                + $"{Show.Number(fleet.Jobs.Failed)} failed, {Show.Number(fleet.Jobs.Preempted)} preempted"),
            ("services", fleet.Inference.Services == 0 ? null : $"{Show.Number(fleet.Inference.Services)}; "
                + $"{Show.Percent(fleet.Inference.DemandServed)} of the requests served so far"),
            ("goodput", Goodput(fleet.Goodput)),
            ("generations", fleet.Generations.Count == 0 ? null
                : string.Join(", ", fleet.Generations.Select(g => $"{g.Key}: {g.Value} completed"))),
        ]);
        screen.Heading("Tiers");
        screen.Table(["tier", .. UseHeads], fleet.Tiers.Select(t => Row(t.Tier, t)));
        screen.Heading("Models");
        screen.Table(["model", .. UseHeads], fleet.Models.Select(m => Row($"{m.Model} ({m.Tier})", m)));
    }

    /// <summary>Which part of the device-hours of training and batch was of use; null: none were allocated.</summary>
    public static string? Goodput(GoodputResponse? goodput)
    {
        if (goodput is null or { Training: null, Batch: null }) return null;
        var shares = new List<string>();
        if (goodput.Training is { } training)
            shares.Add($"{Show.Percent(training)} of {Show.Number(goodput.AllocatedTraining)} h of training");
        if (goodput.Batch is { } batch)
            shares.Add($"{Show.Percent(batch)} of {Show.Number(goodput.AllocatedBatch)} h of batch");
        var lost = goodput.LostByCause.Where(l => l.Value > 0)
            .Select(l => $"{Show.Number(l.Value)} {l.Key}").ToList();
        return string.Join(", ", shares) + (lost.Count == 0 ? "; none lost"
            : $"; lost {Show.Number(goodput.Lost)} h: {string.Join(", ", lost)}");
    }

    public static void Cells(Screen screen, CellListResponse list) => screen.Table(
        ["cell", ">epoch", ">round", ">nodes", ">lost", ">draining", ">devices", ">free", ">in use", ">waiting",
            ">running", ">completed", ">preempted"],
        list.Cells.Select(c => (IReadOnlyList<object?>)
        [
            c.Cell, Show.Number(c.Epoch), Show.Number(c.Round), Show.Number(c.Nodes), Show.Number(c.NodesLost),
            Show.Number(c.NodesDraining),
            Show.Number(c.Devices), Show.Number(c.Free), Show.Percent(c.Utilisation),
            Show.Number((long)c.Pending.Training + c.Pending.Inference + c.Pending.Batch), Show.Number(c.RunningJobs),
            Show.Number(c.Jobs.Completed), Show.Number(c.Jobs.Preempted),
        ]));

    public static void Nodes(Screen screen, NodeListResponse list)
    {
        screen.Table(
            ["id", "cell", "model", "tier", "state", ">devices", ">free", ">cpu free", ">memory free", "reason"],
            list.Nodes.Select(n => (IReadOnlyList<object?>)
            [
                n.Id, n.Cell, n.Model, n.Tier, Shade.State(n.State), n.Devices, Free(n),
                Show.Number(n.CpuFree), Show.Memory(n.MemoryFree), n.Reason,
            ]));
        JobViews.Pages(screen, list.Nodes.Count, list.Total, "nodes", list.Next);
    }

    public static void Node(Screen screen, NodeResponse node)
    {
        screen.Facts(
        [
            ("id", node.Id),
            ("state", Shade.State(node.State)),
            ("reason", node.Reason),
            ("cell", node.Cell),
            ("host", node.Host),
            ("model", $"{node.Model} ({node.Tier})"),
            ("devices", $"{Free(node)} of {node.Devices} free"),
            ("cpu", $"{Show.Number(node.CpuFree)} of {Show.Number(node.Cpu)} cores free"),
            ("memory", $"{Show.Memory(node.MemoryFree)} of {Show.Memory(node.Memory)} free"),
            ("labels", Show.Labels(node.Labels)),
        ]);
        if (node.Allocations is { Count: > 0 } allocations) JobViews.Allocations(screen, allocations, withJob: true);
    }

    private static readonly string[] UseHeads =
        [">nodes", ">devices", ">training", ">inference", ">batch", ">guests", ">free", ">away", ">in use"];

    private static IReadOnlyList<object?> Row(string name, UseResponse use) =>
    [
        name, Show.Number(use.Nodes), Show.Number(use.Devices), Show.Number(use.Training), Show.Number(use.Inference),
        Show.Number(use.Batch), Show.Number(use.Guest), Show.Number(use.Free), Show.Number(use.Unavailable),
        Show.Percent(use.Utilisation),
    ];

    private static string Free(NodeResponse node) =>
        Show.Number(node.FreeMilli.Count == 0 ? node.FreeDevices : node.FreeMilli.Sum() / 1000d);
}
