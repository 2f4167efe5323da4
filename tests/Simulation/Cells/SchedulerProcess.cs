using Akka.Actor;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Routing;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Cells;

/// <summary>A scheduler: a router, the shard region as this process knows it, and the cells it runs.</summary>
public sealed class SchedulerProcess : MemberProcess, IRouterPorts
{
    private readonly SortedDictionary<string, CellOwner> _owners = new(StringComparer.Ordinal);
    private RouterShell _router = null!;
    private SimRef _self = null!;

    public SchedulerProcess(SimCluster cluster, string name, int index) : base(cluster, name, index)
    {
        Options = new CellOptions(SimCluster.Catalog, cluster.Policy, Simulated, Real)
        {
            HandOver = true,
            SnapshotEventsMin = 60,
        };
        OnStart();
    }

    public CellOptions Options { get; }

    public IReadOnlyDictionary<string, CellOwner> Owners => _owners;

    IActorRef IRouterPorts.Self => _self;

    bool IRouterPorts.IsMember => true;

    public CellOwner StartCell(string cell)
    {
        var owner = new CellOwner(this, cell);
        _owners.Add(cell, owner);
        owner.Recover();
        return owner;
    }

    public void Left(CellOwner owner)
    {
        if (_owners.GetValueOrDefault(owner.Cell) == owner) _owners.Remove(owner.Cell);
    }

    /// <summary>A request of a client; the reply is what the router told.</summary>
    public void Ask(object request, Action<object> reply) =>
        _router.Receive(request, new SimRef(this, "gateway", (answer, _) => reply(answer)));

    public void OnDigest(IWireMessage said)
    {
        _router.Receive(said, _self);
        if (said is not CellView view) return;
        foreach (var owner in _owners.Values) owner.OnDigest(view);
    }

    Task<IWireMessage> IRouterPorts.Ask(ICellMessage message, TimeSpan timeout)
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

    protected override bool Hosts(string cell, ICellMessage message, IActorRef sender)
    {
        if (!_owners.TryGetValue(cell, out var owner)) return false;
        owner.Deliver(message, sender);
        return true;
    }

    protected override void OnCrash()
    {
        foreach (var owner in _owners.Values.ToList()) owner.Kill();
        _owners.Clear();
    }

    protected override void OnStart()
    {
        base.OnStart();
        _router = new RouterShell(Options, this);
        _self = new SimRef(this, "router", (message, sender) => _router.Receive(message, sender));
        _router.Begin();
    }
}
