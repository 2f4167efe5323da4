using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Traces;
using Stockpile.Lab.Saturation;
using Stockpile.Lab.Sharding;

namespace Stockpile.Lab.Tests;

/// <summary>A fleet that is dealt to cells, with the router in front.</summary>
public sealed class ShardingTests
{
    private static readonly IReadOnlyList<NodeSpec> Nodes =
        [.. Enumerable.Range(0, 40).Select(i => Node($"n{i:00}", i % 4 == 0 ? "T4" : "G2", i % 4 == 0 ? 2 : 8))];

    private static readonly IReadOnlyList<JobSpec> Pods =
        [.. Enumerable.Range(0, 200).Select(i => new JobSpec
        {
            Name = $"pod-{i:000}", Kind = JobKind.Batch, Tasks = 1, Duration = TimeSpan.FromHours(1),
            Models = i % 9 == 0 ? ["T4"] : [], CpuMilli = 2_000 + i % 7 * 1_500,
            Devices = i % 3 == 0 ? 0 : i % 20 == 1 ? 8 : 1, ShareMilli = i % 3 == 0 ? 100 + i % 8 * 100 : 0,
        })];

    [Fact]
    public void Every_cell_is_a_likeness_of_the_fleet()
    {
        var cells = Deal.Nodes(Nodes, 5);
        Assert.All(cells, cell => Assert.Equal((8, 2), (cell.Count, cell.Count(n => n.Model == "T4"))));
        Assert.Equal(Nodes.Select(n => n.Id).Order(), cells.SelectMany(c => c).Select(n => n.Id).Order());
    }

    [Fact]
    public void Racks_stay_together()
    {
        var nodes = Enumerable.Range(0, 24).Select(i => Node($"n{i:00}", "G2", 8) with
        {
            Labels = new Dictionary<string, string> { ["rack"] = $"r{i / 4}" },
        }).ToList();
        var cells = Deal.Racks(nodes, 4);
        Assert.Equal([4, 4, 8, 8], cells.Select(c => c.Count).Order());
        Assert.Equal(6, cells.Sum(c => c.Select(n => n.Labels["rack"]).Distinct().Count()));
    }

    [Fact]
    public void One_cell_has_no_router_and_the_numbers_that_it_always_had()
    {
        var plain = new SaturationOptions("stockpile", 1.3, 0.05);
        var one = SaturationRun.Of(Nodes, Pods, plain with { Cells = 1, StatusEvery = 10 }, 42);
        Assert.Equal(SaturationRun.Of(Nodes, Pods, plain, 42).Curve, one.Curve);
        Assert.Equal(0, one.Transfers);
    }

    [Fact]
    public void Cells_place_all_that_fits_and_give_the_same_again()
    {
        foreach (var every in new[] { 0, 20 })
        {
            var options = new SaturationOptions("stockpile", 1.3, 0.05) { Cells = 5, StatusEvery = every };
            var run = SaturationRun.Of(Nodes, Pods, options, 42);
            Assert.True(run.AllocatedPercent > 90, $"{run.AllocatedPercent:F2} %");
            Assert.Equal(run.Curve, SaturationRun.Of(Nodes, Pods, options, 42).Curve);
        }
    }

    /// <summary>Points below one cell that so many cells may be.</summary>
    [Theory]
    [InlineData("default", 4, 0.3)]
    [InlineData("default", 16, 1.0)]
    [InlineData("default", 64, 3.0)]
    [InlineData("gpuspec33", 4, 0.3)]
    [InlineData("gpuspec33", 16, 1.0)]
    [InlineData("gpuspec33", 64, 3.0)]
    public void Many_cells_allocate_nearly_as_much_as_one(string trace, int cells, double below)
    {
        var folder = Openb();
        var nodes = OpenbTrace.ReadNodes(Path.Combine(folder, "openb_node_list_gpu_node.csv"), cells: 1).Nodes;
        var pods = OpenbTrace.ReadJobs(Path.Combine(folder, $"openb_pod_list_{trace}.csv")).Select(p => p.Spec);
        var plain = new SaturationOptions("stockpile", 1.3, 0.05);
        var reports = SaturationReport.Run(
            nodes, [.. pods], [plain, plain with { Cells = cells }], [42, 43, 44], Environment.ProcessorCount, null,
            TestContext.Current.CancellationToken);
        foreach (var arrived in new[] { 100, 130 })
        {
            var (one, many) = (reports[0].Mean.Curve[arrived], reports[1].Mean.Curve[arrived]);
            Assert.True(many >= one - below, $"{one:F2} in one cell and {many:F2} in {cells}, at {arrived} %");
        }
    }

    [Fact]
    public void A_burst_from_one_router_finds_all_the_room_on_old_statuses()
    {
        var burst = BurstRun.Of(Nodes, Pods, new BurstOptions(5, 100, Routers: 1, FilledPercent: 40, Alike: true), 1);
        Assert.Equal((100, 0, 0), (burst.Placed, burst.InVain, burst.NoRoom));
        Assert.Equal(100, burst.ByCell.Sum());
        Assert.True(burst.CellsUsed > 2, string.Join(' ', burst.ByCell));
    }

    [Fact]
    public void Routers_that_do_not_know_of_each_other_lose_only_what_another_cell_takes()
    {
        var burst = BurstRun.Of(Nodes, Pods, new BurstOptions(5, 150, Routers: 3, FilledPercent: 40, Alike: true), 1);
        Assert.True(burst.InVain > 0);
        Assert.Equal((150, 0), (burst.Placed + burst.InVain, burst.NoRoom));
    }

    private static readonly Catalog Catalog = new(
        ["top", "low"],
        [
            new Accelerator("A", "top", 1_024, 200, 200, 100, 100, "made up for a test", Assumed: true),
            new Accelerator("B", "low", 1_024, 100, 100, 100, 100, "made up for a test", Assumed: true),
        ]);

    private static readonly Policy Policy = new(
        "test", new KindPolicy(["top", "low"], []), new KindPolicy(["low"], []), new KindPolicy(["low"], []));

    [Fact]
    public void A_job_that_waits_goes_where_it_could_start()
    {
        // Two cells with a node of A each; long gangs on both, and a short one that ends first in one of them.
        var nodes = new[] { Node("n0", "A", 8), Node("n1", "A", 8) };
        ScheduledJob[] jobs = [Gang(0, 8, 80), Gang(0, 8, 8), Gang(1, 8, 8), Gang(1, 8, 8)];
        var run = ShardedRun.Of(Catalog, Policy, nodes, jobs, Options(2), TestContext.Current.CancellationToken);
        Assert.Equal((4, 4), (run.Jobs, run.Completed));
        Assert.True(run.WaitingMoved > 0);
        Assert.InRange(run.TrainingWaiting.MaxSeconds, 0, 3 * 3_600);
        var still = ShardedRun.Of(Catalog, Policy, nodes, jobs, Options(2) with { Transfers = false },
            TestContext.Current.CancellationToken);
        Assert.Equal(0, still.WaitingMoved);
        Assert.True(still.TrainingWaiting.MaxSeconds > 5 * 3_600, $"{still.TrainingWaiting.MaxSeconds} s");
    }

    [Fact]
    public void A_running_gang_moves_up_to_another_cell()
    {
        // Each cell has an A, and the first a B, where the third gang begins; the A of the second is free first.
        var nodes = new[] { Node("a0", "A", 8), Node("a1", "A", 8), Node("b0", "B", 8) };
        ScheduledJob[] jobs = [Gang(0, 8, 80), Gang(0, 8, 8), Gang(1, 8, 80)];
        var run = ShardedRun.Of(Catalog, Policy, nodes, jobs, Options(2), TestContext.Current.CancellationToken);
        Assert.Equal((3, 1), (run.Completed, run.RunningMoved));
        Assert.True(run.BestTierPercent > 80, $"{run.BestTierPercent:F1} % of the best tier");
    }

    [Fact]
    public void A_gang_that_no_cell_could_hold_is_cut()
    {
        var nodes = Enumerable.Range(0, 4).Select(i => Node($"n{i}", "A", 8)).ToList();
        var run = ShardedRun.Of(
            Catalog, Policy, nodes, [Gang(0, 32, 32)], Options(4), TestContext.Current.CancellationToken);
        Assert.Equal((1, 1, 4, 4), (run.LeftOut, run.Cut, run.Jobs, run.Completed));
        var odd = ShardedRun.Of(
            Catalog, Policy, nodes, [Gang(0, 27, 32), Gang(0, 8, 8)], Options(4),
            TestContext.Current.CancellationToken);
        Assert.Equal((1, 0, 1, 1), (odd.LeftOut, odd.Cut, odd.Jobs, odd.Completed));
    }

    private static ShardedOptions Options(int cells) => new(cells, TimeSpan.FromSeconds(10));

    /// <param name="work">Device-hours on the reference device, which is as fast as A.</param>
    private static ScheduledJob Gang(int minute, int devices, double work) => new(
        TimeSpan.FromMinutes(minute),
        new JobSpec
        {
            Name = "gang", Kind = JobKind.Training, Devices = devices, WorkHours = work,
            Checkpoint = TimeSpan.FromMinutes(10),
        });

    private static NodeSpec Node(string id, string model, int devices) =>
        new(id, "lab", model, devices, 96_000, 393_216, JobSpec.NoLabels);

    private static string Openb()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var folder = Path.Combine(at.FullName, "shared", "data", "openb");
            if (Directory.Exists(folder)) return folder;
        }

        Assert.Skip("the openb trace is not at shared/data/openb above the repository");
        return "";
    }
}
