using Akka.Actor;
using Akka.Event;
using Google.Protobuf;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Cells;

/// <summary>The engine of a cell from one recovery to its end, and all that it needs of its process.</summary>
public sealed class CellLife : ICellPorts
{
    private readonly SchedulerProcess _process;
    private readonly CellOwner _owner;
    private readonly Action<WriteOutcome?> _ended;
    private readonly SimRef _self;

    public CellLife(SchedulerProcess process, CellOwner owner, Action<WriteOutcome?> ended)
    {
        _process = process;
        _owner = owner;
        _ended = ended;
        Engine = new CellEngine(owner.Cell, process.Options, NoLogger.Instance, this);
        // What hosts and cells say to the cell itself is said to nobody: they answer through the region.
        _self = new SimRef(process, owner.Cell, (said, _) =>
        {
            if (said is BindKeysReply bound && !Ended) Engine.OnBound(bound);
            else if (said is JobReply part && !Ended) Engine.OnPart(Cluster.Bug.OnPart(part));
            else process.World.Count("told to a cell's own address");
        });
    }

    public CellEngine Engine { get; }

    public bool Ended { get; private set; }

    public bool HasWritten { get; private set; }

    IActorRef ICellPorts.Self => _self;

    IActorRef ICellPorts.Cells => _process.Region;

    IActorRef ICellPorts.Desks => _process.Region;

    Address ICellPorts.Member { get; } = new("sim", "world");

    private SimCluster Cluster => _process.Cluster;

    public void Deliver(ICellMessage message, IActorRef sender)
    {
        if (Ended) return;
        message = Cluster.Bug.OnCellMessage(Engine, message);
        // What a cell answers is looked at when it is said, not when somebody hears it.
        var client = message is SubmitJobs or CancelJob && sender is SimRef to
            ? new SimRef(_process, "answer", static (_, _) => { })
            {
                WhenTold = answer =>
                {
                    Cluster.Ledger.Answered(answer);
                    to.Tell(answer, _self);
                },
            }
            : sender;
        Engine.Receive(message, client);
    }

    void ICellPorts.Persist(RoundCommitted round, Action whenDurable)
    {
        var early = Cluster.Bug.AcknowledgesEarly;
        if (early) _process.After(TimeSpan.Zero, "acknowledged early", WhenDurable);
        var row = Cluster.Bug.OnRow(round);
        Cluster.Journal.Write(_process, _owner.Cell, row.Number, row.ToByteArray(), outcome =>
        {
            if (Ended) return;
            if (outcome != WriteOutcome.Written)
            {
                End();
                _ended(outcome);
                return;
            }

            if (early) return;
            Cluster.Ledger.Compare(_owner.Cell, Engine.State);
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

    void ICellPorts.SaveSnapshot(CellSnapshot snapshot) =>
        Cluster.Journal.SaveSnapshot(_process, _owner.Cell, snapshot);

    void ICellPorts.Publish(CellView digest) => Cluster.Publish(_process, digest);

    void ICellPorts.Stop()
    {
        if (Ended) return;
        End();
        _ended(null);
    }

    public void End() => Ended = true;
}
