using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Routing;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Routing;

/// <summary>Which of two cells is better for a job, reason by reason.</summary>
public sealed class CellRankTests
{
    private static readonly Catalog Catalog = new(
        ["top", "middle", "low"],
        [Model("T1", "top", 300), Model("T2", "top", 200), Model("M", "middle", 100), Model("L", "low", 50)]);

    private static readonly Policy Policy = new(
        "test", new KindPolicy(["top", "middle"], []), new KindPolicy(["low"], ["middle", "top"]),
        new KindPolicy(["low"], ["middle", "top"]));

    [Fact]
    public void Home_comes_before_a_guests_place() =>
        Better(Task(), Cell("b", ("L", 8, 1)), Cell("a", ("M", 8, 8)));

    [Fact]
    public void A_batch_task_that_would_wait_at_home_is_a_guest_elsewhere() =>
        Better(Task(), Cell("b", ("M", 8, 8)), Cell("a", ("L", 8, 0)));

    [Fact]
    public void A_service_waits_at_home_instead() =>
        Better(Service(), Cell("b", ("L", 8, 0)), Cell("a", ("M", 8, 8)));

    [Fact]
    public void Tiers_and_models_come_in_their_order()
    {
        Better(Gang(8), Cell("b", ("T1", 8, 8)), Cell("a", ("M", 8, 8)));
        Better(Gang(8), Cell("b", ("T1", 8, 8)), Cell("a", ("T2", 8, 8)));
        // Room on a lesser tier is better than none on the best.
        Better(Gang(8), Cell("b", ("M", 8, 8)), Cell("a", ("T1", 8, 0)));
    }

    [Fact]
    public void A_gang_goes_where_nobody_has_to_leave_for_it()
    {
        Better(Gang(8), Cell("b", ("T1", 8, 8)), Cell("a", Group("T1", free: 0, reclaimable: 8)));
        // Guests on the best model leave before the next model is taken.
        Better(Gang(8), Cell("b", Group("T1", free: 0, reclaimable: 8)), Cell("a", ("T2", 8, 8)));
    }

    [Fact]
    public void A_gang_that_may_be_smaller_goes_where_it_is_larger() =>
        Better(Gang(8) with { MinDevices = 4 }, Cell("b", ("T1", 8, 8)), Cell("a", ("T1", 8, 4)));

    [Fact]
    public void A_gang_leaves_as_little_as_it_can_of_a_node() =>
        Better(Gang(4), Cell("b", ("T1", 8, 4)), Cell("a", ("T1", 8, 8)));

    [Fact]
    public void Services_go_to_the_emptier_cell_and_batch_tasks_to_the_fuller_one()
    {
        var full = Cell("full", ("L", 8, 1), ("L", 8, 1));
        var empty = Cell("empty", ("L", 8, 1), ("L", 8, 8));
        Better(Service(), empty, full);
        Better(Task(), full, empty);
    }

    [Fact]
    public void What_has_to_wait_goes_where_least_waits()
    {
        var load = new ModelLoad { WaitingMilli = 20_000 };
        var busy = Cell("a", ("L", 8, 0)) with { Models = new Dictionary<string, ModelLoad> { ["L"] = load } };
        var table = Table(busy, Cell("b", ("L", 8, 0)));
        Assert.Equal("b", table.Choose(Routed(Task()), _ => true));
        Assert.False(table.Find("b")!.Rank(Routed(Task())).Fits);
    }

    [Fact]
    public void A_cell_that_could_never_run_it_is_not_chosen()
    {
        var table = Table(Cell("a", ("L", 8, 8)));
        Assert.Null(table.Choose(Routed(Gang(8)), _ => true));
        Assert.Null(table.Choose(Routed(Task() with { Devices = 9 }), _ => true));
        Assert.Empty(table.Order(Routed(Gang(8)), _ => true));
    }

    [Fact]
    public void The_order_begins_with_the_choice()
    {
        var table = Table(
            Cell("a", ("M", 8, 8)), Cell("b", ("L", 8, 4)), Cell("c", ("L", 8, 1)), Cell("d", ("T1", 8, 8)));
        foreach (var spec in new[] { Task(), Service(), Gang(8) })
        {
            var job = Routed(spec);
            Assert.Equal(table.Choose(job, _ => true), table.Order(job, _ => true)[0].Cell);
        }

        Assert.Equal(["c", "b", "a", "d"], table.Order(Routed(Task()), _ => true).Select(c => c.Cell));
    }

    private static void Better(JobSpec spec, CellStatus better, CellStatus worse) =>
        Assert.Equal(better.Cell, Table(better, worse).Choose(Routed(spec), _ => true));

    internal static RoutingTable Table(params CellStatus[] statuses)
    {
        var table = new RoutingTable();
        foreach (var status in statuses) table.Update(status);
        return table;
    }

    internal static RoutedJob Routed(JobSpec spec) => RoutedJob.Of(spec, Catalog, Policy);

    /// <summary>A cell with one node for each entry: its model, its devices, and how many of them are free.</summary>
    internal static CellStatus Cell(string name, params (string Model, int Devices, int Free)[] nodes) =>
        CellStatus.Of(name, round: 1, [.. nodes.Select(n => (Shape(n.Model, n.Devices), Node(n)))]);

    private static CellStatus Cell(string name, NodeGroup group) =>
        Cell(name) with { Groups = [group] };

    private static NodeGroup Group(string model, int free, int reclaimable)
    {
        var group = new NodeGroup(Shape(model, 8), 0);
        group.Add(Node((model, 8, free)), reclaimable);
        return group;
    }

    private static NodeShape Shape(string model, int devices) =>
        new(model, "", devices, 64_000, 65_536, JobSpec.NoLabels);

    private static NodeRoom Node((string Model, int Devices, int Free) node)
    {
        var room = new NodeRoom(0, node.Model, node.Devices, 64_000, 65_536);
        var used = node.Devices - node.Free;
        if (used > 0) room.Change(new TaskShape(0, 0, used, 0), room.FirstFree(used), +1);
        return room;
    }

    internal static JobSpec Task() => new()
    {
        Name = "task", Kind = JobKind.Batch, Tasks = 1, Devices = 1, Duration = TimeSpan.FromHours(1),
    };

    private static JobSpec Service() => new()
    {
        Name = "service", Kind = JobKind.Inference, Devices = 1, MinReplicas = 1, MaxReplicas = 1,
    };

    private static JobSpec Gang(int devices) => new()
    {
        Name = "gang", Kind = JobKind.Training, Devices = devices, WorkHours = 100,
    };

    private static Accelerator Model(string name, string tier, double tflops) =>
        new(name, tier, 65_536, tflops, tflops, 1_000, 100, "made up for a test", Assumed: true);
}
