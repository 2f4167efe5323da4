using Akka.Actor;
using Stockpile.Simulation.Tests.Invariants;

namespace Stockpile.Simulation.Tests.World;

/// <summary>
/// Virtual time and one queue of steps, all from one seed: no thread, no timer and no clock of the machine has a part
/// in it. A step is a message that arrives, a timer, a write of the journal, something a client does, or a fault.
/// </summary>
public sealed class SimWorld
{
    /// <summary>Simulated seconds in a real one.</summary>
    public const double Speed = 60;

    /// <summary>A run has some tens of thousands; one that has so many goes round in circles.</summary>
    private const long StepsMax = 2_000_000;

    private readonly PriorityQueue<SimEvent, (long At, long Order)> _steps = new();
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private long _order;
    private long _names;

    public SimWorld(int seed)
    {
        Seed = seed;
        Random = new Random(seed);
        Network = new SimNetwork(this);
        Outside = new SimProcess(this, "world", 0);
        Current = Outside;
    }

    public int Seed { get; }
    public Random Random { get; }
    public SimNetwork Network { get; }
    public SimTrace Trace { get; } = new();

    /// <summary>Since the beginning; not zero there, because a zero stands for never.</summary>
    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1);

    public long Steps { get; private set; }

    /// <summary>Takes the steps that belong to nobody: faults, and what the database does.</summary>
    public SimProcess Outside { get; }

    /// <summary>Who takes the step that is being taken.</summary>
    public SimProcess Current { get; private set; }

    /// <summary>The first that was seen; it may be inside a task that would keep it to itself.</summary>
    public ViolationException? Violation { get; private set; }

    /// <summary>How often each thing happened.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counts;

    public bool Calm { get; set; }

    public long NextName() => ++_names;

    public void Count(string what) => _counts[what] = _counts.GetValueOrDefault(what) + 1;

    /// <summary>Draws in any case, so that a rate of zero changes nothing else.</summary>
    public bool Roll(double chance) => Random.NextDouble() < chance;

    public TimeSpan Between(double fromSeconds, double toSeconds) =>
        TimeSpan.FromSeconds(fromSeconds + Random.NextDouble() * (toSeconds - fromSeconds));

    public T Pick<T>(IReadOnlyList<T> of) => of[Random.Next(of.Count)];

    public void Fail(Invariant invariant, string message)
    {
        Violation ??= new ViolationException(invariant, message);
        throw Violation;
    }

    public void Schedule(SimProcess process, TimeSpan after, string what, Action run, object? detail = null) =>
        Enqueue(new SimEvent(process, process.Life, what, run, detail), after);

    public void Again(SimEvent step) => Enqueue(step, TimeSpan.Zero);

    private void Enqueue(SimEvent step, TimeSpan after) =>
        _steps.Enqueue(step, ((Now + (after > TimeSpan.Zero ? after : TimeSpan.Zero)).Ticks, ++_order));

    public void Tell(SimRef to, object message, IActorRef sender)
    {
        if (to.Process == Current)
        {
            // Within a process nothing is lost, and nothing overtakes what was told to the same one before.
            var at = Now + TimeSpan.FromMicroseconds(Random.Next(200));
            if (at < to.LastLocal) at = to.LastLocal;
            to.LastLocal = at;
            Schedule(to.Process, at - Now, "local", () => to.Receive(message, sender), message);
        }
        else
        {
            Network.Transmit(Current, to.Process, "message", message, body => to.Receive(body, sender));
        }
    }

    /// <summary>The next step; false when there is none before an instant.</summary>
    public bool Step(TimeSpan until)
    {
        if (!_steps.TryPeek(out var step, out var due) || due.At > until.Ticks) return false;
        _steps.Dequeue();
        Now = TimeSpan.FromTicks(Math.Max(Now.Ticks, due.At));
        if (step.Life != step.Process.Life) return true;
        if (step.Process.Paused)
        {
            step.Process.Hold(step);
            return true;
        }

        if (++Steps > StepsMax) Fail(Invariant.Converges, $"{StepsMax} steps, and no end");
        Trace.Add(Steps, Now, step);
        Current = step.Process;
        try
        {
            step.Run();
        }
        catch (Exception fault) when (fault is not ViolationException)
        {
            Violation ??= new ViolationException(Invariant.NothingThrows, fault.Message, fault);
        }
        catch (ViolationException)
        {
            // It is kept already.
        }
        finally
        {
            Current = Outside;
        }

        if (Violation is not null) throw Violation;
        return true;
    }
}
