using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Tests.Shared;

/// <summary>
/// One cell under load in virtual time, the same for the same seed: jobs arrive, run for as long as they were placed
/// for, write their checkpoints, and end. Nodes report at once. Each instant is one round with its cycle, and cycles
/// follow until one has nothing more to do.
/// </summary>
public sealed class SteadyLoad
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Beat = TimeSpan.FromMinutes(5);

    private readonly Random _random;
    private readonly PriorityQueue<Action, (DateTimeOffset, long)> _agenda = new();
    private readonly List<CellCommand> _commands = [];
    private readonly Dictionary<string, (NodeAdmitted Node, bool Up)> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Running> _running = [];
    private DateTimeOffset _cellTime = Start;
    private long _order;

    /// <param name="fleet">Nodes of eight devices by model.</param>
    public SteadyLoad(int seed, Catalog catalog, Policy policy, IEnumerable<(string Model, int Nodes)> fleet)
    {
        _random = new Random(seed);
        State = new CellState("north", catalog, policy);
        foreach (var (model, nodes) in fleet)
            for (var i = 0; i < nodes; i++)
                Bring(model, i);
    }

    /// <summary>What a node runs.</summary>
    public sealed record Running(
        long Sequence, long Job, JobSpec Spec, string Node, uint DeviceMask, int ShareMilli,
        DateTimeOffset Since, double DoneBefore, TimeSpan RunTime)
    {
        /// <summary>Share of the work that is done at an instant of the world, 0..1.</summary>
        public double DoneAt(DateTimeOffset now) => RunTime == TimeSpan.Zero
            ? 0
            : Math.Min(1, DoneBefore + (now - Since) / RunTime);
    }

    public CellState State { get; }

    /// <summary>Time of the world. The cell's differs from it by <see cref="ClockError"/>, and never goes back.
    /// </summary>
    public DateTimeOffset Now { get; private set; } = Start;

    public TimeSpan ClockError { get; set; }

    public List<Round> Rounds { get; } = [];

    /// <summary>Nothing happens any more.</summary>
    public bool Stopped { get; set; }

    /// <summary>What the cell has been told or has decided, counted.</summary>
    public long Steps { get; private set; }

    /// <summary>Nodes that are up, whatever the cell believes.</summary>
    public IEnumerable<NodeAdmitted> NodesUp => _nodes.Values.Where(n => n.Up).Select(n => n.Node);

    /// <summary>What runs on them, whatever the cell believes.</summary>
    public IEnumerable<Running> Work => _running.Values;

    /// <summary>What the cell hears; false: nothing.</summary>
    public Func<CellCommand, bool> Hears { get; set; } = _ => true;

    /// <summary>Asked after every round.</summary>
    public Action<Round>? AfterRound { get; set; }

    /// <summary>Asked at every instant, when there is nothing more to do.</summary>
    public Action? AtRest { get; set; }

    /// <summary>With the next round.</summary>
    public void Send(CellCommand command)
    {
        if (Hears(command)) _commands.Add(command);
    }

    /// <summary>A node joins, or comes back and runs nothing of before.</summary>
    public void Bring(string model, int number)
    {
        var name = $"{model}-{number}";
        var incarnation = _nodes.TryGetValue(name, out var before) ? before.Node.Incarnation + 1 : 1;
        var node = new NodeAdmitted(name, "host", incarnation, model, 8, 128_000, 1_048_576,
            new Dictionary<string, string>());
        _nodes[name] = (node, true);
        Send(new AdmitNode(node, []));
    }

    /// <summary>A node breaks, with all it runs.</summary>
    /// <param name="failed">By its own fault.</param>
    public void Break(string node, bool failed = false)
    {
        _nodes[node] = (_nodes[node].Node, false);
        foreach (var gone in _running.Values.Where(r => r.Node == node).ToList()) _running.Remove(gone.Sequence);
        Send(new LoseNode(node, 0, "test") { Failed = failed });
    }

    public void Add(Arrivals stream) => Later(Start + _random.NextDouble() * stream.Every, () => Arrive(stream));

    public void Run(TimeSpan duration)
    {
        var end = Start + duration;
        for (var beat = Start; beat < end; beat += Beat) Later(beat, () => { });
        while (!Stopped && _agenda.TryDequeue(out var action, out var when) && when.Item1 < end)
        {
            Now = when.Item1;
            action();
            while (_agenda.TryPeek(out _, out var next) && next.Item1 == Now) _agenda.Dequeue()();
            RunRounds();
            AtRest?.Invoke();
        }
    }

    /// <summary>Something else that happens at an instant.</summary>
    public void Later(DateTimeOffset at, Action action) =>
        _agenda.Enqueue(action, (DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds()), _order++));

    private void RunRounds()
    {
        if (Now + ClockError > _cellTime) _cellTime = Now + ClockError;
        bool more;
        do
        {
            var round = new RoundWriter(State, _cellTime);
            foreach (var command in _commands) round.Run(command);
            Steps += _commands.Count + 1;
            _commands.Clear();
            more = SchedulingCycle.Run(State, round).More;
            if (round.Close() is not { } closed) return;
            Rounds.Add(closed);
            foreach (var committed in closed.Events)
                if (committed is JobPlaced placed) Started(placed);
                else if (committed is AllocationsEnded ended) Ended(ended);
            AfterRound?.Invoke(closed);
        }
        while (more || _commands.Count > 0);
    }

    private void Arrive(Arrivals stream)
    {
        var job = State.NextJob + _commands.OfType<SubmitJob>().Count();
        Send(new SubmitJob("", stream.Spec));
        if (stream.Lives > TimeSpan.Zero) Later(Now + stream.Lives, () => Send(new CancelJob(job)));
        // Exponential gaps: arrivals of many users who know nothing of each other.
        Later(Now - Math.Log(1 - _random.NextDouble()) * stream.Every, () => Arrive(stream));
    }

    /// <summary>The nodes start it at once, write its checkpoints and report its end.</summary>
    private void Started(JobPlaced placed)
    {
        if (State.FindJob(placed.Job) is not { } job) return;
        foreach (var allocation in placed.Allocations)
        {
            // It may have left in the same round.
            if (State.FindAllocation(allocation.Sequence) is null) continue;
            var sequence = allocation.Sequence;
            _running[sequence] = new Running(sequence, placed.Job, job.Spec, allocation.Node, allocation.DeviceMask,
                allocation.ShareMilli, Now, job.Done, allocation.RunTime);
            Send(new ReportStarted(allocation.Node, sequence));
            if (allocation.RunTime == TimeSpan.Zero) continue;
            Later(Now + allocation.RunTime * (1 - job.Done), () =>
            {
                if (_running.Remove(sequence)) Send(new ReportCompleted(allocation.Node, sequence));
            });
        }

        if (job.Spec.Kind != JobKind.Training || job.Spec.Checkpoint == TimeSpan.Zero) return;
        var first = placed.Allocations[0];
        var step = job.Spec.Checkpoint / first.RunTime;
        var done = job.Done;
        for (var n = 1; done + n * step < 1; n++)
        {
            var safe = done + n * step;
            Later(Now + n * job.Spec.Checkpoint, () =>
            {
                if (_running.ContainsKey(first.Sequence)) Send(new RecordCheckpoint(job.Number, safe));
            });
        }
    }

    /// <summary>A gang that has to leave writes a checkpoint within its grace.</summary>
    private void Ended(AllocationsEnded ended)
    {
        foreach (var sequence in ended.Sequences)
        {
            if (!_running.Remove(sequence, out var run) || State.Policy.Guests.Grace == TimeSpan.Zero) continue;
            var writes = run.Spec.Kind == JobKind.Training && run.Spec.Checkpoint > TimeSpan.Zero && ended.End is
                AllocationEnd.Preempted or AllocationEnd.Reclaimed or AllocationEnd.Drained or AllocationEnd.Moved;
            if (writes && run.DoneAt(Now) is > 0 and < 1)
                Send(new RecordCheckpoint(run.Job, run.DoneAt(Now)));
        }
    }
}
