using Stockpile.Hosting.Data;

namespace Stockpile.Hosting.Tests;

/// <summary>Simulated time over a wall clock that is corrected.</summary>
public sealed class ScaledTimeTests
{
    private static readonly DateTimeOffset Anchor = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Simulated = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly CorrectedClock _real = new() { Wall = Anchor };

    [Theory]
    [InlineData(-60)]
    [InlineData(-100_000_000)]
    [InlineData(20 * 60)]
    public void A_wall_clock_that_is_corrected_while_the_process_runs_neither_stops_the_time_nor_makes_it_jump(int by)
    {
        var clock = new ScaledTimeProvider(Anchor, Simulated, 60, _real);
        _real.Pass(TimeSpan.FromMinutes(1));
        _real.Wall += TimeSpan.FromSeconds(by);
        Assert.Equal(Simulated.AddHours(1), clock.GetUtcNow());
        _real.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(Simulated.AddHours(2), clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(by), clock.Correction);
        Assert.Contains($"put {(by < 0 ? "back" : "forward")} by {Math.Abs(by)} s", clock.Note()!,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_wall_clock_before_the_anchor_goes_on_from_the_anchor()
    {
        _real.Wall = Anchor.AddYears(-56);
        var clock = new ScaledTimeProvider(Anchor, Simulated, 2_400, _real);
        Assert.Equal(Simulated, clock.GetUtcNow());
        _real.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(Simulated.AddHours(40), clock.GetUtcNow());
        Assert.Null(clock.Note());
    }

    private sealed class CorrectedClock : TimeProvider
    {
        private long _ticks = 5;

        public DateTimeOffset Wall { get; set; }

        public void Pass(TimeSpan time)
        {
            Wall += time;
            _ticks += time.Ticks;
        }

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;
    }
}
