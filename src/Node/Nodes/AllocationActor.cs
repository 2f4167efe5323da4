using Akka.Actor;
using Stockpile.Node.Devices;

namespace Stockpile.Node.Nodes;

/// <summary>
/// One running allocation: waits for the due instant of its work on the simulated clock and tells its node. A plain
/// untyped actor with at most one timer, because a host may run tens of thousands.
/// </summary>
public sealed class AllocationActor(long sequence, RunningWork work, TimeProvider clock) : UntypedActor
{
    // The longest due time of a .NET timer. Longer work is woken early, looks at the clock and waits again.
    private static readonly TimeSpan TimerMax = TimeSpan.FromMilliseconds(uint.MaxValue - 2d);

    // Timers count whole milliseconds; a shorter wait would fire at once and spin until the instant is there.
    private static readonly TimeSpan TimerMin = TimeSpan.FromMilliseconds(1);

    private RunningWork _work = work;
    private ITimer? _timer;

    protected override void PreStart() => WaitForDue();

    protected override void PostStop() => _timer?.Dispose();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case TimerFired:
                WaitForDue();
                break;
            case RunningWork changed:
                _work = changed;
                WaitForDue();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void WaitForDue()
    {
        if (_work.LeftAt(clock.GetUtcNow()) is not { } left) return;
        if (left > TimeSpan.Zero)
        {
            var wait = left < TimerMin ? TimerMin : left > TimerMax ? TimerMax : left;
            if (_timer is null)
                _timer = clock.CreateTimer(Fire, Self, wait, Timeout.InfiniteTimeSpan);
            else
                _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }

        // The clock may have jumped between the look and the timer, which then counts from the later instant.
        if (_work.IsDone(clock.GetUtcNow())) Context.Parent.Tell(new AllocationDone(sequence));
    }

    private static void Fire(object? self) => ((IActorRef)self!).Tell(TimerFired.Instance, ActorRefs.NoSender);

    private sealed class TimerFired
    {
        public static readonly TimerFired Instance = new();
    }
}
