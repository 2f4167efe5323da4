using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Scheduler.Tests.Journal;

/// <summary>
/// A short life of a cell in which everything happens that an event tells of. Each release writes its journal once,
/// with its own rules, and the later ones have to read it.
/// </summary>
internal sealed class ReleaseLife
{
    private readonly List<Round> _rounds = [];
    private DateTimeOffset _now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private ReleaseLife(Catalog catalog, Policy policy) => State = new CellState("north", catalog, policy);

    public CellState State { get; }

    public IReadOnlyList<Round> Rounds => _rounds;

    public static ReleaseLife Live(Catalog catalog, Policy policy)
    {
        var life = new ReleaseLife(catalog, policy);
        life.Begin();
        life.Train();
        life.ServeAndCompute();
        life.DrainAndLose();
        life.HandOver();
        return life;
    }

    private void Begin() => Run(0, new RaiseEpoch(), Admit("n1", "H800", 8, 1), Admit("n2", "H800", 8, 1),
        Admit("n3", "A10", 4, 1));

    /// <summary>A gang over two nodes: checkpoint, one part done before the other.</summary>
    private void Train()
    {
        var gang = Submit("train-1", new JobSpec
        {
            Name = "pretrain", Kind = JobKind.Training, Tenant = "research", Priority = Priority.High, Devices = 16,
            PerNode = 8, WorkHours = 64, Checkpoint = TimeSpan.FromMinutes(30), Generation = 1,
            Labels = new SortedDictionary<string, string> { ["zone"] = "a" },
        });
        Start(gang, minutes: 1);
        Run(60, new RecordCheckpoint(gang.Number, 0.25));
        foreach (var part in gang.Allocations.Values.ToList())
            Run(90, new ReportCompleted(part.Node.Id, part.Sequence));
    }

    /// <summary>A service over a day and a batch, one task of which is done; another batch is withdrawn.</summary>
    private void ServeAndCompute()
    {
        var service = Submit("serve-1", new JobSpec
        {
            Name = "chat", Kind = JobKind.Inference, Tenant = "product", ShareMilli = 500, MinReplicas = 1,
            MaxReplicas = 4, Demand = new Demand(10, 90, 14), LatencyClass = "interactive", Models = ["A10"],
        });
        Start(service, minutes: 1);
        Run(12 * 60);
        var tasks = Submit("batch-1", new JobSpec
        {
            Name = "evaluate", Kind = JobKind.Batch, Tasks = 3, Devices = 1, Duration = TimeSpan.FromHours(1),
            MemoryMiB = 1_024, CpuMilli = 2_000, Models = ["A10", "H800"],
        });
        Start(tasks, minutes: 1);
        var first = tasks.Allocations.Values.First();
        Run(60, new ReportCompleted(first.Node.Id, first.Sequence));
        var withdrawn = Submit("", new JobSpec
        {
            Name = "mistake", Kind = JobKind.Batch, Tasks = 1, Devices = 1, Duration = TimeSpan.FromHours(9),
        });
        Run(1, new CancelJob(withdrawn.Number));
        foreach (var rest in tasks.Allocations.Values.ToList())
            Run(1, new ReportCompleted(rest.Node.Id, rest.Sequence));
    }

    /// <summary>A gang moves off a node that has to be empty, loses the next one, and waits again.</summary>
    private void DrainAndLose()
    {
        var gang = Submit("train-2", new JobSpec
        {
            Name = "finetune", Kind = JobKind.Training, Devices = 8, WorkHours = 400, Models = ["H800"],
            Checkpoint = TimeSpan.FromHours(1),
        });
        Start(gang, minutes: 1);
        Run(180, new RecordCheckpoint(gang.Number, 0.05));
        var from = gang.Allocations.Values.First().Node.Id;
        Run(1, new DrainNode(from) { By = _now.AddHours(2) });
        Run(1, new ResumeNode(from));
        Start(gang, minutes: 1);
        var lost = gang.Allocations.Values.First().Node;
        Run(60, new LoseNode(lost.Id, lost.Admitted.Incarnation, "it fell silent"));
        Run(5, Admit(lost.Id, "H800", 8, 2));
        Start(gang, minutes: 1);
    }

    /// <summary>Jobs come from another cell and go there; one of them breaks off and may not be tried again.</summary>
    private void HandOver()
    {
        var spec = new JobSpec
        {
            Name = "guest", Kind = JobKind.Training, Devices = 8, WorkHours = 80, Models = ["H800"], Retries = 0,
        };
        Run(1, new AdoptJob("south-1", spec, _now, 0.5, 3));
        Run(1, new AdoptJob("south-2", spec, _now, 0, 0));
        Run(1, new SettleAdoption("south-2", Confirmed: false, 0, 0),
            new SettleAdoption("south-1", Confirmed: true, 0.5, 3));
        var adopted = State.FindAdopted("south-1")!;
        Start(adopted, minutes: 1);
        var waits = Submit("train-3", spec with { Name = "elsewhere", Devices = 16 });
        Run(1, new ForwardJob(waits.Number, "south", waits.Done, waits.Requeues));
        var node = adopted.Allocations.Values.First().Node;
        Run(30, new AdmitNode(node.Admitted, []));
        Run(1, new LoseNode(node.Id, 0, "its host fell silent"));
    }

    private static AdmitNode Admit(string node, string model, int devices, long incarnation) => new(new NodeAdmitted(
        node, "h1", incarnation, model, devices, 128_000, 1 << 20,
        new SortedDictionary<string, string> { ["zone"] = "a", ["rack"] = "r1" }), []);

    private JobState Submit(string key, JobSpec spec)
    {
        var number = State.NextJob;
        Run(1, new SubmitJob(key, spec));
        return State.FindJob(number)!;
    }

    private void Start(JobState job, int minutes) => Run(minutes, [.. job.Allocations.Values
        .Where(a => !a.Started).Select(a => new ReportStarted(a.Node.Id, a.Sequence))]);

    /// <summary>One round, so many simulated minutes after the last, and those that follow from it.</summary>
    private void Run(int minutes, params CellCommand[] commands)
    {
        _now = _now.AddMinutes(minutes);
        for (var more = true; more; commands = [])
        {
            var round = new RoundWriter(State, _now);
            foreach (var command in commands)
                Assert.True(round.Run(command) is Accepted or AlreadyDone, $"{command} was refused");
            more = SchedulingCycle.Run(State, round).More;
            if (round.Close() is { } closed) _rounds.Add(closed);
        }
    }
}
