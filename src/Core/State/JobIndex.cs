using System.Globalization;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>
/// A job's place in lists, newest first. It follows from the job's id and the instant of its submission alone, so it
/// stays the same in every cell, and a list can go on from it though the job is gone.
/// </summary>
/// <param name="SubmittedMs">Milliseconds since 1970.</param>
/// <param name="Number">Of the job's id; of two jobs of one instant the later one comes first.</param>
/// <param name="Cell">Of the job's id.</param>
public readonly record struct JobPlace(long SubmittedMs, long Number, string Cell) : IComparable<JobPlace>
{
    public int CompareTo(JobPlace other)
    {
        var byTime = other.SubmittedMs.CompareTo(SubmittedMs);
        if (byTime != 0) return byTime;
        var byNumber = other.Number.CompareTo(Number);
        return byNumber != 0 ? byNumber : string.CompareOrdinal(Cell, other.Cell);
    }

    /// <param name="id">The job's id as users know it.</param>
    public static JobPlace Of(long submittedMs, string id) => JobId.TryParse(id, out var job)
        ? new JobPlace(submittedMs, job.Number, job.Cell)
        : new JobPlace(submittedMs, 0, id);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string? text, out JobPlace place)
    {
        place = default;
        var dot = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        if (dot < 1 || !long.TryParse(text.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var ms)
            || !JobId.TryParse(text![(dot + 1)..], out var id)) return false;
        place = new JobPlace(ms, id.Number, id.Cell);
        return true;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{SubmittedMs}.{Cell}-{Number}");
}

/// <summary>
/// The jobs that lists show, by state, kind and tenant and in their order, so that a page costs as much as it shows
/// and its total is a sum. Those that went to another cell are shown there, and here only to whoever asks for those
/// that went lately.
/// </summary>
public sealed class JobIndex
{
    private sealed record Row(JobPlace Place, JobState Job);

    private static readonly Comparer<Row> ByPlace = Comparer<Row>.Create((a, b) => a.Place.CompareTo(b.Place));

    /// <summary>The last that went comes first.</summary>
    private static readonly Comparer<Row> ByDeparture = Comparer<Row>.Create((a, b) =>
        (b.Job.CompletedAt, b.Job.Number).CompareTo((a.Job.CompletedAt, a.Job.Number)));

    private readonly Dictionary<(JobPhase Phase, JobKind Kind, string Tenant), RankedSet<Row>> _shelves = [];
    private readonly RankedSet<Row> _departed = new(ByDeparture);
    private readonly Dictionary<long, (Row Row, JobPhase Phase)> _rows = [];

    /// <summary>Takes up a job, or that its state is another one.</summary>
    /// <param name="id">As users know it.</param>
    internal void Note(JobState job, string id)
    {
        var phase = job.Phase;
        if (_rows.TryGetValue(job.Number, out var known))
        {
            if (known.Phase == phase) return;
            Remove(job);
        }

        var row = known.Row ?? new Row(JobPlace.Of(job.SubmittedAt.ToUnixTimeMilliseconds(), id), job);
        if (phase == JobPhase.Forwarded)
        {
            _departed.Add(row);
            _rows.Add(job.Number, (row, phase));
            return;
        }

        var key = (phase, job.Spec.Kind, job.Spec.Tenant);
        if (!_shelves.TryGetValue(key, out var shelf)) _shelves.Add(key, shelf = new RankedSet<Row>(ByPlace));
        // One that was here before, went on and came back has the place of its earlier stay, which is not shown.
        if (shelf.Add(row)) _rows.Add(job.Number, (row, phase));
    }

    internal void Remove(JobState job)
    {
        if (!_rows.Remove(job.Number, out var known)) return;
        if (known.Phase == JobPhase.Forwarded)
        {
            _departed.Remove(known.Row);
            return;
        }

        var key = (known.Phase, job.Spec.Kind, job.Spec.Tenant);
        _shelves[key].Remove(known.Row);
        if (_shelves[key].Count == 0) _shelves.Remove(key);
    }

    /// <summary>How many jobs match, and those of them that come after a place, in order. Null stands for any.
    /// </summary>
    /// <param name="lately">Whether a job went to another cell so lately that it is told too; null: none is. They do
    /// not count. Each went as one that waits: a gang that ran has just ended here.</param>
    public (int Total, IEnumerable<JobState> Jobs) Find(
        JobPhase? phase, JobKind? kind, string? tenant, JobPlace? after, Func<JobState, bool>? lately = null)
    {
        var shelves = _shelves.Where(s => (phase is null || s.Key.Phase == phase)
            && (kind is null || s.Key.Kind == kind) && (tenant is null || s.Key.Tenant == tenant))
            .Select(s => s.Value).ToList();
        var rows = shelves.Select(s => after is { } place ? s.After(new Row(place, null!)) : s.All()).ToList();
        if (lately is not null && phase is null or JobPhase.Pending)
            rows.Add(_departed.All().TakeWhile(r => lately(r.Job))
                .Where(r => (kind is null || r.Job.Spec.Kind == kind) && (tenant is null || r.Job.Spec.Tenant == tenant)
                    && (after is not { } place || r.Place.CompareTo(place) > 0))
                .OrderBy(r => r.Place));
        return (shelves.Sum(s => s.Count), Merge(rows));
    }

    private static IEnumerable<JobState> Merge(List<IEnumerable<Row>> shelves)
    {
        // One that is back has its place twice; it is told as it is here, and only then as one that went.
        var next = new PriorityQueue<IEnumerator<Row>, (JobPlace, bool)>();
        foreach (var shelf in shelves) Push(shelf.GetEnumerator());
        while (next.TryDequeue(out var rows, out _))
        {
            yield return rows.Current.Job;
            Push(rows);
        }

        void Push(IEnumerator<Row> rows)
        {
            if (rows.MoveNext())
                next.Enqueue(rows, (rows.Current.Place, rows.Current.Job.Ended == JobPhase.Forwarded));
        }
    }
}
