using Stockpile.Bench.Bounds;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Scoring;
using Stockpile.Lab.Saturation;

namespace Stockpile.Bench.Tests.Bounds;

public sealed class BoundProblemTests
{
    private const int Arrived = 130;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void No_policy_allocates_more_than_the_bound(int seed)
    {
        var (nodes, pods) = Small(seed);
        var problem = Problem(nodes, pods, seed);
        var pool = new ConfigurationPool(pods.Where(p => p.ShareMilli > 0).Select(p => p.ShareMilli));
        var any = problem.BoundPercent(Arrived, forced: false, pool);
        var steady = problem.BoundPercent(Arrived, forced: true, pool);
        Assert.InRange(any, steady - 0.01, 100.2);
        foreach (var policy in ScoringPolicies.Names)
            Assert.InRange(Allocated(nodes, pods, policy, 0, seed), 40, any);
        Assert.InRange(Allocated(nodes, pods, "stockpile", 0.5, seed), 40, steady);
    }

    [Fact]
    public void A_task_is_owed_until_one_of_its_kind_is_dropped()
    {
        var nodes = new[] { Node(0, "A", 1), Node(1, "B", 2) };
        var pods = Enumerable.Range(0, 4).Select(i => Pod(i, 0, 1, 0, i < 2 ? ["A"] : ["B"])).ToList();
        var problem = Problem(nodes, pods, seed: 1, tune: 0);
        var owed = problem.Input.Arrivals.Zip(problem.Owed).ToLookup(p => p.First.Models[0], p => p.Second);
        Assert.Equal([true, false], owed["A"]);
        Assert.Equal([true, true], owed["B"]);
    }

    [Fact]
    public void A_large_task_that_is_dropped_excuses_no_small_one()
    {
        JobSpec[] pods = [Pod(0, 0, 2, 0, []), .. Enumerable.Range(1, 3).Select(i => Pod(i, 0, 0, 300, []))];
        var problem = Problem([Node(0, "A", 1)], pods, seed: 1, tune: 0);
        Assert.Equal([false, true, true, true],
            problem.Input.Arrivals.Zip(problem.Owed).OrderByDescending(p => p.First.Shape.Devices)
                .Select(p => p.Second));
        Assert.Equal(90, problem.OwedPercent(1_000));
    }

    private static BoundProblem Problem(
        IReadOnlyList<NodeSpec> nodes, IReadOnlyList<JobSpec> pods, int seed, double tune = 1.3) =>
        BoundProblem.Of(SaturationInput.Of(nodes, pods, tune, seed), "stockpile", seed);

    private static double Allocated(
        IReadOnlyList<NodeSpec> nodes, IReadOnlyList<JobSpec> pods, string policy, double moves, int seed) =>
        SaturationRun.Of(nodes, pods, new SaturationOptions(policy, 1.3, moves), seed).AllocatedPercent;

    private static (IReadOnlyList<NodeSpec> Nodes, IReadOnlyList<JobSpec> Pods) Small(int seed)
    {
        var random = new Random(seed);
        int[] shares = [810, 470, 300, 200, 50];
        var nodes = Enumerable.Range(0, 20).Select(i => Node(i, i % 3 == 0 ? "A" : "B", 1 << random.Next(4))).ToList();
        var pods = Enumerable.Range(0, 120).Select(i => random.Next(3) == 0
            ? Pod(i, random.Next(8_000), 1 << random.Next(3), 0, [])
            : Pod(i, random.Next(8_000), 0, shares[random.Next(shares.Length)], i % 4 == 0 ? ["A"] : []));
        return (nodes, [.. pods]);
    }

    private static NodeSpec Node(int i, string model, int devices) =>
        new($"node-{i}", "cell", model, devices, devices * 12_000, 65_536, JobSpec.NoLabels);

    private static JobSpec Pod(int i, int cpu, int devices, int share, string[] models) => new()
    {
        Name = $"pod-{i:D4}",
        Kind = JobKind.Batch,
        CpuMilli = cpu,
        Devices = devices,
        ShareMilli = share,
        Models = models,
    };
}
