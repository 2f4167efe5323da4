using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;

namespace Stockpile.Core.Cells;

/// <summary>
/// Jobs that are alike for placement: the same kind, priority, size and alternatives. If one of them finds no room,
/// none of them does until a device is freed, so a round costs as much as there are classes, not jobs.
/// </summary>
public sealed class JobClass
{
    internal JobClass(string key, IReadOnlyList<Alternative> alternatives)
    {
        Key = key;
        Alternatives = alternatives;
        Home = [.. alternatives.Where(a => !a.Guest)];
        Guest = [.. alternatives.Where(a => a.Guest)];
    }

    public string Key { get; }

    /// <summary>Models in order of preference.</summary>
    public IReadOnlyList<Alternative> Alternatives { get; }

    public IReadOnlyList<Alternative> Home { get; }

    public IReadOnlyList<Alternative> Guest { get; }

    /// <summary>Jobs of the cell that are of this class, ended ones included.</summary>
    internal int Members { get; set; }

    /// <summary>Waiting jobs, most urgent first.</summary>
    internal SortedSet<QueueKey> Waiting { get; } = [];

    /// <summary>The capacity stamp at which the class found no room; see <see cref="CapacityIndex.FreedAt"/>.</summary>
    internal long BlockedAt { get; set; } = -1;

    /// <summary>The capacity stamp at which its home alternatives alone had no room.</summary>
    internal long HomeFullAt { get; set; } = -1;

    internal bool IsBlocked(CapacityIndex index)
    {
        if (BlockedAt < 0) return false;
        foreach (var alternative in Alternatives)
            if (index.FreedAt(alternative.Model) > BlockedAt) return false;
        return true;
    }

    internal static string KeyOf(JobSpec spec, IReadOnlyList<Alternative> alternatives)
    {
        var models = string.Join(',', alternatives.Select(a => a.Guest ? a.Model + "*" : a.Model));
        // No name or label holds a line break, so no two sets of labels read the same.
        var labels = string.Join('\n', spec.Labels.OrderBy(l => l.Key, StringComparer.Ordinal)
            .Select(l => $"{l.Key}={l.Value}"));
        return $"{spec.Kind}|{spec.Priority}|{spec.Devices}|{spec.ShareMilli}|{spec.PerNode}|"
            + $"{spec.MinDevices}|{spec.MaxDevices}|"
            + $"{spec.TopologyRequired}|{spec.TopologyPreferred}|{spec.CpuMilli}|{spec.MemoryMiB}|{models}|{labels}";
    }
}

/// <summary>Order of the queue: priority class, then training before inference before batch, then arrival.</summary>
public readonly record struct QueueKey(Priority Priority, JobKind Kind, long Number) : IComparable<QueueKey>
{
    public static QueueKey Of(JobState job) => new(job.Spec.Priority, job.Spec.Kind, job.Number);

    public int CompareTo(QueueKey other)
    {
        var byPriority = other.Priority.CompareTo(Priority);
        if (byPriority != 0) return byPriority;
        var byKind = Kind.CompareTo(other.Kind);
        return byKind != 0 ? byKind : Number.CompareTo(other.Number);
    }
}

/// <summary>The waiting jobs of a cell, by class.</summary>
public sealed class JobQueue(Catalog catalog, Policy policy)
{
    private readonly Dictionary<string, JobClass> _classes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, JobClass> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _trainingByTier = new(StringComparer.Ordinal);
    private readonly int[] _waitingByKind = new int[3];

    /// <summary>Classes with a waiting job, in a fixed order.</summary>
    internal IEnumerable<JobClass> WaitingClasses => _waiting.Values;

    /// <summary>Number of waiting jobs of a kind.</summary>
    public int Count(JobKind kind) => _waitingByKind[(int)kind];

    /// <summary>True when a waiting training job may run on the tier.</summary>
    public bool TrainingWaitsFor(string tier) => _trainingByTier.GetValueOrDefault(tier) > 0;

    /// <summary>Waiting jobs that are tried before this one.</summary>
    public int Ahead(JobState job)
    {
        var key = QueueKey.Of(job);
        var ahead = 0;
        foreach (var waiting in _waiting.Values)
            foreach (var other in waiting.Waiting)
            {
                if (other.CompareTo(key) >= 0) break;
                ahead++;
            }

        return ahead;
    }

    /// <summary>Numbers of the waiting jobs, most urgent first.</summary>
    public IEnumerable<long> InOrder() =>
        _waiting.Values.SelectMany(c => c.Waiting).Order().Select(key => key.Number);

    /// <summary>Numbers of the first so many jobs of every class, most urgent first.</summary>
    public IEnumerable<long> Heads(int perClass) =>
        _waiting.Values.SelectMany(c => c.Waiting.Take(perClass)).Order().Select(key => key.Number);

    internal JobClass ClassOf(JobSpec spec)
    {
        var alternatives = Alternatives.Of(spec, catalog, policy);
        var key = JobClass.KeyOf(spec, alternatives);
        if (!_classes.TryGetValue(key, out var jobClass))
            _classes.Add(key, jobClass = new JobClass(key, alternatives));
        return jobClass;
    }

    /// <summary>Drops a class that no job of the cell is of any more, so that the table does not grow for ever.
    /// </summary>
    internal void Leave(JobClass jobClass)
    {
        if (--jobClass.Members == 0) _classes.Remove(jobClass.Key);
    }

    /// <summary>Puts the job in or takes it out by <see cref="JobState.Waits"/>; done after every change.</summary>
    internal void Update(JobState job)
    {
        var key = QueueKey.Of(job);
        var changed = job.Waits ? job.Class.Waiting.Add(key) : job.Class.Waiting.Remove(key);
        if (!changed) return;
        var step = job.Waits ? 1 : -1;
        _waitingByKind[(int)job.Spec.Kind] += step;
        if (job.Spec.Kind == JobKind.Training)
            foreach (var tier in job.Class.Home.Select(a => a.Tier.Name).Distinct(StringComparer.Ordinal))
                _trainingByTier[tier] = _trainingByTier.GetValueOrDefault(tier) + step;
        if (job.Class.Waiting.Count == 0) _waiting.Remove(job.Class.Key);
        else _waiting.TryAdd(job.Class.Key, job.Class);
    }
}
