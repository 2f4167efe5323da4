using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>
/// Order of the queue: those that take what their tenant owns before those that would borrow, for owners would take it
/// back, whatever the class; then the effective priority class, then those that were promised devices, in the order in
/// which they were, then the tenant that has least, then training before inference before batch, then arrival.
/// </summary>
/// <param name="Priority">The class to which the job has risen by waiting.</param>
/// <param name="Share">The tenant's weighted dominant share; see <see cref="TenantLedger.Share"/>.</param>
public readonly record struct QueueKey(Priority Priority, double Share, JobKind Kind, long Number)
    : IComparable<QueueKey>
{
    /// <summary>Its tenant's quotas allow its next step only as a loan.</summary>
    public bool Borrows { get; init; }

    /// <summary>Counts up with the promises: a promise that would give way to whoever has less by now is none.
    /// </summary>
    public long Promise { get; init; } = long.MaxValue;

    public int CompareTo(QueueKey other)
    {
        if (Borrows != other.Borrows) return Borrows ? 1 : -1;
        var byPriority = other.Priority.CompareTo(Priority);
        if (byPriority != 0) return byPriority;
        var byPromise = Promise.CompareTo(other.Promise);
        if (byPromise != 0) return byPromise;
        var byShare = Share.CompareTo(other.Share);
        if (byShare != 0) return byShare;
        var byKind = Kind.CompareTo(other.Kind);
        return byKind != 0 ? byKind : Number.CompareTo(other.Number);
    }
}
