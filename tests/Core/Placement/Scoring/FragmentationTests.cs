using CsCheck;
using Stockpile.Core.Scoring;

namespace Stockpile.Core.Tests.Placement.Scoring;

public sealed class FragmentationTests
{
    [Fact]
    public void The_table_gives_what_the_definition_gives()
    {
        var checked_ = 0;
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var world = new RandomBoard(seed, "fgd");
            var fragmentation = new Fragmentation(world.Mix);
            for (var step = 0; step < 60; step++)
            {
                var (shape, models) = world.AnyTask();
                world.Advance(world.Index.Best(shape, models), shape);
                foreach (var node in world.Nodes)
                {
                    Assert.Equal(Definition(node, world.Mix), fragmentation.Of(node), tolerance: 1e-6);
                    checked_++;
                }
            }
        }, iter: 10);
        Assert.True(checked_ > 10_000);
    }

    /// <summary>Task by task, as in the paper.</summary>
    private static double Definition(NodeRoom node, WorkloadMix mix)
    {
        double sum = 0;
        foreach (var entry in mix.Typical)
        {
            var task = entry.Shape;
            var free = node.Free.ToArray();
            var fits = task.DeviceCount > 0 && entry.Allows(node.Model) && node.CpuFreeMilli >= task.CpuMilli
                && free.Count(f => f >= task.MilliEach) >= task.DeviceCount;
            sum += entry.Weight * (fits ? free.Where(f => f < task.MilliEach).Sum() : free.Sum());
        }

        return sum;
    }

    [Fact]
    public void The_typical_tasks_are_the_most_frequent_ones_up_to_95_percent()
    {
        var mix = WorkloadMix.Of(
        [
            (new TaskShape(1_000, 7, 1, 0), [], 90), (new TaskShape(1_000, 9, 1, 0), [], 1),
            (new TaskShape(1_000, 7, 0, 500), ["A"], 5), (new TaskShape(1_000, 7, 8, 0), [], 4),
        ]);
        Assert.Equal([0.91, 0.05, 0.04], mix.All.Select(e => Math.Round(e.Weight, 6)));
        Assert.Equal([91 / 96.0, 5 / 96.0], mix.Typical.Select(e => e.Weight).Select(w => Math.Round(w, 12)),
            (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(1_000 * 100 / (91 + 2.5 + 32), mix.CpuPerDevice, tolerance: 1e-9);
    }

    [Fact]
    public void Pressure_is_highest_where_only_one_model_will_do()
    {
        var pressure = new ModelPressure(WorkloadMix.Of(
        [
            (new TaskShape(0, 0, 1, 0), ["T4"], 30), (new TaskShape(0, 0, 1, 0), [], 50),
            (new TaskShape(0, 0, 1, 0), ["G2", "G3"], 20),
        ]));
        pressure.Level([new("T4", 20_000), new("G2", 70_000), new("G3", 10_000)]);

        // T4: 30 % of the demand on 20 % of the capacity. The rest shares 80 % of the capacity.
        Assert.Equal(1.5, pressure["T4"], tolerance: 1e-6);
        Assert.Equal(0.7 / 0.8, pressure["G2"], tolerance: 1e-6);
        Assert.Equal(0.7 / 0.8, pressure["G3"], tolerance: 1e-6);

        // G3 fills up: it is wanted by nobody who could not take G2, so the level evens out again.
        pressure.Level([new("T4", 20_000), new("G2", 70_000), new("G3", 0)]);
        Assert.True(pressure["T4"] > pressure["G2"]);
        Assert.Equal(0, pressure["H800"]);
    }

    [Fact]
    public void A_task_with_a_choice_leaves_the_model_that_others_need()
    {
        IReadOnlyList<string> any = [];
        var mix = WorkloadMix.Of([(new TaskShape(0, 0, 1, 0), ["T4"], 50), (new TaskShape(0, 0, 1, 0), any, 50)]);
        var index = new ScoreIndex(ScoringPolicies.Create("stockpile", new ScoringContext(mix, 1)));
        index.Add(new NodeRoom(0, "T4", 2, 96_000, 65_536));
        index.Add(new NodeRoom(1, "G2", 8, 96_000, 65_536));
        Assert.Equal("G2", index.Best(new TaskShape(0, 0, 1, 0), any)!.Value.Node.Model);
        var models = index.Models;
        Assert.True(index.Policy.ModelPenalty(new TaskShape(0, 0, 1, 0), "T4", models) > 0);
        Assert.Equal(0, index.Policy.ModelPenalty(new TaskShape(0, 0, 1, 0), "G2", models));
        Assert.Equal(0, index.Policy.ModelPenalty(new TaskShape(0, 0, 1, 0), "T4", ["T4"]));
        Assert.Equal(0, index.Policy.ModelPenalty(new TaskShape(0, 0, 0, 0), "T4", models));
    }

    [Fact]
    public void A_CPU_only_task_leaves_the_CPU_that_free_devices_need()
    {
        IReadOnlyList<string> any = [];
        var mix = WorkloadMix.Of([(new TaskShape(10_000, 0, 1, 0), any, 80), (new TaskShape(4_000, 0, 0, 0), any, 20)]);
        NodeRoom[] nodes = [new(0, "A", 4, 40_000, 65_536), new(1, "A", 4, 96_000, 65_536)];
        Assert.Equal(1, Choose("stockpile"));
        Assert.Equal(0, Choose("fgd"));

        int Choose(string policy)
        {
            var index = new ScoreIndex(ScoringPolicies.Create(policy, new ScoringContext(mix, 1)));
            foreach (var node in nodes) index.Add(node);
            return index.Best(new TaskShape(4_000, 0, 0, 0), any)!.Value.Node.Index;
        }
    }
}
