namespace Stockpile.Node.Devices;

/// <summary>
/// The run of one allocation, as a straight line from a known progress at a known instant. Immutable and without a
/// clock: who asks says what time it is, so a host can compute the progress of thousands without asking anybody.
/// </summary>
public sealed record RunningWork
{
    private readonly double _done;
    private readonly DateTimeOffset _since;

    private RunningWork(TimeSpan runTime, double slowFactor, double done, DateTimeOffset since)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(runTime, TimeSpan.Zero);
        if (!IsShare(done)) throw new ArgumentOutOfRangeException(nameof(done), done, "not within 0..1");
        if (!IsSlowFactor(slowFactor))
            throw new ArgumentOutOfRangeException(nameof(slowFactor), slowFactor, "not within 1..the maximum");
        RunTime = runTime;
        SlowFactor = slowFactor;
        _done = done;
        _since = since;
        Due = runTime == TimeSpan.Zero ? null : Later(since, (1 - done) * slowFactor * runTime.Ticks);
    }

    /// <summary>A node slower than this is as good as failed; the bound keeps due instants in the calendar.</summary>
    public const double SlowFactorMax = 1_000;

    /// <summary>Simulated time of the whole run at full speed; zero: until stopped.</summary>
    public TimeSpan RunTime { get; }

    /// <summary>2 is twice as slow; 1 is full speed.</summary>
    public double SlowFactor { get; }

    /// <summary>When it will be done at its present speed; null: it runs until stopped.</summary>
    public DateTimeOffset? Due { get; }

    /// <param name="done">Share of the run that is done before it starts, 0..1.</param>
    public static RunningWork Start(DateTimeOffset now, TimeSpan runTime, double done, double slowFactor = 1) =>
        new(runTime, slowFactor, done, now);

    public static bool IsShare(double done) => done is >= 0 and <= 1;

    public static bool IsSlowFactor(double factor) => factor is >= 1 and <= SlowFactorMax;

    public bool IsDone(DateTimeOffset now) => now >= Due;

    /// <summary>Share of the run that is done at an instant, 0..1; of work without an end what it began with.</summary>
    public double DoneAt(DateTimeOffset now)
    {
        if (Due is null || now <= _since) return _done;
        // The quotient may end a hair below 1, and done work must never look unfinished.
        if (IsDone(now)) return 1;
        return Math.Min(1, _done + (now - _since).Ticks / (SlowFactor * RunTime.Ticks));
    }

    /// <summary>Time until it is done at its present speed; null: it runs until stopped.</summary>
    public TimeSpan? LeftAt(DateTimeOffset now) =>
        Due is not { } due ? null : now >= due ? TimeSpan.Zero : due - now;

    /// <summary>The same work from now on at another speed. The factor replaces the one before.</summary>
    public RunningWork Slowed(DateTimeOffset now, double slowFactor) =>
        new(RunTime, slowFactor, DoneAt(now), now > _since ? now : _since);

    private static DateTimeOffset Later(DateTimeOffset from, double ticks) =>
        ticks >= (DateTimeOffset.MaxValue - from).Ticks
            ? DateTimeOffset.MaxValue
            : from.AddTicks((long)Math.Round(ticks));
}
