using Stockpile.Core.Cells;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Tests.Cells;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>A kind of job that keeps arriving: on average one in each interval, at random times.</summary>
public sealed record Stream(TimeSpan Every, JobSpec Spec);

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
    private long _order;

    public SteadyLoad(int seed, Policy policy, IEnumerable<(string Model, int Nodes)> fleet)
    {
        _random = new Random(seed);
        State = new CellState("north", RandomFleet.Catalog, policy);
        foreach (var (model, nodes) in fleet)
            for (var i = 0; i < nodes; i++)
                Bring(model, i);
    }

    public CellState State { get; }
    public DateTimeOffset Now { get; private set; } = Start;
    public List<Round> Rounds { get; } = [];

    /// <summary>Asked after every round.</summary>
    public Action<Round>? AfterRound { get; set; }

    /// <summary>With the next round.</summary>
    public void Send(CellCommand command) => _commands.Add(command);

    /// <summary>A node joins, or comes back and runs nothing of before.</summary>
    public void Bring(string model, int number)
    {
        var incarnation = (State.FindNode($"{model}-{number}")?.Admitted.Incarnation ?? 0) + 1;
        Send(new AdmitNode(new NodeAdmitted($"{model}-{number}", "host", incarnation, model, 8, 128_000, 1_048_576,
            new Dictionary<string, string>()), []));
    }

    public void Add(Stream stream) => Later(Start + _random.NextDouble() * stream.Every, () => Arrive(stream));

    public void Run(TimeSpan duration)
    {
        var end = Start + duration;
        for (var beat = Start; beat < end; beat += Beat) Later(beat, () => { });
        while (_agenda.TryDequeue(out var action, out var when) && when.Item1 < end)
        {
            Now = when.Item1;
            action();
            while (_agenda.TryPeek(out _, out var next) && next.Item1 == Now) _agenda.Dequeue()();
            RunRounds();
        }
    }

    private void RunRounds()
    {
        bool more;
        do
        {
            var round = new RoundWriter(State, Now);
            foreach (var command in _commands) round.Run(command);
            _commands.Clear();
            more = SchedulingCycle.Run(State, round).More;
            if (round.Close() is not { } closed) return;
            Rounds.Add(closed);
            foreach (var placed in closed.Events.OfType<JobPlaced>()) Started(placed);
            AfterRound?.Invoke(closed);
        }
        while (more || _commands.Count > 0);
    }

    private void Arrive(Stream stream)
    {
        _commands.Add(new SubmitJob("", stream.Spec));
        // Exponential gaps: arrivals of many users who know nothing of each other.
        Later(Now - Math.Log(1 - _random.NextDouble()) * stream.Every, () => Arrive(stream));
    }

    /// <summary>The nodes start it at once, write its checkpoints and report its end.</summary>
    private void Started(JobPlaced placed)
    {
        if (State.FindJob(placed.Job) is not { } job) return;
        foreach (var allocation in placed.Allocations)
        {
            if (State.FindAllocation(allocation.Sequence) is null) continue;
            _commands.Add(new ReportStarted(allocation.Node, allocation.Sequence));
            if (allocation.RunTime == TimeSpan.Zero) continue;
            var left = allocation.RunTime * (1 - job.Done);
            Later(Now + left, () => _commands.Add(new ReportCompleted(allocation.Node, allocation.Sequence)));
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
                if (State.FindAllocation(first.Sequence) is not null)
                    _commands.Add(new RecordCheckpoint(job.Number, safe));
            });
        }
    }

    private void Later(DateTimeOffset at, Action action) =>
        _agenda.Enqueue(action, (DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds()), _order++));
}
