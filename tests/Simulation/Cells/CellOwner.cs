using Akka.Actor;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Owners;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Cells;

/// <summary>
/// A cell in one process: what <see cref="CellSupervisor"/> and <see cref="CellActor"/> do around the engine. It
/// recovers, serves, rests after a failure, recovers again, and hands over when it is told to stop.
/// </summary>
public sealed class CellOwner
{
    private const int StashMax = 1_000;

    private readonly SchedulerProcess _process;
    private readonly Backoff _backoff;
    private readonly Queue<(ICellMessage Message, IActorRef Sender)> _stash = new();
    private CellLife? _life;
    private CellDown? _down;
    private bool _recovering;
    private bool _stopping;
    private bool _gone;

    public CellOwner(SchedulerProcess process, string cell)
    {
        _process = process;
        Cell = cell;
        _backoff = new Backoff(process.Options.RestFirst, process.Options.RestMost, process.Real);
    }

    public string Cell { get; }

    /// <summary>Null while it recovers or rests.</summary>
    public CellEngine? Engine => _life?.Engine;

    public bool Serves => _life is { HasWritten: true };

    private SimWorld World => _process.World;

    public void Recover()
    {
        _recovering = true;
        var journal = _process.Cluster.Journal;
        _process.After(World.Between(0.01, 0.3), "cell recovers", () =>
        {
            if (_gone) return;
            if (!journal.CanReach(_process) || World.Roll(journal.FailRate))
            {
                World.Count("recovery failed");
                Rest("could not recover");
                return;
            }

            var life = new CellLife(_process, this, Ended);
            RecoverFrom(life, journal);
            _life = life;
            _recovering = false;
            life.Engine.Begin();
            _process.Every(_process.Options.TickInterval, "tick", () => life.Engine.Tick(), () => !life.Ended);
            while (_stash.TryDequeue(out var held)) Deliver(held.Message, held.Sender);
        });
    }

    private void RecoverFrom(CellLife life, SimJournal journal)
    {
        // Whether a snapshot is there, and can be read, must make no difference.
        var snapshots = journal.SnapshotsOf(Cell);
        var snapshot = snapshots.Count > 0 && World.Roll(0.7) ? CellSnapshot.Parser.ParseFrom(snapshots[^1]) : null;
        if (snapshot is not null)
        {
            World.Count("recovered from a snapshot");
            life.Engine.Restore(snapshot);
        }

        foreach (var row in journal.Read(Cell, snapshot?.Round ?? 0)) life.Engine.Replay(row);
        World.Count("recoveries");
        _process.Cluster.Ledger.Recovered(Cell, life.Engine.State);
    }

    public void Deliver(ICellMessage message, IActorRef sender)
    {
        if (_down is not null && IsQuestion(message)) sender.Tell(_down);
        else if (_life is not null) _life.Deliver(message, sender);
        else if (_recovering && _stash.Count < StashMax) _stash.Enqueue((message, sender));
        else World.Count("lost at a cell that is away");
    }

    /// <summary>Sharding wants the cell elsewhere: it finishes the round in flight first.</summary>
    public void StopWhenDurable()
    {
        _stopping = true;
        if (_life is { } life) life.Engine.StopWhenDurable();
        else Gone();
    }

    /// <summary>Its process is killed, or puts it out at once.</summary>
    public void Kill()
    {
        _life?.End();
        Gone();
    }

    public void OnWritten()
    {
        _backoff.Serves();
        _down = null;
    }

    /// <summary>The life is over.</summary>
    /// <param name="failure">Null: it stopped as it was asked to.</param>
    private void Ended(WriteOutcome? failure)
    {
        var wrote = _life!.HasWritten;
        _life = null;
        if (failure is null || _stopping)
        {
            Gone();
            return;
        }

        var overtaken = wrote && failure == WriteOutcome.Taken;
        World.Count(overtaken ? "overtaken" : "cell failed");
        if (overtaken) Rest("was taken over", _process.Options.RestWhenOvertaken);
        else Rest("could not write", default);
    }

    private void Rest(string why, TimeSpan atLeast = default)
    {
        _recovering = false;
        _stash.Clear();
        if (_stopping)
        {
            Gone();
            return;
        }

        var rest = _backoff.Failed();
        if (rest < atLeast) rest = atLeast;
        _down = new CellDown
        {
            Cell = Cell,
            Message = $"cell {Cell} {why}",
            RetryAfterMs = (int)rest.TotalMilliseconds,
        };
        Announce(_down);
        _process.After(rest, "cell rested", () =>
        {
            if (!_gone && _life is null && !_recovering) Recover();
        });
    }

    private void Announce(CellDown said)
    {
        if (_gone || _down != said) return;
        _process.Cluster.Publish(_process, said);
        _process.After(_process.Options.StatusInterval, "announce", () => Announce(said));
    }

    private void Gone()
    {
        _gone = true;
        _stash.Clear();
        _process.Left(this);
    }

    private static bool IsQuestion(ICellMessage message) => message is not
        (AdvertiseNodes or HostBeat or WorkReports or OfferJob or OfferTaken or SettleOffer or AuditHost);
}
