using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Lab.Virtual;

namespace Stockpile.Lab.Sharding;

/// <summary>What became of the jobs and of the best tier, over all cells, from their rounds.</summary>
internal sealed class ShardMeter
{
    private readonly Dictionary<(string Cell, long Job), Life> _lives = [];
    private readonly Dictionary<string, Life> _byOrigin = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Part> _parts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private readonly Catalog _catalog;
    private readonly string _best;
    private readonly long _bestDevices;
    private readonly List<double> _waits = [];
    private readonly List<double> _trainingWaits = [];
    private readonly DateTimeOffset _start;
    private DateTimeOffset _at;
    private double _hours;
    private double _heldHours;
    private double _heldHoursAlways;
    private int _completed;

    /// <summary>One job, in whatever cell it is.</summary>
    private sealed class Life(DateTimeOffset submitted, JobKind kind)
    {
        public DateTimeOffset Submitted { get; } = submitted;
        public JobKind Kind { get; } = kind;
        public bool Started { get; set; }
        public bool Ended { get; set; }
    }

    /// <summary>One cell as it is until its next round.</summary>
    private sealed class Part(CellState state)
    {
        public CellState State { get; } = state;
        public bool Presses { get; set; }
        public double Held { get; set; }
    }

    private readonly Func<JobSpec, bool> _couldUseBest;
    private readonly Dictionary<EquivalenceClass, bool> _presses = [];

    /// <param name="couldUse">Whether some cell could run a job on a tier.</param>
    public ShardMeter(
        Catalog catalog, IReadOnlyList<NodeSpec> nodes, DateTimeOffset start, Func<JobSpec, string, bool> couldUse)
    {
        _catalog = catalog;
        _couldUseBest = spec => couldUse(spec, _best!);
        _start = _at = start;
        _best = catalog.Tiers.First(t => nodes.Any(n => catalog.Find(n.Model)!.Tier == t.Name)).Name;
        _bestDevices = nodes.Where(n => IsBest(n.Model)).Sum(n => (long)n.Devices);
    }

    /// <summary>Jobs with an end that have not ended.</summary>
    public int Open { get; private set; }

    public void Watch(IEnumerable<VirtualCell> cells)
    {
        foreach (var cell in cells) _parts.Add(cell.State.Cell, new Part(cell.State));
    }

    public void Take(Round round)
    {
        _touched.Add(round.Cell);
        foreach (var committed in round.Events)
            switch (committed)
            {
                case JobSubmitted e:
                    _lives.Add((round.Cell, e.Job), new Life(round.At, e.Spec.Kind));
                    if (e.Spec.Kind != JobKind.Inference) Open++;
                    break;
                case JobAdopted e:
                    _lives.Add((round.Cell, e.Job), Whence(e.Origin));
                    break;
                case JobPlaced e when _lives[(round.Cell, e.Job)] is { Started: false } life:
                    life.Started = true;
                    _waits.Add((round.At - life.Submitted).TotalSeconds);
                    if (life.Kind == JobKind.Training) _trainingWaits.Add(_waits[^1]);
                    break;
                case JobCompleted e:
                    End(_lives[(round.Cell, e.Job)], completed: true);
                    break;
                case JobFailed e:
                    End(_lives[(round.Cell, e.Job)], completed: false);
                    break;
            }
    }

    /// <summary>An origin is the name of the job in the cell it comes from, with a number where it has gone before.
    /// </summary>
    private Life Whence(string origin)
    {
        if (_byOrigin.TryGetValue(origin, out var known)) return known;
        var slash = origin.LastIndexOf('/');
        var life = slash >= 0 ? Whence(origin[..slash]) : Home(origin);
        _byOrigin.Add(origin, life);
        return life;
    }

    private Life Home(string id)
    {
        var dash = id.LastIndexOf('-');
        return _lives[(id[..dash], long.Parse(id[(dash + 1)..], System.Globalization.CultureInfo.InvariantCulture))];
    }

    private void End(Life life, bool completed)
    {
        if (life.Ended) return;
        life.Ended = true;
        if (life.Kind == JobKind.Inference) return;
        Open--;
        if (completed) _completed++;
    }

    /// <summary>Counts the time up to an instant, before anything changes there.</summary>
    public void Until(DateTimeOffset now)
    {
        foreach (var name in _touched) Look(_parts[name]);
        _touched.Clear();
        var hours = (now - _at).TotalHours;
        if (hours <= 0) return;
        _at = now;
        var held = _parts.Values.Sum(p => p.Held) * hours;
        _heldHoursAlways += held;
        if (!_parts.Values.Any(p => p.Presses)) return;
        _hours += hours;
        _heldHours += held;
    }

    private void Look(Part part)
    {
        part.Held = 0;
        part.Presses = part.State.Queue.TrainingWaitsFor(_best)
            && part.State.Queue.Heads(1).Any(number => Presses(part.State.FindJob(number)!));
        foreach (var gang in part.State.Gangs)
        {
            var lesser = false;
            foreach (var allocation in gang.Allocations.Values)
                if (allocation.Node.Accelerator.Tier == _best)
                    part.Held += allocation.DeviceMilli / (double)Limits.MilliPerDevice;
                else lesser = true;
            part.Presses |= lesser && Presses(gang);
        }
    }

    private bool Presses(JobState job)
    {
        if (job.Spec.Kind != JobKind.Training) return false;
        if (!_presses.TryGetValue(job.Class, out var presses))
            _presses.Add(job.Class, presses = _couldUseBest(job.Spec));
        return presses;
    }


    private bool IsBest(string model) => _catalog.Find(model)!.Tier == _best;

    public ShardedResult Report(ShardedOptions options, ShardedFleet fleet)
    {
        var hours = (_at - _start).TotalHours;
        return new ShardedResult(
            options.Cells, 0, 0, 0, 0, _completed, Open, Spread.Of(_waits), Spread.Of(_trainingWaits), _best,
            _hours, Percent(_heldHours, _hours),
            fleet.WaitingMoved, fleet.RunningMoved, hours)
        {
            BestTierPercentAlways = Percent(_heldHoursAlways, hours),
        };
    }

    private double Percent(double held, double hours) => hours > 0 ? 100 * held / (_bestDevices * hours) : 100;
}
