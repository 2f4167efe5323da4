namespace Stockpile.Lab.Reserve;

/// <summary>What a draw is for; part of its key.</summary>
public enum Draw
{
    Assumption,
    Failures,
    Interruptions,
    Moment,
    Victim,
    Repairable,
    RepairTime,
    Arrival,
}

/// <summary>
/// Random numbers by name instead of by order: the same run, purpose and numbers give the same draw, whatever was drawn
/// before. So threads do not matter, and two policies meet the same faults on the same days.
/// A counter through the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
/// </summary>
public readonly struct Draws(ulong seed, int run)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private readonly ulong _key = Mix(Mix(seed + Golden) + (ulong)run * Golden);

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform(Draw purpose, long a, long b = 0)
    {
        var mixed = Mix(_key + ((ulong)purpose + 1) * Golden);
        mixed = Mix(mixed + (ulong)a * Golden);
        return (Mix(mixed + (ulong)b * Golden) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>From the triangle with these corners, by the inverse of its distribution.</summary>
    public double Triangle(int which, double low, double mode, double high)
    {
        if (high <= low) return mode;
        var u = Uniform(Draw.Assumption, which);
        var at = (mode - low) / (high - low);
        return u < at
            ? low + Math.Sqrt(u * (high - low) * (mode - low))
            : high - Math.Sqrt((1 - u) * (high - low) * (high - mode));
    }

    /// <summary>Events of a Poisson process with this mean; by inversion, so more mean is never fewer.</summary>
    public int Poisson(Draw purpose, long a, long b, double mean)
    {
        if (mean <= 0) return 0;
        var u = Uniform(purpose, a, b);
        var p = Math.Exp(-mean);
        var sum = p;
        var count = 0;
        while (u > sum && count < EventsMax)
        {
            count++;
            p *= mean / count;
            sum += p;
        }

        return count;
    }

    /// <summary>Events of one pool and day beyond which nothing more is drawn.</summary>
    private const int EventsMax = 400;

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
