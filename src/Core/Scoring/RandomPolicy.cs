namespace Stockpile.Core.Scoring;

/// <summary>Any node that holds the task, and any device that does. The seed gives the same draws again.</summary>
[ScoringPolicy("random", "any feasible node")]
public sealed class RandomPolicy(ScoringContext context) : IScoringPolicy
{
    private const int ScoreMax = 1_000_000;
    private ulong _state = Mixed((ulong)context.Seed);

    public bool Varies => true;

    /// <summary>The next draws are the same, and are still to come.</summary>
    public IScoringPolicy ForQuestions() => new RandomPolicy(context) { _state = _state };

    public int Score(in TaskShape task, NodeRoom node, out uint devices)
    {
        devices = 0;
        var free = node.Free;
        var start = (int)(Next() % (ulong)Math.Max(1, free.Length));
        var left = task.DeviceCount;
        for (var i = 0; i < free.Length && left > 0; i++)
        {
            var device = (start + i) % free.Length;
            if (free[device] < task.MilliEach) continue;
            devices |= 1u << device;
            left--;
        }

        return (int)(Next() % ScoreMax);
    }

    /// <summary>SplitMix64 (Steele et al., OOPSLA'14): its own generator, so that a run is the same everywhere.
    /// </summary>
    private ulong Next() => Mixed(_state += 0x9E3779B97F4A7C15);

    private static ulong Mixed(ulong z)
    {
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }
}
