using Akka.Actor;
using Akka.Event;
using Stockpile.Core.Fleets;
using Stockpile.Node.Devices;
using Stockpile.Node.Nodes;
using Stockpile.Protocol.V1;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Nodes;

/// <summary>One node: its engine, and the work that runs on it.</summary>
public sealed class SimNode : INodePorts
{
    private readonly HostProcess _host;
    private readonly NodeSpec _spec;
    private readonly NodeEngine _engine;
    private readonly SimRef _toHost;
    private readonly Dictionary<IActorRef, SimRun> _runs = [];
    private readonly HashSet<string> _ending = new(StringComparer.Ordinal);
    private readonly Dictionary<long, StartWork> _orders = [];
    private bool _broken;

    public SimNode(HostProcess host, NodeSpec spec, long incarnation)
    {
        _host = host;
        _spec = spec;
        Ref = new SimRef(host, spec.Id, Receive)
        {
            WhenTold = message =>
            {
                if (message is StartWork or StopWork) host.Ordered();
            },
        };
        _toHost = new SimRef(host, "host", host.Deliver) { WhenTold = Noticed };
        _engine = new NodeEngine(spec, incarnation, host.Simulated, NoLogger.Instance, this);
        host.After(TimeSpan.Zero, "node starts", () =>
        {
            if (!_broken) _engine.AdvertiseSelf();
        });
    }

    public SimRef Ref { get; }

    IActorRef INodePorts.Self => Ref;

    IActorRef INodePorts.Host => _toHost;

    /// <summary>All it runs is gone.</summary>
    public void Break()
    {
        _broken = true;
        foreach (var run in _runs.Values) run.Ended = true;
        _engine.End();
        _host.Cluster.Devices.Clear(_spec.Id);
    }

    private void Receive(object message, IActorRef sender)
    {
        if (_broken) return;
        if (message is StartWork order) _orders[order.Sequence] = order;
        _engine.Receive(message, sender);
    }

    /// <summary>What the node says is what it did.</summary>
    private void Noticed(object message)
    {
        switch (message)
        {
            case WorkDraining draining:
                _host.World.Count("drained with grace");
                _host.Cluster.Devices.Hold(_spec, _orders[draining.Sequence]);
                break;
            case WorkNoticed { Kind: ReportKind.Stopped } stopped:
                _host.Cluster.Devices.Free(_spec.Id, stopped.Sequence);
                _host.Cluster.Ledger.Reported(_spec.Cell, stopped.Sequence, stopped.Done);
                break;
            case WorkNoticed { Kind: ReportKind.Completed } done:
                _host.Cluster.Ledger.WasDone(_spec.Cell, done.Sequence);
                break;
            case NodeFailed:
                _host.Cluster.Devices.Clear(_spec.Id);
                break;
        }
    }

    IActorRef INodePorts.Run(long sequence, string allocation, RunningWork work)
    {
        _host.World.Count("started work");
        _host.Cluster.Devices.Hold(_spec, _orders[sequence]);
        _host.Cluster.Ledger.Began(_spec, _orders[sequence]);
        var run = new SimRun { Sequence = sequence, Allocation = allocation, Work = work };
        run.Ref = new SimRef(_host, allocation, (message, _) =>
        {
            if (message is not RunningWork changed) return;
            run.Work = changed;
            Wait(run);
        });
        _runs.Add(run.Ref, run);
        Wait(run);
        return run.Ref;
    }

    void INodePorts.End(IActorRef ended)
    {
        if (!_runs.Remove(ended, out var run)) return;
        run.Ended = true;
        _host.Cluster.Devices.Free(_spec.Id, run.Sequence);
        _ending.Add(run.Allocation);
        _host.After(TimeSpan.FromMilliseconds(_host.World.Random.Next(4)), "run is gone",
            () => _ending.Remove(run.Allocation));
    }

    bool INodePorts.IsEnding(string allocation) => _ending.Contains(allocation);

    /// <summary>As <see cref="AllocationActor"/>: it is woken when the work should be done, and looks at the clock.
    /// </summary>
    private void Wait(SimRun run)
    {
        var clock = _host.Simulated;
        if (run.Work.LeftAt(clock.GetUtcNow()) is not { } left) return;
        var version = ++run.Version;
        _host.After(clock.ToReal(left) + TimeSpan.FromMilliseconds(1), "work", () =>
        {
            if (run.Ended || version != run.Version) return;
            if (run.Work.IsDone(clock.GetUtcNow())) Ref.Tell(new AllocationDone(run.Sequence), run.Ref);
            else Wait(run);
        });
    }

    private sealed class SimRun
    {
        public required long Sequence { get; init; }
        public required string Allocation { get; init; }
        public required RunningWork Work { get; set; }
        public SimRef Ref { get; set; } = null!;
        public int Version { get; set; }
        public bool Ended { get; set; }
    }
}
