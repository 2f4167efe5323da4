using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Scoring;

namespace Stockpile.Core.State;

/// <summary>Waiting jobs that may use the same models in the same order.</summary>
internal sealed class ModelDemand(IReadOnlyList<Alternative> alternatives)
{
    public IReadOnlyList<Alternative> Alternatives { get; } = alternatives;

    public int Jobs { get; set; }

    /// <summary>Thousandths of devices that they ask for.</summary>
    public long Milli { get; set; }
}

/// <summary>
/// The waiting jobs in counts, kept up with every job that comes and goes: what an answer or a status says of the queue
/// costs by tenants and not by jobs. Jobs of one tenant, kind and effective class differ in the queue by their numbers
/// alone, so they stand in one group, and a job that rises by waiting goes to the next.
/// </summary>
internal sealed class WaitingCounts(JobQueue queue, QueuePolicy policy)
{
    private sealed record Entry(
        JobState Job, (Priority Level, string Tenant, JobKind Kind) Group, DateTimeOffset? RisesAt, string Models,
        long Milli);

    private readonly Dictionary<long, Entry> _entries = [];
    private readonly Dictionary<(Priority Level, string Tenant, JobKind Kind), RankedSet<long>> _groups = [];
    private readonly SortedSet<(DateTimeOffset At, long Number)> _rising = [];
    private readonly Dictionary<string, ModelDemand> _demands = new(StringComparer.Ordinal);

    /// <summary>The demand by models, in no order.</summary>
    public IReadOnlyCollection<ModelDemand> Demands => _demands.Values;

    /// <summary>Takes up that a job waits, or that less or more of it does.</summary>
    public void Note(JobState job)
    {
        if (_entries.TryGetValue(job.Number, out var known))
        {
            var milli = MilliOf(job);
            if (milli == known.Milli) return;
            _demands[known.Models].Milli += milli - known.Milli;
            _entries[job.Number] = known with { Milli = milli };
            return;
        }

        var entry = Enter(job);
        if (!_demands.TryGetValue(entry.Models, out var demand))
            _demands.Add(entry.Models, demand = new ModelDemand(job.Class.Alternatives));
        demand.Jobs++;
        demand.Milli += entry.Milli;
    }

    public void Remove(JobState job)
    {
        if (!_entries.TryGetValue(job.Number, out var entry)) return;
        Leave(entry);
        var demand = _demands[entry.Models];
        demand.Milli -= entry.Milli;
        if (--demand.Jobs == 0) _demands.Remove(entry.Models);
    }

    /// <summary>How many waiting jobs have a place before this one, as shares are now.</summary>
    public int Before(QueueKey key)
    {
        while (_rising.Count > 0 && _rising.Min is var (at, number) && at <= queue.At)
        {
            var job = _entries[number].Job;
            Leave(_entries[number]);
            Enter(job);
        }

        var before = 0;
        foreach (var group in _groups.Values)
        {
            var place = queue.KeyOf(_entries[group.First].Job) with { Number = key.Number };
            var order = place.CompareTo(key);
            if (order < 0) before += group.Count;
            else if (order == 0) before += group.CountBefore(key.Number);
        }

        return before;
    }

    private Entry Enter(JobState job)
    {
        var level = queue.EffectivePriority(job, queue.At);
        var entry = new Entry(
            job, (level, job.Spec.Tenant, job.Spec.Kind), RisesAt(job, level), job.Class.Models, MilliOf(job));
        _entries.Add(job.Number, entry);
        if (!_groups.TryGetValue(entry.Group, out var group))
            _groups.Add(entry.Group, group = new RankedSet<long>(Comparer<long>.Default));
        group.Add(job.Number);
        if (entry.RisesAt is { } at) _rising.Add((at, job.Number));
        return entry;
    }

    private void Leave(Entry entry)
    {
        var number = entry.Job.Number;
        _entries.Remove(number);
        var group = _groups[entry.Group];
        group.Remove(number);
        if (group.Count == 0) _groups.Remove(entry.Group);
        if (entry.RisesAt is { } at) _rising.Remove((at, number));
    }

    private DateTimeOffset? RisesAt(JobState job, Priority level) =>
        policy.Ageing > TimeSpan.Zero && level < Priority.High && job.WaitingSince is { } since
            ? since + policy.Ageing * ((int)level - (int)job.Spec.Priority + 1)
            : null;

    private static long MilliOf(JobState job) => (long)TaskShape.Of(job.Spec).DeviceMilli
        * (job.Spec.Kind == JobKind.Training ? 1 : job.Unplaced.Count);
}
