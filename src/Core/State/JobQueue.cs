using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>The waiting jobs of a cell, by class and tenant.</summary>
public sealed class JobQueue
{
    private readonly Dictionary<string, EquivalenceClass> _classes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, EquivalenceClass> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _trainingByTier = new(StringComparer.Ordinal);
    private readonly int[] _waitingByKind = new int[3];
    private readonly IObjective _objective;
    private readonly WaitingCounts _counts;

    /// <summary>Jobs whose promise keeps its place.</summary>
    private readonly List<JobState> _promised = [];
    private long _promises;
    private readonly Policy _policy;
    private Catalog _catalog;
    private static readonly JobSpec Probe = new() { Name = "probe", Kind = JobKind.Batch };

    public JobQueue(Catalog catalog, Policy policy, TenantLedger ledger)
    {
        (_catalog, _policy, Ledger) = (catalog, policy, ledger);
        _objective = Objective.Of(policy.Objective);
        _counts = new WaitingCounts(this, policy.Queue);
        RanksJobs = _objective.Rank(Probe, [], done: 0, TimeSpan.Zero, catalog, policy) is not null;
    }

    internal TenantLedger Ledger { get; }

    /// <summary>What waits, by the models it may use.</summary>
    internal IReadOnlyCollection<ModelDemand> Demands => _counts.Demands;

    /// <summary>Time of the cell, for how long jobs have waited.</summary>
    internal DateTimeOffset At { get; set; }

    /// <summary>Classes with a job of the cell, in no order.</summary>
    internal IReadOnlyCollection<EquivalenceClass> Classes => _classes.Values;

    /// <summary>Classes with a waiting job, in a fixed order.</summary>
    internal IEnumerable<EquivalenceClass> WaitingClasses => _waiting.Values;

    /// <summary>
    /// Counts up whenever a reservation may have gone without a device being freed: what was held back for it is to be
    /// tried again.
    /// </summary>
    internal long Promises { get; private set; }

    internal void Reconsider() => Promises++;

    /// <summary>
    /// The number of a promise that keeps its place, where none on the job's models does yet; else 0. Only the first is
    /// kept against shares that change: were all of them, tenants would take turns whatever they have used.
    /// </summary>
    internal long NextPromise(JobState job)
    {
        _promised.RemoveAll(other => other.Promised == 0);
        if (_promised.Exists(other => other.Class.Home.Any(a => job.Class.Home.Contains(a)))) return 0;
        _promised.Add(job);
        return ++_promises;
    }

    /// <summary>Number of waiting jobs of a kind.</summary>
    public int Count(JobKind kind) => _waitingByKind[(int)kind];

    /// <summary>True when a waiting training job may run on the tier.</summary>
    public bool TrainingWaitsFor(string tier) => _trainingByTier.GetValueOrDefault(tier) > 0;

    /// <summary>
    /// The class by which a job is ordered: its own, and one more for each <see cref="QueuePolicy.Ageing"/> that it has
    /// waited, but never above high unless it was there. It is for the order alone and gives no right to preempt.
    /// </summary>
    public Priority EffectivePriority(JobState job, DateTimeOffset now)
    {
        var own = job.Spec.Priority;
        if (_policy.Queue.Ageing <= TimeSpan.Zero || own >= Priority.High || job.WaitingSince is not { } since)
            return own;
        var risen = (int)own + (now - since).Ticks / _policy.Queue.Ageing.Ticks;
        return (Priority)Math.Clamp(risen, (long)own, (long)Priority.High);
    }

    /// <summary>Waiting jobs that are tried before this one, as shares are now.</summary>
    public int Ahead(JobState job) => Before(KeyOf(job)) + (AheadElsewhere?.Invoke(KeyOf(job)) ?? 0);

    /// <summary>Where jobs are ranked one by one, each has to be looked at.</summary>
    internal int Before(QueueKey key) => RanksJobs
        ? Waiting.Count(other => KeyOf(other).CompareTo(key) < 0)
        : _counts.Before(key);

    /// <summary>In a copy: how many of the waiting jobs that it leaves out have a place before one.</summary>
    internal Func<QueueKey, int>? AheadElsewhere { get; set; }

    /// <summary>Numbers of the waiting jobs, most urgent first, as shares are now.</summary>
    public IEnumerable<long> InOrder() => Waiting.OrderBy(KeyOf).Select(job => job.Number);

    /// <summary>Numbers of the first so many jobs of every class and tenant, most urgent first.</summary>
    public IEnumerable<long> Heads(int perLane) => Fronts(perLane).OrderBy(KeyOf).Select(job => job.Number);

    /// <summary>The same jobs, in no order.</summary>
    internal IEnumerable<JobState> Fronts(int perLane) =>
        _waiting.Values.SelectMany(c => c.Lanes.Values).SelectMany(l => l.Waiting.Take(perLane));

    private IEnumerable<JobState> Waiting =>
        _waiting.Values.SelectMany(c => c.Lanes.Values).SelectMany(l => l.Waiting);

    /// <summary>A job's place in the queue, as shares are now.</summary>
    public QueueKey KeyOf(JobState job) =>
        new(EffectivePriority(job, At),
            _objective.Rank(job.Spec, job.Class.Home, job.Done, At - job.SubmittedAt, _catalog, _policy)
                ?? Ledger.Share(job.Spec.Tenant),
            job.Spec.Kind, job.Number);

    /// <summary>The same with the places that rights and promises give: in what order a cycle tries and promises.
    /// </summary>
    internal QueueKey TurnOf(JobState job) => KeyOf(job) with
    {
        Borrows = Borrows(job),
        Promise = job.Promised > 0 ? job.Promised : long.MaxValue,
    };

    internal bool Borrows(JobState job) =>
        Ledger.Borrows(job.Spec, job.Class.Home);

    /// <summary>Whether jobs are ranked one by one, and not by what their tenants hold.</summary>
    internal bool RanksJobs { get; }

    /// <summary>The turn that a job would have which is not in the cell yet, or not with this spec.</summary>
    public QueueKey TurnOf(JobSpec spec, long number)
    {
        var home = Alternatives.Of(spec, _catalog, _policy).Where(a => !a.Guest).ToList();
        var rank = RanksJobs ? _objective.Rank(spec, home, done: 0, TimeSpan.Zero, _catalog, _policy) : null;
        return new QueueKey(spec.Priority, rank ?? Ledger.Share(spec.Tenant), spec.Kind, number)
        {
            Borrows = Ledger.Borrows(spec, home),
        };
    }

    internal EquivalenceClass ClassOf(JobSpec spec)
    {
        var alternatives = Alternatives.Of(spec, _catalog, _policy);
        // It was taken in for the variants of a tier that has no model of its own, and they are gone.
        if (alternatives.Count == 0) alternatives = Alternatives.Of(spec, _catalog.WithAllVariants(), _policy);
        var key = EquivalenceClass.KeyOf(spec, alternatives);
        if (!_classes.TryGetValue(key, out var jobClass))
            _classes.Add(key, jobClass = new EquivalenceClass(key, spec, alternatives));
        return jobClass;
    }

    /// <summary>Other models are there now: whoever may use them gets another class. How long it has waited stays.
    /// </summary>
    internal void Reclass(IEnumerable<JobState> jobs, Catalog present)
    {
        _catalog = present;
        foreach (var job in jobs)
        {
            var next = ClassOf(job.Spec);
            Join(job, next);
            var before = job.Class;
            if (next != before)
            {
                var since = job.WaitingSince;
                if (Exit(job)) Count(job, -1);
                job.Class = next;
                job.WaitingSince = since;
                if (job.Waits && Enter(job)) Count(job, +1);
            }

            Leave(job, before);
        }

        Reconsider();
    }

    internal static void Join(JobState job, EquivalenceClass jobClass)
    {
        jobClass.Members++;
        jobClass.ExpectedTasks += ExpectedWork.TasksOf(job.Spec).Count;
    }

    /// <summary>Drops a class that no job of the cell is of any more, so that the table does not grow for ever.
    /// </summary>
    internal void Leave(JobState job, EquivalenceClass jobClass)
    {
        jobClass.ExpectedTasks -= ExpectedWork.TasksOf(job.Spec).Count;
        if (--jobClass.Members == 0) _classes.Remove(jobClass.Key);
    }

    /// <summary>Puts the job in or takes it out by <see cref="JobState.Waits"/>; done after every change.</summary>
    internal void Update(JobState job)
    {
        if (!(job.Waits ? Enter(job) : Exit(job))) return;
        if (!job.Waits && job.LetGo()) Reconsider();

        // A newcomer may be short enough for what its class was held back from.
        if (job.Waits) job.Class.Joined();
        Count(job, job.Waits ? 1 : -1);
    }

    /// <summary>After it went into its lane, or out of it.</summary>
    private void Count(JobState job, int step)
    {
        _waitingByKind[(int)job.Spec.Kind] += step;
        if (job.Spec.Kind == JobKind.Training)
            foreach (var tier in job.Class.Home.Select(a => a.Tier.Name).Distinct(StringComparer.Ordinal))
                _trainingByTier[tier] = _trainingByTier.GetValueOrDefault(tier) + step;
        if (job.Class.Lanes.Count == 0) _waiting.Remove(job.Class.Key);
        else _waiting.TryAdd(job.Class.Key, job.Class);
    }

    /// <summary>The number of the last job that began to wait, and of the last cycle; both count from the time the
    /// state was read back.</summary>
    internal long LastEntered { get; private set; }

    internal long Cycles { get; private set; }

    internal long NextCycle() => ++Cycles;

    private bool Enter(JobState job)
    {
        if (!job.Class.Lanes.TryGetValue(job.Spec.Tenant, out var lane))
            job.Class.Lanes.Add(job.Spec.Tenant, lane = new TenantLane(job.Class, job.Spec.Tenant));
        if (!lane.Waiting.Add(job))
        {
            _counts.Note(job);
            return false;
        }

        job.Entered = ++LastEntered;
        // A job that came from another cell and never ran has waited since it was submitted there.
        job.WaitingSince ??= job is { StartedAt: null, Requeues: 0 } && job.Origin.Length > 0 ? job.SubmittedAt : At;
        _counts.Note(job);
        return true;
    }

    private bool Exit(JobState job)
    {
        _counts.Remove(job);
        job.WaitingSince = null;
        job.Forget();
        if (!job.Class.Lanes.TryGetValue(job.Spec.Tenant, out var lane) || !lane.Waiting.Remove(job)) return false;
        if (lane.Waiting.Count == 0) job.Class.Lanes.Remove(job.Spec.Tenant);
        return true;
    }
}
