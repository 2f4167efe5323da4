using System.Diagnostics;
using System.Text;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Routing;
using Stockpile.Core.State;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Lab.Virtual;

namespace Stockpile.Bench.Sharding;

/// <param name="Shapes">Groups of nodes that the status tells.</param>
/// <param name="Microseconds">To build it from the cell's state, the median.</param>
/// <param name="Bytes">On the wire, estimated from its counts: see <see cref="StatusBytes"/>.</param>
internal sealed record StatusCost(int Nodes, int Shapes, double Microseconds, int Bytes);

/// <param name="Messages">Per second, all schedulers together.</param>
/// <param name="Bytes">Per second over the network: a scheduler's own cells tell it without.</param>
/// <param name="BuildPercent">Of one core, to build them.</param>
/// <param name="TakePercent">Of one core of each scheduler, to take them in.</param>
/// <param name="ChooseMicroseconds">To choose a cell for one job, the mean.</param>
internal sealed record StatusTraffic(
    int Cells, int NodesPerCell, int Schedulers, double Messages, double Bytes, double BuildPercent,
    double TakePercent, double ChooseMicroseconds);

/// <summary>What it costs that every cell tells every scheduler each second how it is.</summary>
internal sealed record StatusCosts(IReadOnlyList<StatusCost> Status, IReadOnlyList<StatusTraffic> Traffic)
{
    private const int Schedulers = 3;
    private const int Runs = 51;

    public static StatusCosts Measure(string hocon)
    {
        var catalog = CatalogFile.Read(Path.Combine(hocon, "accelerators.conf"));
        var policy = PolicyFile.Read(Path.Combine(hocon, "policy.conf"), catalog);
        var fleet = FleetFile.Read(Path.Combine(hocon, "fleets", "hunyuan.conf"), catalog).Nodes;
        var small = Busy(catalog, policy, fleet, 250);
        var large = Busy(catalog, policy, fleet, Core.Limits.NodesPerCellMax);
        var costs = new[] { Cost(small), Cost(large) };
        return new StatusCosts(
            costs,
            [TrafficOf(4, small, costs[0], catalog, policy), TrafficOf(1_000, small, costs[0], catalog, policy)]);
    }

    /// <summary>A cell of the fleet's nodes, taken in turn and as often as needed, about half of it in use.</summary>
    private static CellState Busy(Catalog catalog, Policy policy, IReadOnlyList<NodeSpec> fleet, int nodes)
    {
        var start = new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);
        var step = nodes < fleet.Count ? fleet.Count / (double)nodes : 1;
        var own = Enumerable.Range(0, nodes).Select(i => fleet[(int)(i * step) % fleet.Count] with { Id = $"n{i}" });
        var cell = new VirtualCell(catalog, policy, [.. own], start);
        var jobs = Enumerable.Range(0, nodes / 10).Select(i => new JobSpec
        {
            Name = "job", Kind = i % 3 == 0 ? JobKind.Training : JobKind.Batch, CpuMilli = 2_000,
            Devices = i % 3 == 0 ? 8 << i % 4 : 1 + i % 4, WorkHours = 100, Tasks = i % 3 == 0 ? 0 : 8,
        });
        cell.Advance(start, [.. jobs]);
        return cell.State;
    }

    private static StatusCost Cost(CellState state)
    {
        var times = new List<double>();
        for (var run = 0; run < Runs; run++)
        {
            var from = Stopwatch.GetTimestamp();
            _ = CellStatus.Of(state);
            times.Add(Stopwatch.GetElapsedTime(from).TotalMicroseconds);
        }

        var status = CellStatus.Of(state);
        return new StatusCost(
            state.Nodes.Count, status.Groups.Count, Math.Round(times.Order().ElementAt(Runs / 2), 1),
            StatusBytes.Of(status));
    }

    private static StatusTraffic TrafficOf(int cells, CellState state, StatusCost cost, Catalog catalog, Policy policy)
    {
        var statuses = Enumerable.Range(0, cells)
            .Select(i => CellStatus.Of(state) with { Cell = $"cell-{i:0000}" }).ToList();
        var table = new RoutingTable();
        foreach (var status in statuses) table.Update(status);
        var from = Stopwatch.GetTimestamp();
        foreach (var status in statuses) table.Update(status);
        var take = Stopwatch.GetElapsedTime(from).TotalSeconds;
        var job = RoutedJob.Of(
            new JobSpec { Name = "job", Kind = JobKind.Batch, Devices = 1, Tasks = 1, CpuMilli = 4_000 },
            catalog, policy);
        var choices = Math.Max(20, 20_000 / cells);
        _ = table.Choose(job, _ => true);
        from = Stopwatch.GetTimestamp();
        for (var i = 0; i < choices; i++) _ = table.Choose(job, _ => true);
        var choose = Stopwatch.GetElapsedTime(from).TotalMicroseconds / choices;
        return new StatusTraffic(
            cells, state.Nodes.Count, Schedulers, cells * (double)Schedulers,
            cells * (double)(Schedulers - 1) * cost.Bytes, Math.Round(cells * cost.Microseconds / 1e4, 3),
            Math.Round(100 * take, 2), Math.Round(choose, 1));
    }
}

/// <summary>
/// The size that a status would have in Protobuf, field by field: the message is not defined yet. A tag of a byte, a
/// length where there is one, packed lists, and numbers in as many bytes as they need.
/// </summary>
internal static class StatusBytes
{
    public static int Of(CellStatus status) =>
        Text(status.Cell) + 1 + Number(status.Epoch) + 1 + Number(status.Round)
        + status.Groups.Sum(g => Message(Group(g)))
        + status.Models.Sum(m => Message(Text(m.Key) + Load(m.Value)))
        + status.Wanted.Sum(Text);

    private static int Group(NodeGroup group) =>
        Text(group.Shape.Model) + Text(group.Shape.Tier) + Field(group.Shape.Devices) + Field(group.Shape.CpuMilli)
        + Field(group.Shape.MemoryMiB) + group.Shape.Labels.Sum(l => Message(Text(l.Key) + Text(l.Value)))
        + Field(group.Nodes) + Packed(group.ByFree) + Packed(group.ByReclaimable) + Packed(group.ByTenth)
        + Packed(group.CpuMilli) + Message(group.MemoryMiB.Sum(Number));

    private static int Load(ModelLoad load) =>
        Field(load.WaitingMilli) + Message(load.GangMilli.Sum(Number)) + Field(load.RackDevices)
        + Field(load.PodDevices) + Field(load.RackReclaimable) + Field(load.PodReclaimable);

    private static int Packed(int[] numbers) => Message(numbers.Sum(n => Number(n)));

    private static int Text(string text) => Message(Encoding.UTF8.GetByteCount(text));

    private static int Message(int bytes) => 1 + Number(bytes) + bytes;

    private static int Field(long number) => number == 0 ? 0 : 1 + Number(number);

    private static int Number(long number)
    {
        var bytes = 1;
        for (; number >= 0x80; number >>= 7) bytes++;
        return bytes;
    }
}
