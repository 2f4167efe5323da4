using Stockpile.Bench.Bounds;
using Stockpile.Core.Scoring;

namespace Stockpile.Bench.Tests.Bounds;

public sealed class ConfigurationLpTests
{
    private const double Exact = 0.01;

    /// <summary>What is still missing when no more configurations are looked for is added; see MissingMax.</summary>
    private const double Slack = 10.01;

    [Fact]
    public void Tasks_that_all_fit_are_all_allocated() =>
        Assert.InRange(Bound([Node(2)], Share(810, 2), Share(190, 2)), 2000 - Exact, 2000 + Slack);

    [Fact]
    public void Configurations_of_unlike_shares_are_generated() =>
        // Devices that run one size only hold less: 1/2 + 1/3 + 1/5 is more than one device.
        Assert.InRange(Bound([Node(1)], Share(500, 1), Share(300, 1), Share(200, 1)), 1000 - Exact, 1000 + Slack);

    [Fact]
    public void A_device_wastes_what_no_share_fits_in() =>
        Assert.InRange(Bound([Node(3)], Share(810, 9)), 2430 - Exact, 2430 + Slack);

    [Fact]
    public void Large_shares_may_be_refused_for_small_ones() =>
        Assert.InRange(Bound([Node(2)], Share(810, 2), Share(200, 10)), 2000 - Exact, 2000 + Slack);

    [Fact]
    public void Large_shares_that_must_be_placed_spoil_their_devices() =>
        Assert.InRange(Bound([Node(2)], Share(810, 2, forced: 2), Share(200, 10)), 1620 - Exact, 1620 + Slack);

    [Fact]
    public void Devices_without_processors_for_them_stay_idle() =>
        Assert.InRange(Bound([Node(8, cpu: 8_000)], Whole(1, 8, cpu: 2_000)), 4000 - Exact, 4000 + Slack);

    [Fact]
    public void Devices_without_memory_for_them_stay_idle() =>
        Assert.InRange(
            Bound([Node(8, memory: 8_192)], new TaskClass(new TaskShape(0, 2_048, 1, 0), [], 8, 0)),
            4000 - Exact, 4000 + Slack);

    [Fact]
    public void A_task_of_more_devices_than_a_node_has_is_not_placed() =>
        Assert.InRange(Bound([Node(2, nodes: 4)], Whole(4, 1)), -Exact, Slack);

    [Fact]
    public void Tasks_run_on_their_models_only() => Assert.InRange(
        Bound([Node(2), Node(1) with { Model = "B" }], Whole(1, 3) with { Models = ["B"] }),
        1000 - Exact, 1000 + Slack);

    private static double Bound(IReadOnlyList<NodeType> types, params TaskClass[] classes) =>
        new ConfigurationLp(types, classes, Pool(classes)).BoundMilli();

    private static ConfigurationPool Pool(IEnumerable<TaskClass> classes) =>
        new(classes.Select(c => c.Shape.ShareMilli).Where(s => s > 0));

    private static NodeType Node(int devices, int nodes = 1, int cpu = 64_000, long memory = 65_536) =>
        new("A", devices, cpu, memory, nodes);

    private static TaskClass Share(int milli, int arrived, int forced = 0) =>
        new(new TaskShape(0, 0, 0, milli), [], arrived, forced);

    private static TaskClass Whole(int devices, int arrived, int cpu = 0) =>
        new(new TaskShape(cpu, 0, devices, 0), [], arrived, 0);
}
