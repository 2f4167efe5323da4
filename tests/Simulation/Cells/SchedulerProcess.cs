using Akka.Actor;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Cells;

/// <summary>A scheduler: a router, the shard region as this process knows it, and the cells it runs.</summary>
public sealed class SchedulerProcess : MemberProcess, IRouterPorts
{
    private readonly SortedDictionary<string, CellOwner> _owners = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, DeskOwner> _desks = new(StringComparer.Ordinal);
    private RouterEngine _router = null!;
    private SimRef _self = null!;

    public SchedulerProcess(SimCluster cluster, string name, int index) : base(cluster, name, index)
    {
        Options = new CellOptions(SimCluster.Catalog, cluster.Policy, Simulated, Real)
        {
            SnapshotEventsMin = 60,
        };
        OnStart();
    }

    /// <summary>With what this life of the process knows of the cells.</summary>
    public CellOptions Options { get; private set; }

    public IReadOnlyDictionary<string, CellOwner> Owners => _owners;

    IActorRef IRouterPorts.Self => _self;

    bool IRouterPorts.IsMember => true;

    public IReadOnlyDictionary<string, DeskOwner> Desks => _desks;

    /// <summary>Whether a cell or a key desk is here.</summary>
    public bool Runs(string entity) => _owners.ContainsKey(entity) || _desks.ContainsKey(entity);

    /// <summary>Starts a cell or a key desk that is not here yet.</summary>
    public void StartEntity(string entity)
    {
        if (Runs(entity)) return;
        if (KeyDesks.IsDesk(entity)) _desks.Add(entity, new DeskOwner(this, entity));
        else _owners.Add(entity, new CellOwner(this, entity));
        if (_desks.TryGetValue(entity, out var desk)) desk.Recover();
        else _owners[entity].Recover();
    }

    public void StopEntity(string entity)
    {
        if (_desks.TryGetValue(entity, out var desk)) desk.StopWhenDurable();
        else if (_owners.TryGetValue(entity, out var cell)) cell.StopWhenDurable();
    }

    public void KillEntity(string entity)
    {
        if (_desks.TryGetValue(entity, out var desk)) desk.Kill();
        else if (_owners.TryGetValue(entity, out var cell)) cell.Kill();
    }

    public void Left(CellOwner owner)
    {
        if (_owners.GetValueOrDefault(owner.Cell) == owner) _owners.Remove(owner.Cell);
    }

    public void Left(DeskOwner owner)
    {
        if (_desks.GetValueOrDefault(owner.Desk) == owner) _desks.Remove(owner.Desk);
    }

    /// <summary>A request of a client; the reply is what the router told.</summary>
    public void Ask(object request, Action<object> reply) =>
        _router.Receive(request, new SimRef(this, "gateway", (answer, _) => reply(answer)));

    public void OnStatus(IWireMessage said) => _router.Receive(said, _self);

    Task<IWireMessage> IRouterPorts.Ask(ICellMessage message, TimeSpan timeout) => AskEntity(message, timeout);

    Task<IWireMessage> IRouterPorts.AskDesk(IDeskMessage message, TimeSpan timeout) => AskEntity(message, timeout);

    /// <summary>Asks the cell or the key desk that the message names.</summary>
    public Task<IWireMessage> AskEntity(IWireMessage message, TimeSpan timeout)
    {
        var answer = new TaskCompletionSource<IWireMessage>();
        var reply = new SimRef(this, "ask", (said, _) => answer.TrySetResult((IWireMessage)said));
        Region.Tell(message, reply);
        After(timeout, "no answer", () =>
        {
            if (answer.TrySetException(new AskTimeoutException("no answer"))) World.Count("ask timed out");
        });
        return answer.Task;
    }

    Task<bool> IRouterPorts.BornWithDesks(string cell)
    {
        var answer = new TaskCompletionSource<bool>();
        After(World.Between(0.005, 0.1), "first row", () => answer.SetResult(Cluster.Journal.CanReach(this)
            && Cluster.Journal.Read(cell).FirstOrDefault() is { } row
            && row.Events.Any(e => e.EventCase == CellEventMsg.EventOneofCase.KeysAtDesks)));
        return answer.Task;
    }

    Task IRouterPorts.Delay(TimeSpan time)
    {
        var over = new TaskCompletionSource();
        After(time, "delay", over.SetResult);
        return over.Task;
    }

    Task<IReadOnlyList<string>> IRouterPorts.JournalCells()
    {
        var answer = new TaskCompletionSource<IReadOnlyList<string>>();
        After(World.Between(0.005, 0.1), "cells of the journal", () =>
        {
            if (Cluster.Journal.CanReach(this)) answer.SetResult([.. Cluster.Journal.Cells]);
            else answer.SetException(new TimeoutException("the journal does not answer"));
        });
        return answer.Task;
    }

    void IRouterPorts.Once(TimeSpan after, object message) =>
        After(after, "once", () => _router.Receive(message, _self));

    string IRouterPorts.NewKey() => $"{Name}-{Life}-{World.NextName()}";

    protected override bool Hosts(IWireMessage message, IActorRef sender)
    {
        switch (message)
        {
            case IDeskMessage m when _desks.TryGetValue(m.Desk, out var desk):
                desk.Deliver(m, sender);
                return true;
            case ICellMessage m when _owners.TryGetValue(m.Cell, out var cell):
                cell.Deliver(m, sender);
                return true;
            default:
                return false;
        }
    }

    protected override void OnCrash()
    {
        foreach (var owner in _owners.Values.ToList()) owner.Kill();
        _owners.Clear();
        foreach (var desk in _desks.Values.ToList()) desk.Kill();
        _desks.Clear();
    }

    protected override void OnStart()
    {
        base.OnStart();
        Options = Options with { Cells = new KnownCells(Real, Name) };
        _router = new RouterEngine(Options, Options.Cells, this);
        _self = new SimRef(this, "router", (message, sender) => _router.Receive(message, sender));
        _router.Begin();
    }
}
