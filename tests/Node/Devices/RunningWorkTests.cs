using Stockpile.Node.Devices;

namespace Stockpile.Node.Tests.Devices;

public sealed class RunningWorkTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan TenHours = TimeSpan.FromHours(10);

    [Fact]
    public void Progress_grows_in_a_straight_line_to_one()
    {
        var work = RunningWork.Start(Start, TenHours, done: 0);
        Assert.Equal(0, work.DoneAt(Start));
        Assert.Equal(0.25, work.DoneAt(Start.AddHours(2.5)), 12);
        Assert.Equal(1, work.DoneAt(Start.AddHours(10)));
        Assert.Equal(1, work.DoneAt(Start.AddHours(99)));
        Assert.Equal(Start.AddHours(10), work.Due);
    }

    [Fact]
    public void What_an_earlier_allocation_did_is_not_done_again()
    {
        var work = RunningWork.Start(Start, TenHours, done: 0.75);
        Assert.Equal(0.75, work.DoneAt(Start));
        Assert.Equal(Start.AddHours(2.5), work.Due);
        Assert.Equal(TimeSpan.FromHours(0.5), work.LeftAt(Start.AddHours(2)));
    }

    [Fact]
    public void It_is_done_at_its_due_instant_and_not_a_tick_before()
    {
        var work = RunningWork.Start(Start, TenHours, done: 1 / 3d);
        Assert.False(work.IsDone(work.Due!.Value.AddTicks(-1)));
        Assert.True(work.IsDone(work.Due.Value));
        Assert.Equal(1, work.DoneAt(work.Due.Value));
        Assert.Equal(TimeSpan.Zero, work.LeftAt(work.Due.Value));
    }

    [Fact]
    public void Slowness_stretches_only_what_is_left()
    {
        var slow = RunningWork.Start(Start, TenHours, done: 0).Slowed(Start.AddHours(5), 2);
        Assert.Equal(0.5, slow.DoneAt(Start.AddHours(5)), 12);
        Assert.Equal(Start.AddHours(15), slow.Due);
        Assert.Equal(0.75, slow.DoneAt(Start.AddHours(10)), 12);
    }

    [Fact]
    public void A_slow_factor_replaces_the_one_before()
    {
        var work = RunningWork.Start(Start, TenHours, done: 0, slowFactor: 4);
        Assert.Equal(Start.AddHours(40), work.Due);
        var faster = work.Slowed(Start.AddHours(20), 2);
        Assert.Equal(Start.AddHours(30), faster.Due);
        Assert.Equal(Start.AddHours(25), faster.Slowed(Start.AddHours(20), 1).Due);
    }

    [Fact]
    public void A_service_runs_until_stopped()
    {
        var work = RunningWork.Start(Start, TimeSpan.Zero, done: 0);
        Assert.Null(work.Due);
        Assert.Null(work.LeftAt(Start.AddYears(100)));
        Assert.False(work.IsDone(Start.AddYears(100)));
        Assert.Equal(0, work.DoneAt(Start.AddYears(100)));
        Assert.Null(work.Slowed(Start, 3).Due);
    }

    [Fact]
    public void A_clock_that_steps_back_takes_no_progress_away()
    {
        var work = RunningWork.Start(Start, TenHours, done: 0.5);
        Assert.Equal(0.5, work.DoneAt(Start.AddHours(-1)));
        Assert.Equal(work.Due, work.Slowed(Start.AddHours(-1), 1).Due);
    }

    [Fact]
    public void The_longest_run_on_the_slowest_node_stays_within_the_calendar()
    {
        var work = RunningWork.Start(Start, TimeSpan.FromDays(1_000_000), done: 0, RunningWork.SlowFactorMax);
        Assert.Equal(DateTimeOffset.MaxValue, work.Due);
        Assert.InRange(work.DoneAt(Start.AddYears(1)), 0, 0.001);
    }

    [Theory]
    [InlineData(-0.1, 1)]
    [InlineData(1.1, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(0, 0.9)]
    [InlineData(0, double.NaN)]
    [InlineData(0, double.PositiveInfinity)]
    public void Nonsense_is_refused(double done, double factor) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RunningWork.Start(Start, TenHours, done, factor));
}
