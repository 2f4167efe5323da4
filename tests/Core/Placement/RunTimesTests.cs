using Stockpile.Core.Fleets;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class RunTimesTests
{
    [Theory]
    [InlineData("H800", 1, 16.0, 16.0)]
    [InlineData("A800", 1, 16.0, 16.0 * 990 / 312)]
    [InlineData("T4", 1, 1.0, 990.0 / 65)]
    [InlineData("H800", 8, 1e-12, 1 / 3_600_000.0)]
    [InlineData("T4", 1, 1e9, 3_650 * 24.0)]
    public void The_work_of_a_gang_is_in_device_hours_of_the_reference_model(
        string model, int devices, double workHours, double hours)
    {
        var time = RunTimes.Of(
            Gang(devices) with { WorkHours = workHours }, RandomFleet.Catalog, GangPolicy.Default, model, devices);
        Assert.Equal(hours, time.TotalHours, 1e-6);
        Assert.Equal(0, time.Ticks % TimeSpan.TicksPerMillisecond);
    }

    // By hand for 8 devices on one node, links of 100 GB/s both ways: 2 × 2 × 7/8 / 50e9 seconds per parameter against
    // 6 × 32,768 / 990e12 are 0.3525; over two nodes 2 × 2 × (3/4 / 50e9 + 1/2 / 4 / 50e9) give the same, because the
    // network is as fast as the link; over eight nodes every byte crosses it.
    [Theory]
    [InlineData("H800", 1, 1, 1.0)]
    [InlineData("H800", 8, 1, 1 / 1.35247)]
    [InlineData("H800", 8, 2, 1 / 1.35247)]
    [InlineData("T4", 8, 1, 1 / 1.02314)]
    public void A_gang_loses_to_its_links_what_the_ring_costs(string model, int devices, int nodes, double efficiency)
    {
        Assert.Equal(efficiency,
            RunTimes.Efficiency(RandomFleet.Catalog, GangPolicy.Default, model, devices, nodes), 1e-4);
        var time = RunTimes.Of(
            Gang(devices) with { WorkHours = devices }, RandomFleet.Catalog, GangPolicy.Default, "H800", devices,
            nodes);
        var h800 = RunTimes.Efficiency(RandomFleet.Catalog, GangPolicy.Default, "H800", devices, nodes);
        Assert.Equal(1 / h800, time.TotalHours, 1e-4);
    }

    [Fact]
    public void A_gang_of_a_chip_with_slower_links_is_slower_and_a_single_device_is_not()
    {
        var h800 = RandomFleet.Model("H800", "frontier", 1, 989.4) with { LinkGBps = 400 };
        var h100 = h800 with { Model = "H100", LinkGBps = 900 };
        var catalog = new Catalog(["frontier"], [h800, h100]);
        Assert.Equal(Time("H800", 1), Time("H100", 1));
        // 8.8 % against 3.9 % of the computing time go to the links of a node.
        Assert.Equal(1.0881 / 1.0392, Time("H800", 8) / Time("H100", 8), 1e-3);
        Assert.InRange(Time("H800", 1024, nodes: 128) / Time("H100", 1024, nodes: 128), 1.03, 1.06);

        double Time(string model, int devices, int nodes = 1) => RunTimes.Of(
            Gang(devices) with { WorkHours = 1e4 }, catalog, GangPolicy.Default, model, devices, nodes).TotalHours;
    }

    [Fact]
    public void More_devices_never_take_longer_and_more_nodes_are_never_faster()
    {
        foreach (var (tflops, link) in ((double, double)[])[(990, 64), (990, 400), (990, 900), (65, 16), (65, 0)])
        {
            var chip = RandomFleet.Model("H800", "frontier", 1, tflops) with { LinkGBps = link };
            var catalog = new Catalog(["frontier"], [chip]);
            for (var devices = 1; devices < 80; devices++)
            {
                Assert.True(Power(devices + 1, 0) > Power(devices, 0), $"{devices + 1} devices, link {link}");
                for (var nodes = 1; nodes < devices; nodes++)
                    Assert.True(Power(devices, nodes + 1) <= Power(devices, nodes) * (1 + 1e-12), $"{nodes} nodes");
                Assert.InRange(Power(devices, devices) / devices, 0.05, 1);
            }

            double Power(int devices, int nodes) =>
                devices * RunTimes.Efficiency(catalog, GangPolicy.Default, "H800", devices, nodes);
        }
    }

    [Fact]
    public void A_share_counts_as_its_part_of_a_device()
    {
        var spec = Tasks(0) with { ShareMilli = 250, Duration = TimeSpan.Zero, WorkHours = 1 };
        Assert.Equal(TimeSpan.FromHours(4), RunTimes.Of(spec, RandomFleet.Catalog, GangPolicy.Default, "H800", 0));
    }

    [Fact]
    public void A_duration_is_the_same_on_every_model_and_a_service_has_none()
    {
        Assert.Equal(TimeSpan.FromHours(1), RunTimes.Of(Tasks(1), RandomFleet.Catalog, GangPolicy.Default, "T4", 1));
        Assert.Equal(TimeSpan.Zero, RunTimes.Of(Service(500), RandomFleet.Catalog, GangPolicy.Default, "T4", 0));
    }
}
