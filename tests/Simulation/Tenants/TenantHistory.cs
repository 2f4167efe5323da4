using System.Globalization;
using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Simulation.Tests.Cells;
using Stockpile.Tests.Shared;

namespace Stockpile.Simulation.Tests.Tenants;

/// <summary>What one history gave.</summary>
/// <param name="Violations">The first of each oracle.</param>
/// <param name="Counts">What happened, by name.</param>
/// <param name="Figures">One line of what was measured.</param>
internal sealed record TenantResult(
    int Seed, long Steps, IReadOnlyDictionary<TenantOracle, string> Violations,
    IReadOnlyDictionary<string, long> Counts, string Figures);

/// <summary>
/// A week of one cell between four tenants, drawn from a seed: gangs, elastic gangs, tasks, shares, work without
/// devices and services that follow a day; nodes that break, keep breaking and are drained; a clock that is put right.
/// Some histories have quotas, some have none; in some all ask for more than there is, all the time.
/// </summary>
internal sealed class TenantHistory
{
    /// <summary>The longest that a job may wait, in histories that do not ask for more than there is. The longest seen
    /// is 55 hours: a gang of 16 devices of a tenant that only borrows.</summary>
    public static readonly TimeSpan WaitMost = TimeSpan.FromHours(72);

    /// <summary>Of all device-hours: what is lost with those that have to leave, and what is idle while a job waits
    /// that would fit.</summary>
    public const double LostMost = 0.1;
    public const double IdleMost = 0.01;

    /// <summary>How far a tenant's part may be from its weight over two days, as a part of that.</summary>
    public const double UnfairMost = 0.25;

    public static readonly TimeSpan Lasts = TimeSpan.FromDays(7);

    /// <summary>When somebody asks for starts, all the time: answers are dear.</summary>
    private static readonly DateTimeOffset AskedFrom = SteadyLoad.Start + TimeSpan.FromDays(3);
    private static readonly TimeSpan AskedFor = TimeSpan.FromHours(6);

    public static readonly string[] Names = ["foundation", "research", "products", "creative"];

    private readonly int _seed;
    private readonly Random _random;
    private readonly TenantBug _bug;
    private readonly SteadyLoad _load;
    private readonly Dictionary<string, double> _weights;
    private readonly QuotaPolicy _quotas;
    private readonly bool _overloaded;
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly RightsWatch _rights;
    private readonly PromiseWatch _promises;
    private readonly IdleRoomWatch _idle;
    private readonly FairnessWatch _fairness;
    private TenantOracle? _until;
    private TimeSpan _waited;
    private string _waiter = "";
    private readonly SortedDictionary<TenantOracle, string> _violations = [];

    private TenantHistory(int seed, TenantBug bug)
    {
        _seed = seed;
        _bug = bug;
        _random = new Random(seed);
        _overloaded = _random.Next(2) == 0;
        _weights = Names.ToDictionary(n => n, _ => (double)_random.Next(1, 4), StringComparer.Ordinal);
        _quotas = _random.Next(2) == 0 ? QuotaPolicy.None : Quotas();
        var policy = SimCluster.ShippedPolicy with
        {
            Queue = SimCluster.ShippedPolicy.Queue with { Weights = _weights, Quotas = _quotas },
        };
        (string Model, int Nodes)[] fleet =
        [
            ("H800", _random.Next(3, 7)), ("A800", _random.Next(3, 7)), ("H20", _random.Next(3, 6)),
            ("T4", _random.Next(3, 6)),
        ];
        _load = new SteadyLoad(seed, SimCluster.Catalog, bug.Read(policy), fleet)
        {
            Hears = bug.Hears, AfterRound = AfterRound, AtRest = AtRest,
        };
        _rights = new RightsWatch(_load, _quotas, Names);
        _promises = new PromiseWatch(
            _load,
            (why, before) => StartTold.Of(_load.State, why, bug.Remembers(before), _load.State.At),
            what => Count(what));
        _idle = new IdleRoomWatch(_load);
        _fairness = new FairnessWatch(_load, _weights);
        AddWork(fleet.ToDictionary(f => f.Model, f => f.Nodes * 8.0, StringComparer.Ordinal));
        AddFaults(fleet);
    }

    private bool HasQuotas => _quotas.Any;

    /// <summary>Each asks for more than its part, and nobody owns anything.</summary>
    private bool IsAboutWeights => _overloaded && !HasQuotas;

    /// <param name="until">The history ends where this one does not hold; null: after the week.</param>
    public static TenantResult Of(int seed, TenantBug? bug = null, TenantOracle? until = null)
    {
        var history = new TenantHistory(seed, bug ?? TenantBug.None) { _until = until };
        history._load.Run(Lasts);
        history.AtTheEnd();
        return new TenantResult(
            seed, history._load.Steps, history._violations, history._counts, history.Figures());
    }

    private static QuotaPolicy Quotas() => new(
        from tier in SimCluster.Catalog.Tiers.Select(t => t.Name)
        from owner in ((string Tenant, int Percent)[])[("foundation", 50), ("research", 30), ("products", 20)]
        select (owner.Tenant, tier, new TenantQuota(owner.Percent, BorrowPercent: 100)));

    /// <summary>Each tenant asks for as much of the training tiers and of the serving ones as its weight is worth.
    /// </summary>
    private void AddWork(Dictionary<string, double> devices)
    {
        var total = _overloaded ? 1.3 + _random.NextDouble() * 0.3 : 0.6 + _random.NextDouble() * 0.25;
        var speed = SimCluster.Catalog.RelativeSpeed("A800");
        var training = devices["H800"] + devices["A800"] * speed;
        var serving = devices["H20"] + devices["T4"];
        foreach (var (tenant, weight) in _weights)
        {
            var part = total * weight / _weights.Values.Sum();
            foreach (var spec in Gangs()) Stream(tenant, spec, part * training / 3, spec.WorkHours);
            foreach (var spec in Tasks())
                Stream(tenant, spec, part * serving * (_overloaded ? 1.0 : 0.6) / 2,
                    spec.Tasks * spec.Duration.TotalHours * JobSpecs.LeastMilli(spec) / Limits.MilliPerDevice);
            _load.Add(new Arrivals(TimeSpan.FromHours(_random.Next(2, 9)), Mine(tenant, new JobSpec
            {
                Name = "cpu", Kind = JobKind.Batch, Tasks = 4, CpuMilli = 8_000, Duration = TimeSpan.FromHours(1),
            })));
            if (!_overloaded) AddServices(tenant, part * serving * 0.4);
        }
    }

    private void Stream(string tenant, JobSpec spec, double devices, double deviceHours) =>
        _load.Add(new Arrivals(TimeSpan.FromHours(deviceHours / devices), Mine(tenant, spec)));

    /// <summary>Where all is about weights, no class comes before another.</summary>
    private JobSpec Mine(string tenant, JobSpec spec) => spec with
    {
        Tenant = tenant, Priority = _overloaded ? Priority.Normal : (Priority)_random.Next(3),
    };

    private IEnumerable<JobSpec> Gangs()
    {
        var gang = new JobSpec { Name = "gang", Kind = JobKind.Training, Checkpoint = TimeSpan.FromMinutes(30) };
        var small = _random.Next(1, 9);
        yield return gang with { Devices = small, WorkHours = small * _random.Next(1, 4) };
        // Weights are met within a few percent where no gang holds half a tier for half of the time.
        var large = _overloaded ? _random.Next(6, 11) : _random.Next(9, 17);
        yield return gang with { Devices = large, WorkHours = large * _random.Next(1, _overloaded ? 3 : 7) };
        var elastic = _random.Next(4, 9);
        yield return gang with
        {
            Devices = elastic, MinDevices = _random.Next(1, elastic), MaxDevices = elastic * 2,
            WorkHours = elastic * _random.Next(1, _overloaded ? 4 : 9),
        };
    }

    private IEnumerable<JobSpec> Tasks()
    {
        yield return new JobSpec
        {
            Name = "tasks", Kind = JobKind.Batch, Devices = _random.Next(1, 5), Tasks = _random.Next(2, 13),
            Duration = TimeSpan.FromMinutes(_random.Next(30, 240)), Guest = _random.Next(2) == 0,
        };
        yield return new JobSpec
        {
            Name = "shares", Kind = JobKind.Batch, ShareMilli = _random.Next(1, 9) * 100, Tasks = _random.Next(2, 13),
            Duration = TimeSpan.FromMinutes(_random.Next(30, 240)), Guest = _random.Next(2) == 0,
        };
    }

    /// <summary>One that stays, and others that come and go.</summary>
    /// <param name="devices">At the peak of the day, each half of it.</param>
    private void AddServices(string tenant, double devices)
    {
        string[] zones = ["", "Asia/Shanghai", "Europe/Berlin"];
        var replicas = Math.Max(1, (int)(devices / 2));
        var service = new JobSpec
        {
            Name = "service", Kind = JobKind.Inference, Devices = 1, MinReplicas = _random.Next(2),
            MaxReplicas = replicas,
            Demand = new Demand(10, 100, _random.Next(24), 0.5, zones[_random.Next(zones.Length)]),
        };
        _load.Later(SteadyLoad.Start, () => _load.Send(new SubmitJob("", Mine(tenant, service))));
        _load.Add(new Arrivals(TimeSpan.FromHours(24), Mine(tenant, service with
        {
            Devices = 0, ShareMilli = 500, MinReplicas = 1, MaxReplicas = replicas,
        }), Lives: TimeSpan.FromHours(24)));
    }

    /// <summary>About one node a day breaks and comes back; one keeps breaking on one of the days; a node is
    /// drained now and then; the cell's clock is put right three times.</summary>
    private void AddFaults((string Model, int Nodes)[] fleet)
    {
        (string Model, int Number) Any()
        {
            var (model, nodes) = fleet[_random.Next(fleet.Length)];
            return (model, _random.Next(nodes));
        }

        DateTimeOffset Once() => SteadyLoad.Start + _random.NextDouble() * Lasts;
        for (var i = 0; i < 7; i++) BreaksAt(Once(), Any(), TimeSpan.FromHours(_random.Next(1, 12)));
        var (at, bad) = (Once(), Any());
        for (var i = 0; i < 5; i++) BreaksAt(at + TimeSpan.FromHours(i), bad, TimeSpan.FromMinutes(20), failed: true);
        for (var i = 0; i < 3; i++)
        {
            var (when, (model, number)) = (Once(), Any());
            _load.Later(when, () =>
            {
                Count("drained");
                _load.Send(new DrainNode($"{model}-{number}") { By = _load.State.At + TimeSpan.FromHours(1) });
            });
            _load.Later(when + TimeSpan.FromHours(6), () => _load.Send(new ResumeNode($"{model}-{number}")));
            var error = TimeSpan.FromMinutes(_random.Next(-15, 16));
            _load.Later(Once(), () =>
            {
                Count("clock put right");
                _load.ClockError = error;
            });
        }
    }

    private void BreaksAt(
        DateTimeOffset at, (string Model, int Number) node, TimeSpan down, bool failed = false)
    {
        _load.Later(at, () =>
        {
            Count("broke");
            _load.Break($"{node.Model}-{node.Number}", failed);
        });
        _load.Later(at + down, () => _load.Bring(node.Model, node.Number));
    }

    private void AfterRound(Round round)
    {
        foreach (var happened in round.Events)
            if (happened is AllocationsEnded ended) Count($"ended {ended.End}", ended.Sequences.Count);
            else if (happened is JobPlaced or NodeRested) Count(happened.GetType().Name);
        if (_load.Now < AskedFrom || _load.Now > AskedFrom + AskedFor) _promises.Forget();
        else if (_promises.Look(round, each: 16, most: 2) is { } broken) Fail(TenantOracle.PromisesAreKept, broken);
    }

    private void AtRest()
    {
        var waiting = _load.State.Jobs.Values.Where(j => j.Waits && !j.Held).ToList();
        _idle.Look([.. waiting.DistinctBy(j => (j.Class, j.Spec.Tenant))]);
        if (IsAboutWeights) _fairness.Look();
        if (HasQuotas && _rights.Look() is { } owed) Fail(TenantOracle.OwnersGetTheirs, owed);
        if (_overloaded) return;
        foreach (var job in waiting)
        {
            // A cell's clock that was wrong has told a wrong beginning, by minutes.
            if (job.WaitingSince is not { } since || _load.State.At - since <= _waited) continue;
            _waited = _load.State.At - since;
            _waiter = $"job {job.Number} of {job.Spec.Tenant}, {job.Spec.Priority}, {job.Spec.Kind} of "
                + $"{JobSpecs.LeastMilli(job.Spec) / 1000.0} devices, {job.LastTry?.Words}";
            if (_waited > WaitMost) Fail(TenantOracle.NothingStarves, $"{_waiter} waits for {_waited}");
        }
    }

    private void AtTheEnd()
    {
        if (Lost > LostMost) Fail(TenantOracle.LittleIsLost, Figures());
        if (_idle.WantedHours / _idle.Hours > IdleMost)
            Fail(TenantOracle.NoRoomIsIdle, $"{Figures()}; last {_idle.Example}");
        if (IsAboutWeights && _fairness.Worst > UnfairMost)
            Fail(TenantOracle.HoursAreFair, $"{Figures()}; {_fairness.Example}");
    }

    /// <summary>Of all device-hours, those of work that had to leave before it was safe.</summary>
    private double Lost => _load.State.Goodput.LostMs.Where(l => l.Key is AllocationEnd.Preempted
            or AllocationEnd.Reclaimed or AllocationEnd.Moved or AllocationEnd.Drained).Sum(l => l.Value)
        / _load.State.Usage.Tiers.Values.Sum(t => t.DeviceMs);

    private string Figures() =>
        $"seed {_seed}, {(_overloaded ? "overloaded" : "busy")}, {(HasQuotas ? "quotas" : "no quotas")}: "
        + string.Create(CultureInfo.InvariantCulture,
            $"lost {Lost:P2}, idle though wanted {_idle.WantedHours / _idle.Hours:P2}, ")
        + string.Create(CultureInfo.InvariantCulture,
            $"used {_load.State.Usage.Tiers.Values.Sum(t => t.TrainingMs + t.BatchMs + t.InferenceMs)
                / _load.State.Usage.Tiers.Values.Sum(t => t.DeviceMs):P1}, ")
        + (IsAboutWeights
            ? string.Create(CultureInfo.InvariantCulture, $"furthest from its weight {_fairness.Worst:P1}, ")
            : "")
        + (HasQuotas ? $"owed at most {_rights.Longest}, " : "")
        + (_overloaded ? "" : $"longest wait {_waited:d\\.hh\\:mm} ({_waiter}), ")
        + $"{_load.State.Counters.Completed} completed, {_load.State.Counters.Preempted} preempted";

    private void Count(string what, long times = 1) => _counts[what] = _counts.GetValueOrDefault(what) + times;

    /// <summary>The history goes on: one mistake may be seen by several oracles.</summary>
    private void Fail(TenantOracle oracle, string message)
    {
        _violations.TryAdd(oracle, message);
        if (oracle == _until) _load.Stopped = true;
    }
}
