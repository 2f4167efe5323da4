using Stockpile.Core.Fleets;
using Stockpile.Core.Scoring;

namespace Stockpile.Core.State;

/// <summary>What a cell has counted over its whole life. An array counts as one job, its parts as none, but where jobs
/// come and go.</summary>
public sealed record CellCounters
{
    public long Submitted { get; set; }

    /// <summary>Jobs placed for the first time.</summary>
    public long Placed { get; set; }
    public long Completed { get; set; }
    public long Cancelled { get; set; }
    public long Failed { get; set; }
    public long Requeued { get; set; }

    /// <summary>Allocations that more urgent work, or the owner of a quota, took the place of.</summary>
    public long Preempted { get; set; }

    /// <summary>Jobs that went to another cell, and jobs that came from one.</summary>
    public long Forwarded { get; set; }
    public long Adopted { get; set; }
    public long Allocations { get; set; }

    /// <summary>Gangs and tasks that went on elsewhere without waiting: resized, moved to a better tier, drained,
    /// defragmented.</summary>
    public long Migrations { get; set; }
}

/// <summary>
/// All that one cell knows: nodes, jobs, allocations, and the index and queue derived from them. It changes only by
/// <see cref="Apply"/> within a round, which is deterministic, so the journal's rounds give the same state on every
/// machine. One thread at a time; the cell's actor owns it.
/// </summary>
public sealed partial class CellState
{
    private readonly List<NodeState> _nodes = [];
    private readonly Dictionary<string, NodeState> _nodesById = new(StringComparer.Ordinal);
    private readonly Dictionary<long, JobState> _jobs = [];
    private readonly SortedDictionary<long, JobState> _arrayOf = [];
    private readonly SortedDictionary<long, JobState> _services = [];
    private readonly Dictionary<string, JobState> _jobsByKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JobState> _adopted = new(StringComparer.Ordinal);
    private readonly Dictionary<long, AllocationState> _allocations = [];
    private readonly SortedDictionary<long, AllocationState> _unstarted = [];
    private readonly SortedSet<int> _deadlines = [];
    private readonly SortedSet<int> _unsteady = [];
    private readonly SortedDictionary<long, JobState> _gangs = [];
    private readonly SortedDictionary<long, AllocationState> _upward = [];
    private readonly SortedDictionary<int, long> _generations = [];
    private readonly Queue<long> _finished = new();

    public CellState(string cell, Catalog catalog, Policy policy)
    {
        Cell = cell;
        Catalog = _plain = catalog;
        Policy = policy;
        Index = new CapacityIndex(
            ScoringPolicies.Create(policy.Placement.Scoring, new ScoringContext(WorkloadMix.Empty, 0)),
            policy.Placement.ModelsCompete);
        Relocator = new Relocator(Index.Scores);
        Tenants = new TenantLedger(catalog, policy.Queue);
        Queue = new JobQueue(catalog, policy, Tenants);
    }

    public string Cell { get; }

    /// <summary>The process's catalogue with the variants that the cell's nodes have.</summary>
    public Catalog Catalog { get; private set; }
    public Policy Policy { get; }

    /// <summary>Grows with every recovery; orders carry it.</summary>
    public long Epoch { get; private set; }

    /// <summary>Number of the last round.</summary>
    public long RoundNumber { get; private set; }

    /// <summary>Time of the last round.</summary>
    public DateTimeOffset At { get; private set; }

    public long NextJob { get; private set; } = 1;
    public long NextSequence { get; private set; } = 1;

    public IReadOnlyList<NodeState> Nodes => _nodes;
    public IReadOnlyDictionary<long, JobState> Jobs => _jobs;
    public IReadOnlyDictionary<long, AllocationState> Allocations => _allocations;

    /// <summary>Allocations whose start no node has reported, oldest first.</summary>
    public IReadOnlyCollection<AllocationState> Unstarted => _unstarted.Values;

    /// <summary>Nodes that have to be empty by an instant, in the order of the table.</summary>
    internal IEnumerable<NodeState> Deadlines => _deadlines.Select(index => _nodes[index]);

    /// <summary>Nodes that failed of late, in the order of the table.</summary>
    internal IEnumerable<NodeState> Unsteady => _unsteady.Select(index => _nodes[index]);

    /// <summary>Training jobs that hold devices, oldest first.</summary>
    public IReadOnlyCollection<JobState> Gangs => _gangs.Values;

    /// <summary>Batch tasks whose time depends on the model and that are not on the one they prefer, oldest first.
    /// </summary>
    internal IReadOnlyCollection<AllocationState> Upward => _upward.Values;

    /// <summary>Replicas and batch tasks that hold something, those first who give way first.</summary>
    internal TaskShelves Tasks { get; } = new();

    /// <summary>Inference jobs that have not ended, oldest first.</summary>
    public IReadOnlyCollection<JobState> Services => _services.Values;

    public CapacityIndex Index { get; }

    /// <summary>Finds what could move to make room for others.</summary>
    internal Relocator Relocator { get; }

    /// <summary>When running work gives its devices back.</summary>
    public ReleaseCalendar Releases { get; } = new();
    public JobQueue Queue { get; }

    /// <summary>The jobs that lists show.</summary>
    public JobIndex Listed { get; } = new();

    /// <summary>When <see cref="ExpectedWork"/> is due again: the number of jobs, and the nodes it was made with.
    /// </summary>
    internal long MixDueAt { get; set; }
    internal int MixNodes { get; set; } = -1;

    /// <summary>The tasks it expects.</summary>
    internal WorkloadMix Mix { get; set; } = WorkloadMix.Empty;

    /// <summary>In a copy: the jobs of the cell that it leaves out.</summary>
    internal IEnumerable<JobState> LeftOut { get; set; } = [];

    /// <summary>What each tenant holds at home.</summary>
    public TenantLedger Tenants { get; }

    /// <summary>Parts of arrays whose end is not known yet, by number, with the array.</summary>
    public IReadOnlyDictionary<long, JobState> OpenParts => _arrayOf;

    /// <summary>The array of a part whose end is not known yet; null: it is none.</summary>
    public JobState? ArrayOf(long part) => _arrayOf.GetValueOrDefault(part);

    /// <summary>Up to the last round.</summary>
    public UsageMeter Usage { get; } = new();

    /// <summary>Up to a time after the last round, in which nothing has changed.</summary>
    public UsageMeter UsageAt(DateTimeOffset now) =>
        RoundNumber > 0 && now > At ? Usage.Advanced(At, now, this) : Usage;

    /// <summary>Which part of it was of use.</summary>
    public GoodputMeter Goodput { get; } = new();

    public CellCounters Counters { get; private set; } = new();

    /// <summary>Completed training jobs by the model generation they count for.</summary>
    public IReadOnlyDictionary<int, long> Generations => _generations;

    /// <summary>Jobs that have not ended.</summary>
    public int ActiveJobs => _jobs.Count - _finished.Count;

    public NodeState? FindNode(string id) => _nodesById.GetValueOrDefault(id);

    public JobState? FindJob(long number) => _jobs.GetValueOrDefault(number);

    public JobState? FindKey(string key) => key.Length == 0 ? null : _jobsByKey.GetValueOrDefault(key);

    /// <summary>Keys whose jobs were refused for good.</summary>
    internal ClosedKeys Closed { get; } = new();

    /// <summary>The newest binding of the key by which nothing is taken here any more; 0: none.</summary>
    public int ClosedAt(string key) => Closed.GenerationOf(key);

    /// <summary>Every user's key that is known here is bound at its gangs, and is from now on before it gets here.
    /// </summary>
    public bool HasKeysAtDesks { get; private set; }

    /// <summary>The keys of the jobs that are known here.</summary>
    public IReadOnlyCollection<string> Keys => _jobsByKey.Keys;

    /// <summary>A job that was taken over, by the id that its home gave it.</summary>
    public JobState? FindAdopted(string origin) => _adopted.GetValueOrDefault(origin);

    /// <summary>Jobs taken over whose home has not let go of them yet.</summary>
    public IEnumerable<JobState> Held => _adopted.Values.Where(j => j.Held);

    /// <summary>The job's id as users know it.</summary>
    public string NameOf(JobState job) =>
        job.Origin.Length > 0 ? job.Origin : new JobId(Cell, job.Number).ToString();

    public AllocationState? FindAllocation(long sequence) => _allocations.GetValueOrDefault(sequence);

    /// <summary>
    /// Opens a round: the time since the last one is added to the usage.
    /// </summary>
    /// <exception cref="InvariantBrokenException">Time would run backwards.</exception>
    internal void Begin(DateTimeOffset at)
    {
        if (at < At) throw new InvariantBrokenException($"a round at {at:O} follows one at {At:O} in cell {Cell}");
        if (RoundNumber > 0) Usage.Advance(At, at, this);
        At = at;
        Queue.At = Tenants.At = at;
        RoundNumber++;
    }

    /// <summary>Takes up a whole round from the journal.</summary>
    /// <exception cref="InvariantBrokenException">The round does not follow this state.</exception>
    public void Replay(Round round)
    {
        if (round.Number != RoundNumber + 1)
            throw new InvariantBrokenException(
                $"round {round.Number} of cell {Cell} follows round {RoundNumber}; a row is missing or doubled");
        try
        {
            Begin(round.At);
            foreach (var committed in round.Events) Apply(committed);
        }
        catch (Exception fault) when (fault is not InvariantBrokenException)
        {
            // An event that no cell could have written; whatever gave way first says little, so the row is named.
            throw new InvariantBrokenException(
                $"round {round.Number} of cell {Cell} cannot be: {fault.GetType().Name}, {fault.Message}", fault);
        }
    }

    private NodeState NodeOf(string id) => _nodesById.GetValueOrDefault(id)
        ?? throw new InvariantBrokenException($"cell {Cell} has no node {id}");

    private JobState JobOf(long number) => _jobs.GetValueOrDefault(number)
        ?? throw new InvariantBrokenException($"cell {Cell} has no job {number}");

    private AllocationState AllocationOf(long sequence) => _allocations.GetValueOrDefault(sequence)
        ?? throw new InvariantBrokenException($"cell {Cell} has no allocation {sequence}");
}
