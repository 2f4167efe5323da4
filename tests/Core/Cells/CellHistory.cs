using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells;

/// <summary>One command of a history and what became of it.</summary>
public sealed record Told(CellCommand Command, Decision Decision);

/// <summary>
/// A random life of one cell, the same for the same seed: commands of every kind, known and unknown, new and repeated,
/// over a <see cref="RandomFleet"/>. Each step is one round as the cell's actor runs it: the commands that gathered,
/// one scheduling cycle, and the round is closed.
/// </summary>
public sealed class CellHistory
{
    public const int CommandsMin = 1_000;

    /// <summary>Far more than any instant needs.</summary>
    private const int CyclesInARowMax = 200;

    private readonly Random _random;
    private readonly RandomFleet _fleet;
    private readonly RandomJobs _jobs;
    private readonly Dictionary<int, NodeAdmitted> _older = [];
    private readonly List<SubmitJob> _keyed = [];
    private readonly List<AdoptJob> _offers = [];
    private readonly int _eagerness;
    private DateTimeOffset _now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private int _cyclesInARow;
    private int _key;
    private CellImage? _image;

    /// <param name="change">What is different in the policy that the seed draws; null: nothing.</param>
    public CellHistory(int seed, Func<Policy, Policy>? change = null)
    {
        Seed = seed;
        _random = new Random(seed);
        _fleet = new RandomFleet(_random);
        _jobs = new RandomJobs(_random);
        // Some histories are idle and some are crowded: both ends have their own mistakes.
        _eagerness = _random.Next(15, 45);
        Policy = change?.Invoke(_fleet.Policy) ?? _fleet.Policy;
        State = new CellState("north", RandomFleet.Catalog, Policy);
    }

    public int Seed { get; }
    public CellState State { get; }
    public Policy Policy { get; }

    /// <summary>The rounds that were closed with events, oldest first: the journal.</summary>
    public List<Round> Rounds { get; } = [];

    public int Steps { get; private set; }
    public int Commands { get; private set; }

    /// <summary>The last step's commands, its round (null: nothing happened) and its cycle.</summary>
    public List<Told> Told { get; } = [];
    public Round? Round { get; private set; }
    public CycleResult Cycle { get; private set; }

    /// <summary>The state as the last step left it.</summary>
    public CellImage Image => _image ??= State.Capture();

    /// <summary>Runs inside a step after each command, with the round still open.</summary>
    public Action<RoundWriter, Told>? AfterCommand { get; set; }

    /// <summary>Runs inside a step before each command.</summary>
    public Action<CellCommand>? BeforeCommand { get; set; }

    /// <summary>One round; false when the history is over.</summary>
    public bool Step()
    {
        if (Commands >= CommandsMin) return false;
        Steps++;
        Told.Clear();
        _image = null;
        if (_random.Next(3) > 0) _now += TimeSpan.FromSeconds(_random.Next(1, 5_400));
        var round = new RoundWriter(State, _now);
        foreach (var command in Gather())
        {
            Commands++;
            BeforeCommand?.Invoke(command);
            var told = new Told(command, round.Run(command));
            Told.Add(told);
            AfterCommand?.Invoke(round, told);
        }

        Cycle = SchedulingCycle.Run(State, round);
        Round = round.Close();
        if (Round is not null) Rounds.Add(Round);
        _cyclesInARow = Cycle.More ? _cyclesInARow + 1 : 0;
        if (_cyclesInARow > CyclesInARowMax)
            throw new InvalidOperationException("the cycles of an instant have no end, jobs push each other out:\n"
                + string.Join("\n\n", Rounds.TakeLast(4).Select(r => string.Join('\n', r.Events)))
                + $"\nin {Where()}");
        return true;
    }

    /// <summary>Where a property failed, with all that is needed to see it again.</summary>
    public string Where() =>
        $"history {Seed}, step {Steps}, round {State.RoundNumber}, policy {Policy.Name}, {State.Nodes.Count} nodes; "
        + $"commands of the step:\n  {string.Join("\n  ", Told.Select(t => $"{t.Command} -> {t.Decision}"))}\n";

    private IEnumerable<CellCommand> Gather()
    {
        if (Steps == 1)
        {
            yield return new RaiseEpoch();
            for (var node = 0; node < _fleet.Nodes.Count; node++)
                if (node < 2 || _random.Next(10) > 0)
                    yield return new AdmitNode(_fleet.Nodes[node], []);
            yield break;
        }

        // After a cycle that was cut short the actor runs the next one at once.
        for (var left = Cycle.More ? 0 : _random.Next(1, 9); left > 0; left--) yield return Next();
    }

    private CellCommand Next()
    {
        var dice = _random.Next(100);
        if (dice < _eagerness) return Submit();
        if (dice >= 92) return HandOver();
        return _random.Next(100) switch
        {
            < 12 => new CancelJob(AnyJob()),
            < 40 => Started(),
            < 66 => Completed(),
            < 74 => new RecordCheckpoint(AnyJob(), _random.Next(-1, 13) / 10.0),
            < 80 => Lose(),
            < 91 => Admit(),
            < 95 => new DrainNode(AnyNode())
            {
                By = _random.Next(2) == 0 ? _now.AddMinutes(_random.Next(1, 600)) : null,
                Cordon = _random.Next(4) == 0,
            },
            < 99 => new ResumeNode(AnyNode()),
            _ => new RaiseEpoch(),
        };
    }

    private SubmitJob Submit()
    {
        if (_keyed.Count > 0 && _random.Next(8) == 0)
        {
            var earlier = _keyed[_random.Next(_keyed.Count)];
            return _random.Next(2) == 0 ? earlier : earlier with { Spec = _jobs.Next() };
        }

        var submit = new SubmitJob(_random.Next(2) == 0 ? $"key-{++_key}" : "", _jobs.Next());
        if (submit.Key.Length > 0) _keyed.Add(submit);
        return submit;
    }

    /// <summary>A word with another cell: it offers a job, takes one, or settles an offer that it made.</summary>
    private CellCommand HandOver()
    {
        switch (_random.Next(8))
        {
            case < 3:
                var number = AnyJob();
                var job = State.FindJob(number);
                return new ForwardJob(
                    number, _random.Next(2) == 0 ? "south" : "west", job?.Done ?? 0, job?.Requeues ?? 0);
            case < 5 when _offers.Count > 0:
                var offer = _offers[^_random.Next(1, Math.Min(4, _offers.Count) + 1)];
                return new SettleAdoption(offer.Origin, _random.Next(3) > 0, offer.Done, offer.Requeues);
            case 5 when _offers.Count > 0:
                return _offers[_random.Next(_offers.Count)];
            case 6:
                return new SettleAdoption("south-0", _random.Next(2) == 0, 0, 0);
            default:
                var spec = _jobs.Next();
                var done = spec.Kind == JobKind.Training ? _random.Next(10) / 10.0 : 0;
                var asked = _now.AddMinutes(-_random.Next(600));
                _offers.Add(new AdoptJob($"south-{_offers.Count + 1}", spec, asked, done, _random.Next(3)));
                return _offers[^1];
        }
    }

    private long AnyJob() => _random.NextInt64(0, State.NextJob + 2);

    private string AnyNode() =>
        _random.Next(20) == 0 ? "nobody" : _fleet.Nodes[_random.Next(_fleet.Nodes.Count)].Node;

    private ReportStarted Started()
    {
        var unstarted = State.Unstarted.ToList();
        if (unstarted.Count == 0 || _random.Next(6) == 0) return new ReportStarted(AnyNode(), AnySequence());
        var allocation = unstarted[_random.Next(unstarted.Count)];
        return new ReportStarted(allocation.Node.Id, allocation.Sequence);
    }

    private ReportCompleted Completed()
    {
        var live = State.Allocations.Values.OrderBy(a => a.Sequence).ToList();
        if (live.Count == 0 || _random.Next(8) == 0) return new ReportCompleted(AnyNode(), AnySequence());
        // Completions dwell on few gangs, or no gang would ever see its last part finish.
        var allocation = live[_random.Next(Math.Min(live.Count, 12))];
        return new ReportCompleted(allocation.Node.Id, allocation.Sequence);
    }

    private long AnySequence() => _random.NextInt64(0, State.NextSequence + 3);

    private LoseNode Lose()
    {
        var node = AnyNode();
        var known = State.FindNode(node)?.Admitted.Incarnation ?? 1;
        return new LoseNode(node, _random.Next(3) == 0 ? 0 : known - _random.Next(2), "it fell silent")
        {
            Failed = State.RoundNumber % 3 == 0,
        };
    }

    private AdmitNode Admit()
    {
        var index = _random.Next(_fleet.Nodes.Count);
        var node = _fleet.Nodes[index];
        switch (_random.Next(12))
        {
            case < 3:
                _older[index] = node;
                node = _fleet.Restart(index);
                break;
            case 3 when _older.TryGetValue(index, out var older):
                node = older;
                break;
            case 4:
                node = node with { Model = "imaginary" };
                break;
            case 5:
                node = node with { Devices = _random.Next(2) * 100 };
                break;
            case 6 or 7 or 8:
                node = _fleet.Reshape(index);
                break;
            case 9:
                node = node with { Tier = "imaginary" };
                break;
            default:
                break;
        }

        var running = (State.FindNode(node.Node)?.Allocations ?? [])
            .Where(_ => _random.Next(8) > 0)
            .Append(AnySequence())
            .ToList();
        return new AdmitNode(node, running);
    }
}
