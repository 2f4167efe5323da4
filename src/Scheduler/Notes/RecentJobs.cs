namespace Stockpile.Scheduler.Notes;

/// <summary>Something that is remembered of the last jobs; those remembered first are forgotten first. It is not in the
/// journal, so a fail-over forgets all.</summary>
internal sealed class RecentJobs<T>(int most) where T : class
{
    private readonly Dictionary<long, T?> _known = [];
    private readonly Queue<long> _order = new();

    /// <summary>Null: nothing is remembered.</summary>
    public T? this[long job]
    {
        get => _known.GetValueOrDefault(job);
        set
        {
            if (value is null && !_known.ContainsKey(job)) return;
            if (_known.TryAdd(job, value)) _order.Enqueue(job);
            else _known[job] = value;
            if (_order.Count > most) _known.Remove(_order.Dequeue());
        }
    }
}
