using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class RunTimesTests
{
    [Theory]
    [InlineData("H800", 8, 16.0, 2.0)]
    [InlineData("H800", 1, 16.0, 16.0)]
    [InlineData("A800", 8, 16.0, 2.0 * 990 / 312)]
    [InlineData("T4", 1, 1.0, 990.0 / 65)]
    [InlineData("H800", 8, 1e-12, 1 / 3_600_000.0)]
    [InlineData("T4", 1, 1e9, 3_650 * 24.0)]
    public void The_work_of_a_gang_is_in_device_hours_of_the_reference_model(
        string model, int devices, double workHours, double hours)
    {
        var time = RunTimes.Of(Gang(devices) with { WorkHours = workHours }, RandomFleet.Catalog, model, devices);
        Assert.Equal(hours, time.TotalHours, 1e-6);
        Assert.Equal(0, time.Ticks % TimeSpan.TicksPerMillisecond);
    }

    [Fact]
    public void A_share_counts_as_its_part_of_a_device()
    {
        var spec = Tasks(0) with { ShareMilli = 250, Duration = TimeSpan.Zero, WorkHours = 1 };
        Assert.Equal(TimeSpan.FromHours(4), RunTimes.Of(spec, RandomFleet.Catalog, "H800", 0));
    }

    [Fact]
    public void A_duration_is_the_same_on_every_model_and_a_service_has_none()
    {
        Assert.Equal(TimeSpan.FromHours(1), RunTimes.Of(Tasks(1), RandomFleet.Catalog, "T4", 1));
        Assert.Equal(TimeSpan.Zero, RunTimes.Of(Service(500), RandomFleet.Catalog, "T4", 0));
    }
}
