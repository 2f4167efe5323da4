namespace Stockpile.Simulation.Tests.World;

/// <summary>
/// A clock of one process. Its timestamps only grow; its wall time may be wrong, and jump.
/// </summary>
/// <param name="speed">1: real time. Else: simulated time, which passes so many times as fast.</param>
public sealed class SimClock(SimProcess process, double speed) : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => process.World.Now.Ticks;

    public override DateTimeOffset GetUtcNow() => Start + (process.World.Now + process.ClockError) * speed;

    /// <summary>Real time in which so much of this clock's time passes.</summary>
    public TimeSpan ToReal(TimeSpan own) => own / speed;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(SimClock clock, Action fire) : ITimer
    {
        private int _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan) throw new NotSupportedException("nobody here repeats a timer");
            var version = ++_version;
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            clock.Process.After(clock.ToReal(dueTime), "timer", () =>
            {
                if (version == _version) fire();
            });
            return true;
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private SimProcess Process => process;
}
