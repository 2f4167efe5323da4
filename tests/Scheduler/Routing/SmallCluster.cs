using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Time.Testing;
using Stockpile.Core.Desks;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using KeyWish = Stockpile.Core.Desks.KeyWish;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>
/// A router, key desks and cells with one host each, over the product's engines: one thread, no actor system, a journal
/// that writes at once and a clock that the test moves. Whatever is told is carried out before the next thing happens.
/// </summary>
internal sealed class SmallCluster : IRouterPorts
{
    public static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
    public static readonly Policy Policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);

    private readonly Dictionary<string, Cell> _cells = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KeyDeskState> _desks = new(StringComparer.Ordinal);
    private readonly Queue<Action> _mail = new();
    private readonly CellOptions _options;
    private readonly RouterEngine _router;
    private int _keys;
    private bool _delivering;

    /// <param name="transfers">Whether jobs go from one cell to another.</param>
    /// <param name="speed">Of simulated time.</param>
    public SmallCluster(bool transfers = true, double speed = 1)
    {
        Known = new KnownCells(Clock);
        var start = Clock.GetUtcNow();
        var simulated = new ScaledTimeProvider(start, start, speed, Clock);
        _options = new CellOptions(Catalog, Policy, simulated, Clock) { Cells = transfers ? Known : null };
        _router = new RouterEngine(_options, Known, this);
        _router.Begin();
        Deliver();
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public KnownCells Known { get; }

    /// <summary>Cells that do not answer, and are not heard of.</summary>
    public HashSet<string> Dead { get; } = new(StringComparer.Ordinal);

    /// <summary>What happens while a cell is asked something.</summary>
    public Action? WhenAsked { get; set; }

    /// <summary>Questions to cells and desks so far.</summary>
    public int Asked { get; private set; }

    /// <summary>So many answers to submissions do not arrive.</summary>
    public int LoseAnswers { get; set; }

    /// <summary>Cells whose first row was read from the journal, each time counted.</summary>
    public int FirstRowsRead { get; private set; }

    /// <summary>Share of the work that a gang has done when it is stopped with a grace.</summary>
    public double DoneAtStop { get; set; } = 0.25;

    public Core.State.CellState StateOf(string cell) => _cells[cell].Engine.State;

    public void AddCell(string name, params NodeAdvert[] nodes)
    {
        var cell = new Cell(this, name);
        _cells.Add(name, cell);
        cell.Engine.Begin();
        AddNodes(name, nodes);
    }

    public void AddNodes(string cell, params NodeAdvert[] nodes)
    {
        _cells[cell].Engine.Receive(
            new AdvertiseNodes { Cell = cell, Host = $"host-{cell}", Nodes = { nodes } }, _cells[cell].Host);
        Settle();
    }

    public static NodeAdvert[] Nodes(
        string prefix, int count, string model, int devices = 8, int cpu = 128, string label = "") =>
        [.. Enumerable.Range(1, count).Select(i =>
        {
            var node = new NodeAdvert
            {
                Node = $"{prefix}-{i}", Incarnation = 1, Model = model, Tier = Catalog.Find(model)!.Tier,
                Devices = devices, CpuMilli = cpu * 1_000, MemoryMib = 1 << 20,
            };
            if (label.Length > 0) node.Labels.Add("zone", label);
            return node;
        })];

    public static JobSpec Gang(int devices = 8) => new()
    {
        Name = "gang", Kind = JobKind.Training, Devices = devices, WorkHours = 10_000,
        Checkpoint = TimeSpan.FromMinutes(10),
    };

    /// <summary>The results, or the failure that the router told.</summary>
    public (IReadOnlyList<SubmitResult> Results, Exception? Failure) Submit(
        SubmitMode mode, params (string Key, JobSpec Spec)[] jobs)
    {
        object? answer = null;
        _router.Receive(new RouterEngine.Submit(
                [.. jobs.Select(j => new Submission { Key = j.Key, Spec = j.Spec.ToWire() })], mode),
            new Ref(m => answer = m));
        Deliver();
        return answer switch
        {
            SubmitJobsReply reply => ([.. reply.Results], null),
            Status.Failure failure => ([], failure.Cause.InnerException ?? failure.Cause),
            _ => throw new InvalidOperationException($"the router answered {answer ?? "nothing"}"),
        };
    }

    public SubmitResult Submit(JobSpec spec, string key = "")
    {
        var (results, failure) = Submit(SubmitMode.Each, (key, spec));
        return failure is null ? results[0] : throw failure;
    }

    /// <summary>What each cell answers to a question to all of them.</summary>
    public IReadOnlyList<IWireMessage> AskAll(Func<string, ICellMessage> question)
    {
        object? answer = null;
        _router.Receive(new RouterEngine.ToCells(null, question), new Ref(m => answer = m));
        Deliver();
        return (IWireMessage[])answer!;
    }

    /// <summary>Time passes, in steps that cells notice, and all that follows is done.</summary>
    public void Pass(TimeSpan time, int steps = 8)
    {
        for (var step = 0; step < steps; step++)
        {
            Clock.Advance(time / steps);
            Settle();
        }
    }

    /// <summary>The cells look around, and all hear of all.</summary>
    public void Settle()
    {
        Deliver();
        var alive = _cells.Values.Where(c => !Dead.Contains(c.Name)).ToList();
        Hear(alive);
        foreach (var cell in alive)
        {
            cell.Engine.Receive(new HostBeat
            {
                Cell = cell.Name, Host = $"host-{cell.Name}", HostIncarnation = 1,
                Nodes = cell.Engine.State.Nodes.Count,
            }, cell.Host);
            cell.Engine.Tick();
            Deliver();
        }

        Hear(alive);
    }

    private void Hear(List<Cell> cells)
    {
        foreach (var cell in cells)
            cell.Engine.Receive(new GetCell { Cell = cell.Name }, new Ref(m => _router.Receive(m, ActorRefs.Nobody)));
        Deliver();
    }

    /// <summary>What a cell answers about a job, wherever that went.</summary>
    public JobView Find(string id)
    {
        Assert.True(Stockpile.Core.JobId.TryParse(id, out var job));
        var at = job.Cell;
        var origin = "";
        for (var stop = 0; stop < 12; stop++)
        {
            JobReply? reply = null;
            _cells[at].Engine.Receive(
                new GetJob { Cell = at, Number = job.Number, Origin = origin }, new Ref(m => reply = (JobReply)m));
            Deliver();
            if (reply!.Job is not { ForwardedTo.Length: > 0 } moved) return reply.Job!;
            (at, origin) = (moved.ForwardedTo, id);
        }

        throw new InvalidOperationException($"{id} goes round in circles");
    }

    /// <summary>All that runs in a cell is done.</summary>
    public void Complete(string cell) => Report(cell, StateOf(cell).Allocations.Values.Where(a => a.Started)
        .Select(a => new WorkReport
        {
            Node = a.Node.Id, Incarnation = 1, Sequence = a.Sequence, Kind = ReportKind.Completed,
        }));

    public void LoseNode(string cell, string node) => Report(cell,
        [new WorkReport { Node = node, Incarnation = 1, Kind = ReportKind.NodeFailed, Reason = "test" }]);

    private void Report(string cell, IEnumerable<WorkReport> reports)
    {
        var message = new WorkReports { Cell = cell, Host = $"host-{cell}", Reports = { reports } };
        _cells[cell].Engine.Receive(message, _cells[cell].Host);
        Settle();
    }

    public void Cancel(string cell, long number)
    {
        _cells[cell].Engine.Receive(new CancelJob { Cell = cell, Number = number }, ActorRefs.Nobody);
        Settle();
    }

    private void Deliver()
    {
        if (_delivering) return;
        _delivering = true;
        while (_mail.TryDequeue(out var next)) next();
        _delivering = false;
    }

    private void Post(Action what) => _mail.Enqueue(what);

    IActorRef IRouterPorts.Self => new Ref(m => _router.Receive(m, ActorRefs.Nobody));

    bool IRouterPorts.IsMember => true;

    Task<IWireMessage> IRouterPorts.Ask(ICellMessage message, TimeSpan timeout)
    {
        Asked++;
        WhenAsked?.Invoke();
        if (Dead.Contains(message.Cell) || !_cells.TryGetValue(message.Cell, out var cell))
            return Task.FromException<IWireMessage>(new AskTimeoutException("no answer"));
        var answer = new TaskCompletionSource<IWireMessage>();
        var lost = message is SubmitJobs && LoseAnswers-- > 0;
        Post(() => cell.Engine.Receive(message, new Ref(m =>
        {
            if (lost) answer.TrySetException(new AskTimeoutException("the answer is lost"));
            else answer.TrySetResult((IWireMessage)m);
        })));
        return answer.Task;
    }

    Task<IWireMessage> IRouterPorts.AskDesk(IDeskMessage message, TimeSpan timeout)
    {
        Asked++;
        var bind = (BindKeys)message;
        if (!_desks.TryGetValue(bind.Desk, out var desk)) _desks.Add(bind.Desk, desk = new KeyDeskState(bind.Desk));
        var reply = new BindKeysReply { Desk = bind.Desk };
        foreach (var wish in bind.Wishes)
        {
            var made = desk.Decide(new KeyWish(wish.Key, wish.Cell, wish.NotCell, wish.NotGeneration));
            if (made is not null) desk.Apply(made);
            var bound = desk.Find(wish.Key);
            reply.Bindings.Add(new KeyBinding
            {
                Key = wish.Key, Cell = bound?.Cell ?? "", Generation = bound?.Generation ?? 0, IsNew = made is not null,
            });
        }

        return Task.FromResult<IWireMessage>(reply);
    }

    Task<bool> IRouterPorts.BornWithDesks(string cell)
    {
        FirstRowsRead++;
        return Task.FromResult(true);
    }

    Task IRouterPorts.Delay(TimeSpan time) => Task.CompletedTask;

    Task<IReadOnlyList<string>> IRouterPorts.JournalCells() => Task.FromResult<IReadOnlyList<string>>([]);

    void IRouterPorts.Once(TimeSpan after, object message)
    {
    }

    string IRouterPorts.NewKey() => $"{++_keys}";

    /// <summary>One cell, and the host of its nodes, which begins and ends all it is told to.</summary>
    private sealed class Cell : ICellPorts
    {
        private readonly SmallCluster _cluster;
        private long _reports;

        public Cell(SmallCluster cluster, string name)
        {
            _cluster = cluster;
            Name = name;
            Host = new Ref(OnOrders);
            Engine = new CellEngine(name, cluster._options, NoLogger.Instance, this);
        }

        public string Name { get; }

        public CellEngine Engine { get; }

        public IActorRef Host { get; }

        public IActorRef Self => ActorRefs.Nobody;

        public IActorRef Cells => new Ref(m =>
        {
            var message = (ICellMessage)m;
            if (!_cluster.Dead.Contains(message.Cell))
                _cluster.Post(() => _cluster._cells[message.Cell].Engine.Receive(
                    message, new Ref(reply => { if (reply is JobReply part) Engine.OnPart(part); })));
        });

        public IActorRef Desks => ActorRefs.Nobody;

        public Address Member { get; } = new("akka", "test");

        public void Persist(RoundCommitted round, Action whenDurable) => whenDurable();

        public void SaveSnapshot(CellSnapshot snapshot)
        {
        }

        public void Publish(CellView digest)
        {
        }

        public void Stop()
        {
        }

        private void OnOrders(object message)
        {
            if (message is not NodeOrders orders) return;
            var reports = new WorkReports { Cell = Name, Host = $"host-{Name}" };
            foreach (var stop in orders.Stops)
                reports.Reports.Add(new WorkReport
                {
                    Id = ++_reports, Node = stop.Node, Incarnation = 1, Sequence = stop.Sequence,
                    Kind = ReportKind.Stopped, Done = stop.GraceMs > 0 ? _cluster.DoneAtStop : 0,
                });
            foreach (var start in orders.Starts)
                reports.Reports.Add(new WorkReport
                {
                    Id = ++_reports, Node = start.Node, Incarnation = 1, Sequence = start.Sequence,
                    Kind = ReportKind.Started,
                });
            _cluster.Post(() => Engine.Receive(reports, Host));
        }
    }

    private sealed class Ref(Action<object> take) : MinimalActorRef
    {
        public override ActorPath Path { get; } = new RootActorPath(new Address("test", "small"));

        public override IActorRefProvider Provider => throw new InvalidOperationException("no actor system");

        protected override void TellInternal(object message, IActorRef sender) => take(message);
    }
}
