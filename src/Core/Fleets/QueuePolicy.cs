namespace Stockpile.Core.Fleets;

/// <summary>Who leaves for more urgent work, and what protects it from leaving again and again. Times are simulated.
/// </summary>
/// <param name="MinRunTime">A gang, or a batch task at home, that was placed less than this ago is no victim.</param>
/// <param name="MaxProtection">
/// The protection doubles with every preemption of the gang, up to this; never below the minimum run time.
/// </param>
/// <param name="RestartCost">What a gang loses by a restart beside the work since its last checkpoint.</param>
/// <param name="HoldBack">
/// Whether a gang is not started where it would delay a more urgent one whose start is in sight.
/// </param>
/// <param name="Tasks">
/// Whether a replica or batch task that finds no room at home takes the places of guests there, and of single tasks of
/// a lower priority class.
/// </param>
public sealed record PreemptionPolicy(
    TimeSpan MinRunTime, TimeSpan MaxProtection, TimeSpan RestartCost, bool HoldBack, bool Tasks)
{
    public static readonly PreemptionPolicy Default = new(
        TimeSpan.FromMinutes(15), TimeSpan.FromHours(4), TimeSpan.FromMinutes(5), HoldBack: true, Tasks: true);

    /// <summary>Whoever is less urgent may be pushed out at any time, and nobody is held back.</summary>
    public static readonly PreemptionPolicy Unprotected = new(
        TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, HoldBack: false, Tasks: true);

    /// <summary>For how long after its placement a gang is protected that was preempted so often before.</summary>
    public TimeSpan ProtectionAfter(int preemptions)
    {
        // Forty doublings of a millisecond are thirty years.
        var doubled = MinRunTime.Ticks * Math.Pow(2, Math.Min(preemptions, 40));
        var most = Math.Max(MinRunTime.Ticks, MaxProtection.Ticks);
        return TimeSpan.FromTicks((long)Math.Min(doubled, most));
    }
}

/// <summary>The order of the queue and the rights of those that wait in it; <c>queue</c> of policy.conf.</summary>
public sealed record QueuePolicy
{
    /// <summary>Whether tenants that hold less come first inside a priority class.</summary>
    public bool FairShare { get; init; } = true;

    /// <summary>Weights of tenants, 1 where none is given: a share counts as share ÷ weight.</summary>
    public IReadOnlyDictionary<string, double> Weights { get; init; } =
        new Dictionary<string, double>(0, StringComparer.Ordinal);

    /// <summary>An hour of use counts half as much as one that is so much younger; zero: only what is held counts.
    /// </summary>
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromHours(6);

    /// <summary>A waiting job rises by one priority class, up to high, per so much waiting; zero: never.</summary>
    public TimeSpan Ageing { get; init; } = TimeSpan.FromHours(6);

    public PreemptionPolicy Preemption { get; init; } = PreemptionPolicy.Default;

    public QuotaPolicy Quotas { get; init; } = QuotaPolicy.None;
}
