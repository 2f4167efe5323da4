using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Traces;
using Stockpile.Lab.Saturation;

namespace Stockpile.Lab.Tests;

public sealed class SaturationTests
{
    private static readonly IReadOnlyList<NodeSpec> Nodes =
        [.. Enumerable.Range(0, 20).Select(i => new NodeSpec(
            $"n{i:00}", "lab", i % 4 == 0 ? "T4" : "G2", i % 4 == 0 ? 2 : 8, 96_000, 393_216, JobSpec.NoLabels))];

    private static readonly IReadOnlyList<JobSpec> Pods =
        [.. Enumerable.Range(0, 200).Select(i => new JobSpec
        {
            Name = $"pod-{i:000}", Kind = JobKind.Batch, Tasks = 1, Duration = TimeSpan.FromHours(1),
            Models = i % 9 == 0 ? ["T4"] : [], CpuMilli = 2_000 + i % 7 * 1_500,
            Devices = i % 3 == 0 ? 0 : i % 20 == 1 ? 8 : 1, ShareMilli = i % 3 == 0 ? 100 + i % 8 * 100 : 0,
        })];

    [Fact]
    public void The_same_seed_gives_the_same_run_and_another_one_does_not()
    {
        var options = new SaturationOptions("stockpile", 1.3, 0.05);
        var first = SaturationRun.Of(Nodes, Pods, options, 42);
        var again = SaturationRun.Of(Nodes, Pods, options, 42);
        var other = SaturationRun.Of(Nodes, Pods, options, 43);
        Assert.Equal(first.Curve, again.Curve);
        Assert.Equal(first.Migrations, again.Migrations);
        Assert.NotEqual(first.Curve, other.Curve);
    }

    [Fact]
    public void Demand_is_brought_to_the_tune_from_below_and_from_above()
    {
        foreach (var tune in new[] { 0.5, 1.3, 2 })
        {
            var run = SaturationRun.Of(Nodes, Pods, new SaturationOptions("bestfit", tune, 0), 1);
            // The last pod may be one of eight devices, of which only one was counted.
            Assert.InRange(run.ArrivedPercent, 100 * tune - 8, 100 * tune + 8);
        }

        var asIs = SaturationRun.Of(Nodes, Pods, new SaturationOptions("bestfit", 0, 0), 1);
        Assert.Equal(Pods.Count, asIs.Placed + asIs.Dropped);
    }

    [Fact]
    public void All_runs_of_all_policies_come_back_with_their_means()
    {
        var done = 0;
        var reports = SaturationReport.Run(
            Nodes, Pods, [new("fgd", 1.3, 0), new("random", 1.3, 0)], [1, 2, 3], 2,
            _ => Interlocked.Increment(ref done), TestContext.Current.CancellationToken);
        Assert.Equal(6, done);
        Assert.Equal(["fgd", "random"], reports.Select(r => r.Policy));
        foreach (var report in reports)
        {
            Assert.Equal([1, 2, 3], report.Seeds.Select(s => s.Seed));
            Assert.Equal(report.Seeds.Average(s => s.AllocatedPercent), report.Mean.AllocatedPercent, tolerance: 1e-9);
            Assert.Equal(report.Seeds.Average(s => s.Curve[90]), report.Mean.Curve[90], tolerance: 1e-9);
        }
    }

    /// <summary>Means over seeds 42..51 as published, allocated % at 100 and 130 % arrived.</summary>
    [Theory]
    [InlineData("default", "random", 86.30, 87.47)]
    [InlineData("default", "dotprod", 90.62, 90.85)]
    [InlineData("default", "clustering", 91.65, 91.88)]
    [InlineData("default", "packing", 91.78, 92.00)]
    [InlineData("default", "bestfit", 92.86, 93.08)]
    [InlineData("default", "fgd", 95.23, 95.39)]
    [InlineData("gpuspec33", "random", 83.87, 86.46)]
    [InlineData("gpuspec33", "dotprod", 79.82, 89.14)]
    [InlineData("gpuspec33", "clustering", 81.09, 92.12)]
    [InlineData("gpuspec33", "packing", 82.22, 93.22)]
    [InlineData("gpuspec33", "bestfit", 80.39, 93.09)]
    [InlineData("gpuspec33", "fgd", 87.84, 94.55)]
    [InlineData("multigpu20", "random", 86.92, 88.69)]
    [InlineData("multigpu20", "dotprod", 91.85, 92.06)]
    [InlineData("multigpu20", "clustering", 93.34, 93.56)]
    [InlineData("multigpu20", "packing", 93.50, 93.71)]
    [InlineData("multigpu20", "bestfit", 93.73, 93.93)]
    [InlineData("multigpu20", "fgd", 95.53, 95.65)]
    public void The_published_policies_come_out_as_published(string trace, string policy, double at100, double at130)
    {
        var mean = Openb(trace, new SaturationOptions(policy, 1.3, 0));
        Assert.Equal(at100, mean.Curve[100], tolerance: 0.6);
        Assert.Equal(at130, mean.Curve[130], tolerance: 0.6);
    }

    /// <summary>At least this much: above fgd as published by more than seeds differ (0.15 points at most).</summary>
    [Theory]
    [InlineData("default", 0, 95.5, 95.6)]
    [InlineData("default", 0.05, 95.5, 95.6)]
    [InlineData("gpuspec33", 0, 92.0, 95.4)]
    [InlineData("gpuspec33", 0.05, 93.0, 95.5)]
    [InlineData("multigpu20", 0, 96.0, 96.1)]
    [InlineData("multigpu20", 0.05, 96.0, 96.1)]
    public void Our_policy_allocates_more_with_and_without_moves(
        string trace, double moves, double at100, double at130)
    {
        var mean = Openb(trace, new SaturationOptions("stockpile", 1.3, moves));
        Assert.True(mean.Curve[100] >= at100, $"{mean.Curve[100]:F2} at 100 %");
        Assert.True(mean.Curve[130] >= at130, $"{mean.Curve[130]:F2} at 130 %");
        Assert.True(mean.Migrations <= moves * mean.Placed, $"{mean.Migrations} of {mean.Placed} moved");
    }

    private static SaturationResult Openb(string trace, SaturationOptions options)
    {
        var folder = OpenbFolder();
        Assert.SkipWhen(folder is null, "the openb trace is not at shared/data/openb above the repository");
        var nodes = OpenbTrace.ReadNodes(Path.Combine(folder!, "openb_node_list_gpu_node.csv"), cells: 1).Nodes;
        var pods = OpenbTrace.ReadJobs(Path.Combine(folder!, $"openb_pod_list_{trace}.csv"));
        return SaturationReport.Run(
            nodes, [.. pods.Select(p => p.Spec)], [options], [.. Enumerable.Range(42, 10)],
            Environment.ProcessorCount, null, TestContext.Current.CancellationToken)[0].Mean;
    }

    private static string? OpenbFolder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var folder = Path.Combine(at.FullName, "shared", "data", "openb");
            if (Directory.Exists(folder)) return folder;
        }

        return null;
    }
}
