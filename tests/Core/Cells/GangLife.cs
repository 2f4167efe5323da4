using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells;

/// <summary>A cell of gangs whose nodes do just the work that time allows, and tell of it before every blow.</summary>
internal sealed class GangLife
{
    private const int StepsMax = 120;

    private static readonly TimeSpan[] Checkpoints =
        [TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(45), TimeSpan.FromHours(3)];

    private readonly Random _random;
    private readonly ProgressBoard _progress = new();
    private readonly Dictionary<string, long> _incarnations = [];
    private readonly Dictionary<long, (double Lost, double Devices, bool Held)> _before = [];

    public GangLife(int seed)
    {
        _random = new Random(seed);
        for (var i = 1; i <= 4; i++) Cell.Node($"h{i}", "H800", 8);
        for (var i = 1; i <= 3; i++) Cell.Node($"a{i}", "A800", 8);
    }

    public TestCell Cell { get; } = new();

    public int Steps { get; private set; }

    /// <summary>Gangs that lost their devices in the last step: what it cost them, in device-milliseconds.</summary>
    public List<(JobState Job, double LostMs, double Devices)> Interrupted { get; } = [];

    private CellState State => Cell.State;

    public bool Step()
    {
        if (++Steps > StepsMax) return false;
        Cell.Now += TimeSpan.FromMinutes(_random.Next(1, 240));
        Complete();
        foreach (var command in _progress.Report(State, Done())) Cell.Run(command);
        Note();
        Blow();
        while (Cell.Cycle().More)
        {
            // A cycle that sent somebody away is followed by another.
        }

        Compare();
        foreach (var job in State.Jobs.Values.Where(j => j.Allocations.Count > 0)) GoodputTests.Start(Cell, job);
        return true;
    }

    /// <summary>The sums of the jobs are the cell's, and nobody used more than was given.</summary>
    public void AssertBooks()
    {
        var jobs = State.Jobs.Values;
        var goodput = State.Goodput;
        Assert.Equal(jobs.Sum(j => j.Work.UsefulMs), goodput.UsefulTrainingMs + goodput.UsefulBatchMs, 1.0);
        Assert.Equal(jobs.Sum(j => j.Work.LostMs), goodput.LostMs.Values.Sum(), 1.0);
        Assert.All(jobs, job =>
        {
            var held = WorkLedger.HeldBy(job, State.At);
            Assert.True(job.Work.UsefulMs + job.Work.LostMs <= held * (1 + 1e-9) + Limits.MilliPerDevice,
                $"job {job.Number}: {job.Work.UsefulMs} useful and {job.Work.LostMs} lost of {held}");
        });
    }

    private IEnumerable<(long Sequence, double Done)> Done() => State.Allocations.Values
        .Where(a => a.Started)
        .Select(a => (a.Sequence, Math.Min(1, a.DoneAtStart + (Cell.Now - a.StartedAt!.Value) / a.Placed.RunTime)));

    private void Complete()
    {
        foreach (var (sequence, done) in Done().OrderBy(d => d.Sequence).ToList())
            if (done >= 1 && State.FindAllocation(sequence) is { } allocation)
                Cell.Run(new ReportCompleted(allocation.Node.Id, sequence));
    }

    private void Note()
    {
        _before.Clear();
        foreach (var job in State.Jobs.Values)
            _before[job.Number] = (job.Work.LostMs, job.Allocations.Values.Sum(a => a.DeviceMilli) / 1_000.0,
                job.Allocations.Count > 0);
    }

    private void Compare()
    {
        Interrupted.Clear();
        foreach (var (number, (lost, devices, held)) in _before)
            if (State.FindJob(number) is { } job && held && (job.Requeues > 0 || job.Moves > 0 || job.Ended is not null)
                && job.Work.LostMs >= lost && !job.Allocations.Values.Any(a => a.Started))
                Interrupted.Add((job, job.Work.LostMs - lost, devices));
    }

    private void Blow()
    {
        var node = State.Nodes[_random.Next(State.Nodes.Count)];
        switch (_random.Next(10))
        {
            case < 4:
                Cell.Run(new SubmitJob("", Gang()));
                break;
            case < 7 when !node.Lost:
                Cell.Run(new LoseNode(node.Id, 0, "it fell silent"));
                break;
            case < 8 when !node.Lost:
                Cell.Run(node.Draining
                    ? new ResumeNode(node.Id)
                    : new DrainNode(node.Id) { By = Cell.Now.AddHours(_random.Next(4)) });
                break;
            case 8 when State.Jobs.Count > 0:
                Cell.Run(new CancelJob(_random.NextInt64(1, State.NextJob)));
                break;
            default:
                foreach (var lost in State.Nodes.Where(n => n.Lost).ToList())
                {
                    var incarnation = _incarnations[lost.Id] = _incarnations.GetValueOrDefault(lost.Id, 1) + 1;
                    Cell.Run(new AdmitNode(lost.Admitted with { Incarnation = incarnation }, []));
                }

                break;
        }
    }

    private JobSpec Gang() => new()
    {
        Name = "gang",
        Kind = JobKind.Training,
        Devices = 4 * _random.Next(1, 6),
        Priority = (Priority)_random.Next(4),
        WorkHours = _random.Next(40, 900),
        Checkpoint = Checkpoints[_random.Next(Checkpoints.Length)],
    };
}
