namespace Stockpile.Core.Fleets;

/// <summary>What becomes of nodes that keep failing: <c>policy.conf</c>, section <c>nodes</c>. Simulated time.
/// </summary>
public sealed record NodePolicy
{
    public static readonly NodePolicy Default = new();

    /// <summary>A node rests from this failure on; 0: never.</summary>
    public int RestAfter { get; init; } = 3;

    /// <summary>The first rest; each further failure doubles it.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromMinutes(30);

    public TimeSpan MaxRest { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A node that has been up for so long without a failure has its failures forgotten.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a node rests after so many failures; zero: it does not.</summary>
    public TimeSpan RestAt(int failures)
    {
        if (RestAfter == 0 || failures < RestAfter) return TimeSpan.Zero;
        // Beyond 2^20 rests the longest one holds for sure.
        var rest = Rest * Math.Pow(2, Math.Min(20, failures - RestAfter));
        return rest < MaxRest ? rest : MaxRest;
    }
}
