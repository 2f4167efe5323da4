namespace Stockpile.Hosting.Data;

/// <summary>
/// Simulated time: it starts at <paramref name="simulatedStart"/> when the real clock stands at
/// <paramref name="realStart"/> and runs <paramref name="speed"/> times as fast. Timers are due in simulated time.
/// Processes that are given the same three values agree on the time as far as their wall clocks agree when they start.
/// The wall clock is read once: from then on time goes by the monotonic clock, so a wall clock that is corrected
/// meanwhile neither stops the time nor makes it jump.
/// </summary>
public sealed class ScaledTimeProvider(
    DateTimeOffset realStart,
    DateTimeOffset simulatedStart,
    double speed,
    TimeProvider? real = null) : TimeProvider
{
    private readonly TimeProvider _real = real ?? System;
    private readonly DateTimeOffset _wallAtStart = (real ?? System).GetUtcNow();
    private readonly long _startedAt = (real ?? System).GetTimestamp();

    /// <summary>Less may be the clock service at its work.</summary>
    public static readonly TimeSpan CorrectionThatMatters = TimeSpan.FromSeconds(2);

    /// <summary>The real time of the anchor.</summary>
    public DateTimeOffset RealStart { get; } = realStart;

    /// <summary>The simulated time of the anchor.</summary>
    public DateTimeOffset SimulatedStart { get; } = simulatedStart;

    /// <summary>Simulated seconds per real second, above 0.</summary>
    public double Speed { get; } = speed > 0
        ? speed
        : throw new ArgumentOutOfRangeException(nameof(speed), speed, "the speed must be above 0");

    /// <summary>A wall clock that stood before the anchor was put back since: time goes on from there.</summary>
    public override DateTimeOffset GetUtcNow() => SimulatedStart
        + ((_wallAtStart > RealStart ? _wallAtStart - RealStart : TimeSpan.Zero)
            + _real.GetElapsedTime(_startedAt)) * Speed;

    /// <summary>By how much the wall clock was put forward since the process started, or back where it is less than
    /// zero.</summary>
    public TimeSpan Correction => _real.GetUtcNow() - _wallAtStart - _real.GetElapsedTime(_startedAt);

    /// <summary>What users should know of the wall clock; null: nothing.</summary>
    public string? Note()
    {
        var by = Correction;
        return by.Duration() < CorrectionThatMatters ? null
            : $"the clock of this machine was put {(by > TimeSpan.Zero ? "forward" : "back")} by "
            + $"{by.Duration().TotalSeconds:0} s since the process started; simulated time goes on as if it was not";
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new ScaledTimer(this, _real.CreateTimer(callback, state, ToReal(dueTime), ToReal(period)));

    /// <summary>The real time that a simulated time takes, at least a millisecond unless it is zero.</summary>
    public TimeSpan ToReal(TimeSpan simulated)
    {
        if (simulated <= TimeSpan.Zero) return simulated;
        var real = simulated.TotalMilliseconds / Speed;
        // A timer's longest due time is 2^32-2 ms; whoever waits longer is woken early and must look at the clock.
        return TimeSpan.FromMilliseconds(Math.Clamp(real, 1, uint.MaxValue - 2d));
    }

    private sealed class ScaledTimer(ScaledTimeProvider clock, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) =>
            inner.Change(clock.ToReal(dueTime), clock.ToReal(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
