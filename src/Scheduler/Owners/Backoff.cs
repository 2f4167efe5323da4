namespace Stockpile.Scheduler.Owners;

/// <summary>
/// How long a cell rests before it is started again: twice as long after each failure, up to a bound, and from the
/// start after it has served for as long as that bound. Times are real.
/// </summary>
public sealed class Backoff(TimeSpan first, TimeSpan most, TimeProvider real)
{
    private long? _servingSince;

    /// <summary>Failures since the cell last served for long enough.</summary>
    public int Failures { get; private set; }

    /// <summary>The cell has written a round.</summary>
    public void Serves() => _servingSince ??= real.GetTimestamp();

    /// <summary>The cell failed.</summary>
    /// <returns>How long it rests.</returns>
    public TimeSpan Failed()
    {
        if (_servingSince is { } since && real.GetElapsedTime(since) >= most) Failures = 0;
        _servingSince = null;
        Failures++;
        var rest = first;
        for (var i = 1; i < Failures && rest < most; i++) rest *= 2;
        return rest < most ? rest : most;
    }
}
