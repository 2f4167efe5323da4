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
    internal (long Freed, long Lent) RefusedAt { get; set; } = (-1, -1);

    /// <summary>What the last cycle found for all that waited in it then.</summary>
    internal LastTry? Tried { get; set; }

    internal JobState Head => Waiting.Min!;

    /// <summary>A job behind the head that may pass it in this pass, because it is done before a reservation that the
    /// head would violate; null: none.</summary>
    internal JobState? Passing { get; set; }

    /// <summary>Whose turn it is.</summary>
    internal JobState Turn => Passing is { Waits: true } passing ? passing : Head;
}
