using Akka.Actor;
using Akka.Event;
using Google.Protobuf;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Desks;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Cells;

/// <summary>The engine of a key desk from one recovery to its end, and all that it needs of its process.</summary>
public sealed class DeskLife : IKeyDeskPorts
{
    private const int SnapshotKeysMin = 20;

    private readonly SchedulerProcess _process;
    private readonly DeskOwner _owner;
    private readonly Action<WriteOutcome?> _ended;
    private readonly SimRef _self;

    public DeskLife(SchedulerProcess process, DeskOwner owner, Action<WriteOutcome?> ended)
    {
        _process = process;
        _owner = owner;
        _ended = ended;
        _self = new SimRef(process, owner.Desk, static (_, _) => { });
        Engine = new KeyDeskEngine(owner.Desk, SnapshotKeysMin, NoLogger.Instance, this);
    }

    public KeyDeskEngine Engine { get; }

    public bool Ended { get; private set; }

    public bool HasWritten { get; private set; }

    IActorRef IKeyDeskPorts.Self => _self;

    private SimCluster Cluster => _process.Cluster;

    public void Deliver(IDeskMessage message, IActorRef sender)
    {
        if (Ended) return;
        // What a desk answers is looked at when it is said, not when somebody hears it.
        var client = sender is SimRef to
            ? new SimRef(_process, "answer", static (_, _) => { })
            {
                WhenTold = answer =>
                {
                    Cluster.Ledger.DeskAnswered(answer);
                    to.Tell(answer, _self);
                },
            }
            : sender;
        Engine.Receive(Cluster.Bug.OnDeskMessage(Engine, message), client);
    }

    void IKeyDeskPorts.Persist(KeysBound row, Action whenDurable)
    {
        var early = Cluster.Bug.BindsEarly;
        if (early) _process.After(TimeSpan.Zero, "answered early", WhenDurable);
        Cluster.Journal.Write(_process, _owner.Desk, row.Number, row.ToByteArray(), outcome =>
        {
            if (Ended) return;
            if (outcome != WriteOutcome.Written)
            {
                End();
                _ended(outcome);
                return;
            }

            if (early) return;
            Cluster.Ledger.CompareDesk(Engine.State, "live");
            WhenDurable();
        });

        void WhenDurable()
        {
            if (Ended) return;
            if (!HasWritten) _owner.OnWritten();
            HasWritten = true;
            whenDurable();
        }
    }

    void IKeyDeskPorts.SaveSnapshot(KeyDeskSnapshot snapshot) =>
        Cluster.Journal.SaveSnapshot(_process, _owner.Desk, snapshot);

    void IKeyDeskPorts.Stop()
    {
        if (Ended) return;
        End();
        _ended(null);
    }

    public void End() => Ended = true;
}
