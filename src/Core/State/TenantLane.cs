namespace Stockpile.Core.State;

/// <summary>The waiting jobs of one tenant in one class, in the order of their arrival.</summary>
public sealed class TenantLane
{
    private static readonly Comparer<JobState> ByNumber = Comparer<JobState>.Create((a, b) =>
        a.Number.CompareTo(b.Number));

    internal TenantLane(EquivalenceClass jobClass, string tenant)
    {
        Class = jobClass;
        Tenant = tenant;
    }

    public EquivalenceClass Class { get; }

    public string Tenant { get; }

    internal SortedSet<JobState> Waiting { get; } = new(ByNumber);

    /// <summary>The capacity stamp and the loans at which its head found no room or no quota; it counts until one of
    /// them changes.</summary>
    public (long Freed, long Lent) RefusedAt { get; private set; } = (-1, -1);

    /// <summary>Its head found no room or no quota in a round.</summary>
    public void Refuse(RoundWriter round) => RefusedAt = (round.State.Index.Stamp, round.State.Tenants.Loans);

    /// <summary>What the last cycle found for all that waited in it then.</summary>
    public LastTry? Tried { get; private set; }

    /// <summary>Notes what a cycle found.</summary>
    public void Note(RoundWriter round, LastTry found)
    {
        ArgumentNullException.ThrowIfNull(round);
        Tried = found;
    }

    internal JobState Head => Waiting.Min!;
}
