using CsCheck;
using Stockpile.Core.Jobs;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Jobs;

public sealed class ReplicasTests
{
    [Theory]
    [InlineData(12, 10)]
    [InlineData(9, 9)]
    [InlineData(15, 9)]
    [InlineData(6, 5)]
    [InlineData(18, 5)]
    [InlineData(3, 2)]
    [InlineData(0, 1)]
    public void Replicas_follow_the_demand_over_a_day(int hour, int expected)
    {
        var spec = Service(500) with { MaxReplicas = 10, Demand = new Demand(0, 100, 12) };
        Assert.Equal(expected, spec.ReplicasAt(Midnight.AddHours(hour)));
        Assert.Equal(expected, spec.ReplicasAt(Midnight.AddDays(200).AddHours(hour)));
    }

    [Fact]
    public void Without_a_demand_or_with_none_it_is_the_minimum()
    {
        var spec = Service(500) with { MinReplicas = 3, MaxReplicas = 10 };
        Assert.Equal(3, spec.ReplicasAt(Midnight));
        Assert.Equal(3, (spec with { Demand = new Demand(0, 0, 12) }).ReplicasAt(Midnight));
        Assert.Equal(10, (spec with { Demand = new Demand(50, 50, 12) }).ReplicasAt(Midnight));
    }

    [Fact]
    public void Replicas_stay_within_their_bounds_and_reach_the_most_at_the_peak() =>
        Gen.Select(Gen.Int[0, 50], Gen.Int[1, 50], Gen.Double[0, 1e6], Gen.Double[0, 1e6], Gen.Int[0, 23],
                Gen.Int[0, 24 * 60 * 365])
            .Sample((least, more, low, high, hour, minute) =>
            {
                var demand = new Demand(low, low + high + 1, hour);
                var spec = Service(500) with { MinReplicas = least, MaxReplicas = least + more, Demand = demand };
                Assert.InRange(spec.ReplicasAt(Midnight.AddMinutes(minute)), least, least + more);
                Assert.Equal(least + more, spec.ReplicasAt(Midnight.AddHours(hour)));
            }, seed: "0000000000000", iter: 2_000);

    [Theory]
    [InlineData("", 20, 20)]
    [InlineData("UTC", 20, 20)]
    [InlineData("Asia/Shanghai", 12, 12)]
    [InlineData("Europe/Berlin", 19, 18)]
    [InlineData("America/St_Johns", 23.5, 22.5)]
    public void The_peak_is_at_its_hour_in_its_zone_in_winter_and_in_summer(string zone, double winter, double summer)
    {
        var demand = new Demand(0, 100, 20, Zone: zone);
        Assert.Equal(100, demand.At(new DateTimeOffset(2026, 1, 15, 0, 0, 0, TimeSpan.Zero).AddHours(winter)), 1e-9);
        Assert.Equal(100, demand.At(new DateTimeOffset(2026, 7, 15, 0, 0, 0, TimeSpan.Zero).AddHours(summer)), 1e-9);
    }

    [Fact]
    public void A_cycle_scales_a_service_and_ends_its_superfluous_replicas()
    {
        var cell = new TestCell().Node("a", "T4", 8);
        cell.Now = Midnight.AddHours(12);
        var job = cell.Place(Service(999) with { MinReplicas = 1, MaxReplicas = 4, Demand = new Demand(0, 8, 12) });
        Assert.Equal(4, job.Allocations.Count);

        cell.Now = Midnight.AddHours(24);
        cell.Cycle();
        Assert.Equal([0], job.Allocations.Values.Select(a => a.Placed.Task));
        Assert.False(job.Waits);

        cell.Now = Midnight.AddHours(30);
        cell.Cycle();
        Assert.Equal([0, 1], job.Allocations.Values.Select(a => a.Placed.Task));
    }
}
