using Microsoft.Extensions.Time.Testing;

namespace Stockpile.Node.Tests.Nodes;

/// <summary>A clock that can be made to refuse timers, and that counts those nobody has disposed of.</summary>
internal sealed class BreakableClock() : FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
{
    private volatile bool _isBroken;
    private int _liveTimers;

    public bool IsBroken
    {
        get => _isBroken;
        set => _isBroken = value;
    }

    public int LiveTimers => Volatile.Read(ref _liveTimers);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (IsBroken) throw new InvalidOperationException("the clock is broken");
        Interlocked.Increment(ref _liveTimers);
        return new CountedTimer(this, base.CreateTimer(callback, state, dueTime, period));
    }

    private sealed class CountedTimer(BreakableClock clock, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

        public void Dispose()
        {
            Interlocked.Decrement(ref clock._liveTimers);
            inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
