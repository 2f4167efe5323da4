using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>Devices of one node bound to one job, from placement to end.</summary>
public sealed class AllocationState
{
    internal AllocationState(
        PlacedAllocation placed, JobState job, NodeState node, DateTimeOffset at, Catalog catalog)
    {
        Placed = placed;
        Job = job;
        Node = node;
        PlacedAt = at;
        DoneBefore = job.Done;
        CpuMilli = job.Spec.CpuMilli * placed.Ranks;
        MemoryMiB = job.Spec.MemoryMiB * placed.Ranks;
        if (job.Spec.Serving is { } serving)
            Capacity = ServingRates.PerReplica(job.Spec, serving, catalog, node.Accelerator.Model);
    }

    public PlacedAllocation Placed { get; }
    public long Sequence => Placed.Sequence;
    public JobState Job { get; }

    /// <summary>Another object of the same node when that came back in another shape.</summary>
    public NodeState Node { get; internal set; }
    public uint DeviceMask => Placed.DeviceMask;
    public int ShareMilli => Placed.ShareMilli;
    public bool Guest => Placed.Guest;
    public int CpuMilli { get; }
    public long MemoryMiB { get; }
    public DateTimeOffset PlacedAt { get; }
    public DateTimeOffset? StartedAt { get; internal set; }
    public bool Started => StartedAt is not null;

    /// <summary>Inference: requests per second that it answers within its latency class; 0 where nobody said.</summary>
    public double Capacity { get; }

    /// <summary>Training: share of the work that was done when it was placed, 0..1.</summary>
    public double DoneBefore { get; internal init; }

    /// <summary>
    /// When its work is done if nothing comes between, in simulated time; null for a service, which has no end. A gang
    /// gives its devices back as a whole, and all its parts say the same.
    /// </summary>
    public DateTimeOffset? PlannedEnd => Placed.RunTime > TimeSpan.Zero
        ? PlacedAt + Placed.RunTime * (1 - Math.Clamp(DoneBefore, 0, 1))
        : null;

    /// <summary>Training: share of the work that was done when it started, 0..1.</summary>
    public double DoneAtStart { get; internal set; }

    /// <summary>A part of a gang that did its work and waits for the rest.</summary>
    public bool Finished { get; internal set; }

    /// <summary>Thousandths of devices it holds.</summary>
    public int DeviceMilli => ShareMilli > 0
        ? ShareMilli
        : System.Numerics.BitOperations.PopCount(DeviceMask) * Limits.MilliPerDevice;
}

/// <summary>What users see of a job's life.</summary>
public enum JobPhase
{
    Pending,
    Placed,
    Running,
    Completed,
    Cancelled,
    Failed,

    /// <summary>It went to another cell; users see its state there.</summary>
    Forwarded,

    /// <summary>A service whose demand wants no replica now; it waits for nothing.</summary>
    Idle,
}

/// <summary>Tasks of an array that are a job of their own.</summary>
/// <param name="Tasks">Their numbers in the array.</param>
/// <param name="Ended">How it ended; null while that is not known.</param>
/// <param name="TasksDone">How many of them were done when it ended.</param>
public sealed record ArrayPart(IReadOnlyList<int> Tasks, JobPhase? Ended = null, int TasksDone = 0);

/// <summary>A job as its cell knows it.</summary>
public sealed class JobState
{
    private readonly SortedDictionary<long, AllocationState> _allocations = [];
    private readonly SortedSet<int> _unplaced = [];
    private readonly SortedSet<int> _finished = [];
    private readonly List<long> _preemptedBy = [];
    private readonly SortedDictionary<int, int> _failures = [];
    private readonly SortedDictionary<long, ArrayPart> _parts = [];

    /// <summary>Inference: the numbers of the replicas that have devices.</summary>
    private readonly SortedSet<int> _bound = [];

    internal JobState(long number, string key, JobSpec spec, EquivalenceClass jobClass, DateTimeOffset at)
    {
        Number = number;
        Key = key;
        Spec = spec;
        Class = jobClass;
        SubmittedAt = at;
        Replicas = spec.Kind == JobKind.Inference ? spec.FirstReplicas(at) : 0;
        var tasks = spec.Kind switch { JobKind.Training => 1, JobKind.Inference => Replicas, _ => spec.Tasks };
        CheckTasks(tasks);
        for (var task = 0; task < tasks; task++) _unplaced.Add(task);
    }

    /// <summary>A damaged row must not make two billion tasks.</summary>
    private void CheckTasks(int tasks)
    {
        if (tasks is < 0 or > Limits.TasksPerJobMax)
            throw new InvariantBrokenException($"job {Number} has {tasks} tasks; 0..{Limits.TasksPerJobMax}");
    }

    public long Number { get; }
    public string Key { get; }
    public JobSpec Spec { get; }
    public EquivalenceClass Class { get; internal set; }
    public DateTimeOffset SubmittedAt { get; }
    public DateTimeOffset? StartedAt { get; internal set; }
    public DateTimeOffset? CompletedAt { get; internal set; }

    /// <summary>When it began to wait for what it waits for now; null while it does not.</summary>
    public DateTimeOffset? WaitingSince { get; internal set; }

    /// <summary>Why it was requeued or moved last, or why it failed.</summary>
    public string Reason { get; internal set; } = "";

    /// <summary>Training: share of the work that a checkpoint holds, 0..1.</summary>
    public double Done { get; internal set; }

    /// <summary>Inference: replicas wanted now.</summary>
    public int Replicas { get; internal set; }

    /// <summary>Inference: requests per second that its started replicas answer within their latency class; null where
    /// nobody said what a replica answers.</summary>
    public double? Capacity
    {
        get
        {
            if (Spec.Serving is null) return null;
            var capacity = 0.0;
            foreach (var allocation in _allocations.Values)
                if (allocation.Started) capacity += allocation.Capacity;
            return capacity;
        }
    }

    /// <summary>It was promised devices while it waits. Derived, so it is in no snapshot.</summary>
    internal bool Reserved { get; private set; }

    /// <summary>Whether its promise is the first on one of its models, which keeps its place in the queue; counted up
    /// with such promises, 0: it is not. Derived too.</summary>
    internal long Promised { get; private set; }

    /// <summary>A cycle makes the promise. It takes the round as a proof: no question has one.</summary>
    public void Promise(RoundWriter round)
    {
        Reserved = true;
        if (Promised == 0) Promised = round.NextPromise(this);
    }

    /// <summary>It waits no more. True when a promise goes with that.</summary>
    internal bool LetGo()
    {
        var was = Reserved;
        Reserved = false;
        Promised = 0;
        return was;
    }

    /// <summary>Counts up with every job that begins to wait, so that what a cycle found is not told of those that
    /// came later. Derived, as what it found is.</summary>
    internal long Entered { get; set; }

    /// <summary>What the last cycle that tried this job by itself found; see <see cref="LastTry"/>.</summary>
    internal LastTry? Tried { get; private set; }

    /// <summary>Notes what a cycle found for it alone.</summary>
    public void Note(RoundWriter round, LastTry found)
    {
        ArgumentNullException.ThrowIfNull(round);
        Tried = found;
    }

    internal void Forget() => Tried = null;

    /// <summary>What the last cycle that tried it, or those it waits with, found; null: none did since it began to
    /// wait, or since the cell's state was read back.</summary>
    public LastTry? LastTry
    {
        get
        {
            if (!Waits || !Class.Lanes.TryGetValue(Spec.Tenant, out var lane)) return null;
            var shared = lane.Tried is { } tried && Entered <= tried.Entered ? tried : null;
            return Tried is { } own && (shared is null || own.Cycle >= shared.Cycle) ? own : shared;
        }
    }

    /// <summary>How often tasks failed, by their number; those that never did are left out.</summary>
    public IReadOnlyDictionary<int, int> Failures => _failures;

    public int FailuresOf(int task) => _failures.GetValueOrDefault(task);

    public int Requeues { get; internal set; }
    public int Preemptions { get; internal set; }

    /// <summary>What became of the devices' time that it was given.</summary>
    public WorkLedger Work { get; internal set; }

    /// <summary>Training: the gangs it had to leave for, the last <see cref="Limits.PreemptorsKeptPerJob"/>.</summary>
    public IReadOnlyList<long> PreemptedBy => _preemptedBy;

    /// <summary>How often it, or one of its tasks, went on elsewhere.</summary>
    public int Moves { get; internal set; }

    /// <summary>The id of a job that was taken over from another cell; empty for a job of this cell.</summary>
    public string Origin { get; init; } = "";

    /// <summary>The stay in another cell that it was taken over from; null: it was not, or by an older version.
    /// </summary>
    public TransferTicket? Ticket { get; init; }

    /// <summary>How often it has changed cells.</summary>
    public int Transfers { get; init; }

    /// <summary>Taken over, but its home has not let go of it yet.</summary>
    public bool Held { get; internal set; }

    /// <summary>The cell it went to; empty while it is here.</summary>
    public string ForwardedTo { get; internal set; } = "";

    /// <summary>How it ended; null while it has not.</summary>
    public JobPhase? Ended { get; internal set; }

    /// <summary>Live allocations, oldest first.</summary>
    public IReadOnlyDictionary<long, AllocationState> Allocations => _allocations;

    /// <summary>Tasks without devices; a gang is the one task 0.</summary>
    public IReadOnlySet<int> Unplaced => _unplaced;

    /// <summary>Batch: tasks that are done.</summary>
    public IReadOnlyCollection<int> Finished => _finished;

    /// <summary>Batch: parts that it gave tasks to, by the number of their job here.</summary>
    public IReadOnlyDictionary<long, ArrayPart> Parts => _parts;

    /// <summary>Batch: tasks that are done, in parts that have ended too.</summary>
    public int TasksDone => _finished.Count + _parts.Values.Sum(p => p.TasksDone);

    /// <summary>The id of the array that it is a part of; empty: it is whole.</summary>
    public string PartOf { get; init; } = "";

    /// <summary>True while it stands in the queue.</summary>
    public bool Waits => Ended is null && !Held && _unplaced.Count > 0;

    /// <summary>
    /// It waits as a whole, so another cell may take it over. Whoever ran and waits again was requeued, which tells an
    /// old offer from a new one; a service that may have no replica at all is not, so it stays.
    /// </summary>
    public bool MayMove => Waits && Transfers < Limits.TransfersPerJobMax && _allocations.Count == 0
        && _finished.Count == 0 && _parts.Count == 0 && Spec is not { Kind: JobKind.Inference, MinReplicas: 0 };

    /// <summary>It has begun, so it goes in parts.</summary>
    public bool MaySplit => Waits && !MayMove && Spec.Kind == JobKind.Batch && Transfers < Limits.TransfersPerJobMax
        && _parts.Count < Limits.PartsPerJobMax;

    /// <summary>So many more tasks, and all are done.</summary>
    public bool IsDoneWith(int tasks) => TasksDone + tasks == Spec.Tasks;

    public JobPhase Phase
    {
        get
        {
            if (Ended is { } ended) return ended;
            if (_allocations.Count == 0)
                return Spec.Kind == JobKind.Inference && Replicas == 0 ? JobPhase.Idle
                    : _unplaced.Count == 0 && _parts.Count > 0 ? JobPhase.Running : JobPhase.Pending;
            foreach (var allocation in _allocations.Values)
                if (allocation.Started) return JobPhase.Running;
            return JobPhase.Placed;
        }
    }

    internal void Bind(AllocationState allocation)
    {
        _allocations.Add(allocation.Sequence, allocation);
        var task = allocation.Placed.Task;
        if (Spec.Kind == JobKind.Training) _unplaced.Clear();
        else if (Spec.Kind == JobKind.Inference ? !BindReplica(task) : !_unplaced.Remove(task))
            throw new InvariantBrokenException($"task {task} of job {Number} is placed already");
    }

    internal void Release(AllocationState allocation, AllocationEnd end)
    {
        _allocations.Remove(allocation.Sequence);
        var task = allocation.Placed.Task;
        switch (Spec.Kind)
        {
            case JobKind.Training:
                if (end != AllocationEnd.Completed) _unplaced.Add(0);
                break;
            case JobKind.Batch:
                (end == AllocationEnd.Completed ? _finished : _unplaced).Add(task);
                break;
            default:
                ReleaseReplica(task);
                break;
        }
    }

    internal void DoneLate(int task)
    {
        if (Spec.Kind != JobKind.Batch || !_unplaced.Remove(task))
            throw new InvariantBrokenException($"task {task} of job {Number} is done late and does not wait");
        _finished.Add(task);
    }

    /// <summary>Gives tasks that wait to a part, which is another job.</summary>
    internal void Give(long part, IReadOnlyList<int> tasks)
    {
        foreach (var task in tasks)
            if (Spec.Kind != JobKind.Batch || !_unplaced.Remove(task))
                throw new InvariantBrokenException($"task {task} of job {Number} does not wait, and goes to a part");
        _parts.Add(part, new ArrayPart(tasks));
    }

    internal void EndPart(long part, JobPhase how, int done) =>
        _parts[part] = _parts[part] with { Ended = how, TasksDone = done };

    /// <summary>A replica that moves keeps its number; else the lowest ones that wait are taken.</summary>
    private bool BindReplica(int task)
    {
        if (_unplaced.Count == 0 || !_bound.Add(task)) return false;
        if (!_unplaced.Remove(task)) _unplaced.Remove(_unplaced.Max);
        return true;
    }

    /// <summary>Those that wait have the lowest numbers that no replica with devices has, so that a snapshot need not
    /// name them. Only after waiting ones were dropped are there holes among the numbers.</summary>
    private void ReleaseReplica(int task)
    {
        var holes = Math.Max(task, _bound.Max) >= Replicas;
        _bound.Remove(task);
        var number = holes ? 0 : task;
        while (number < task && (_bound.Contains(number) || _unplaced.Contains(number))) number++;
        _unplaced.Add(number);
    }

    /// <summary>The superfluous ones with devices have ended before; those without are dropped, and the rest is
    /// numbered anew.</summary>
    internal void Scale(int replicas)
    {
        CheckTasks(replicas);
        if (_bound.Count > replicas)
            throw new InvariantBrokenException(
                $"job {Number} has devices for {_bound.Count} replicas and wants {replicas}");
        Replicas = replicas;
        _unplaced.Clear();
        for (var number = 0; _bound.Count + _unplaced.Count < replicas; number++)
            if (!_bound.Contains(number)) _unplaced.Add(number);
    }

    internal void End(JobPhase phase, DateTimeOffset at)
    {
        Ended = phase;
        CompletedAt = at;
        _unplaced.Clear();
    }

    /// <summary>Remembers for whom the gang had to leave, so that it has to do so only once.</summary>
    internal void LeftFor(long beneficiary)
    {
        if (beneficiary == 0 || Spec.Kind != JobKind.Training || _preemptedBy.Contains(beneficiary)) return;
        if (_preemptedBy.Count == Limits.PreemptorsKeptPerJob) _preemptedBy.RemoveAt(0);
        _preemptedBy.Add(beneficiary);
    }

    internal void Failed(int task, int times = 1) => _failures[task] = FailuresOf(task) + times;

    /// <summary>A gang that got on since it failed is not one that never will.</summary>
    internal void GotOn() => _failures.Clear();

    internal void RestoreProgress(IEnumerable<int> finished)
    {
        foreach (var task in finished)
        {
            _finished.Add(task);
            _unplaced.Remove(task);
        }
    }
}
