namespace Stockpile.Simulation.Tests.World;

/// <summary>
/// Something that runs, crashes, starts again, and may be paused. A step of a process that is paused waits until it
/// goes on; a step of a life that is over is none.
/// </summary>
public class SimProcess
{
    private readonly List<SimEvent> _held = [];

    public SimProcess(SimWorld world, string name, int index)
    {
        World = world;
        Name = name;
        Index = index;
        Real = new SimClock(this, 1);
        Simulated = new SimClock(this, SimWorld.Speed);
    }

    public SimWorld World { get; }
    public string Name { get; }
    public int Index { get; }
    public int Life { get; private set; }
    public bool Up { get; private set; } = true;
    public bool Paused { get; private set; }

    /// <summary>How wrong its wall clock is, in real time.</summary>
    public TimeSpan ClockError { get; set; }

    public SimClock Real { get; }
    public SimClock Simulated { get; }

    /// <summary>Takes a step later, unless the process has ended by then.</summary>
    public void After(TimeSpan after, string what, Action run, object? detail = null) =>
        World.Schedule(this, after, what, run, detail);

    public void Every(TimeSpan interval, string what, Action run, Func<bool> goesOn) => After(interval, what, () =>
    {
        if (!goesOn()) return;
        run();
        Every(interval, what, run, goesOn);
    });

    public void Hold(SimEvent step) => _held.Add(step);

    public void Pause() => Paused = true;

    public void Resume()
    {
        Paused = false;
        var held = _held.ToList();
        _held.Clear();
        foreach (var step in held) World.Again(step);
    }

    public void Crash()
    {
        if (!Up) return;
        Up = false;
        Paused = false;
        Life++;
        _held.Clear();
        OnCrash();
    }

    public void Start()
    {
        if (Up) return;
        Up = true;
        OnStart();
    }

    protected virtual void OnCrash()
    {
    }

    protected virtual void OnStart()
    {
    }
}
