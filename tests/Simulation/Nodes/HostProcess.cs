using Akka.Actor;
using Akka.Event;
using Stockpile.Core.Fleets;
using Stockpile.Node.Hosts;
using Stockpile.Node.Nodes;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Simulation.Tests.Cells;
using Stockpile.Simulation.Tests.Invariants;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Nodes;

/// <summary>A process with nodes: the engine of the host, and one <see cref="SimNode"/> for each node.</summary>
public sealed class HostProcess : MemberProcess, IHostPorts
{
    private readonly IReadOnlyList<NodeSpec> _specs;
    private readonly Dictionary<string, SimNode> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _newestEpoch = new(StringComparer.Ordinal);
    private HostEngine _engine = null!;
    private SimRef _self = null!;
    private int _timers;
    private long _orders;

    public HostProcess(SimCluster cluster, string name, IReadOnlyList<NodeSpec> specs, int index)
        : base(cluster, name, index)
    {
        _specs = specs;
        OnStart();
    }

    public IReadOnlyList<NodeSpec> Specs => _specs;

    public HostEngine Engine => _engine;

    IActorRef IHostPorts.Self => _self;

    IActorRef IHostPorts.Cells => Region;

    public void Leave() => Deliver(LeaveHost.Instance, _self);

    /// <summary>The program of a node breaks: all that it runs is gone, and it says nothing.</summary>
    public void BreakNode(string node)
    {
        if (!_nodes.Remove(node, out var broken)) return;
        broken.Break();
        _engine.NodeBroke(node);
    }

    /// <summary>A simulated fault at the node itself.</summary>
    public void Tell(string node, object fault)
    {
        if (_nodes.TryGetValue(node, out var there)) there.Ref.Tell(fault, _self);
    }

    /// <summary>Called for every order that the host gives to a node.</summary>
    public void Ordered() => _orders++;

    public void Deliver(object message, IActorRef sender)
    {
        var (cell, epoch) = message switch
        {
            NodeOrders m => (m.Cell, m.Epoch),
            BeatReply m => (m.Cell, m.Epoch),
            AdvertiseReply m => (m.Cell, m.Epoch),
            _ => ("", 0),
        };
        var newest = _newestEpoch.GetValueOrDefault(cell);
        var before = _orders;
        _engine.Receive(Cluster.Bug.OnHostMessage(newest, message), sender);
        if (cell.Length == 0) return;
        if (epoch < newest)
        {
            World.Count("older epoch at a host");
            if (_orders != before)
                World.Fail(Invariant.OldEpochIsRefused,
                    $"{Name} carried out orders of {cell} with epoch {epoch} after it had heard epoch {newest}");
        }

        _newestEpoch[cell] = Math.Max(newest, epoch);
    }

    IActorRef IHostPorts.StartNode(NodeLink node)
    {
        var started = new SimNode(this, node.Spec, node.Incarnation);
        _nodes[node.Spec.Id] = started;
        return started.Ref;
    }

    void IHostPorts.Every(TimeSpan interval, object message)
    {
        var timers = _timers;
        Every(interval, "host timer", () => _engine.Receive(message, _self), () => timers == _timers);
    }

    void IHostPorts.Once(TimeSpan after, object message)
    {
        var timers = _timers;
        After(after, "host timer", () =>
        {
            if (timers == _timers) _engine.Receive(message, _self);
        });
    }

    void IHostPorts.CancelTimers() => _timers++;

    void IHostPorts.Stop()
    {
        World.Count("host left");
        Crash();
    }

    protected override void Said(ICellMessage message)
    {
        if (message is not HostBeat beat) return;
        foreach (var progress in beat.Progress)
            Cluster.Ledger.Reported(beat.Cell, progress.Sequence, progress.Done);
    }

    protected override void OnCrash()
    {
        foreach (var node in _nodes.Values) node.Break();
        _nodes.Clear();
    }

    protected override void OnStart()
    {
        base.OnStart();
        _newestEpoch.Clear();
        _timers++;
        _self = new SimRef(this, "host", Deliver);
        // Milliseconds, as a host that starts takes them from its clock, which may have been put back meanwhile.
        var incarnation = 1_000_000 + (long)(World.Now + ClockError).TotalMilliseconds;
        _engine = new HostEngine(Name, _specs, SimCluster.Catalog, Simulated,
            new HostOptions { NextIncarnation = () => incarnation, Real = Real }, NoLogger.Instance, this);
        After(TimeSpan.Zero, "host starts", _engine.Begin);
    }
}
