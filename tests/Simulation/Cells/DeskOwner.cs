using Akka.Actor;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Desks;
using Stockpile.Scheduler.Owners;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Cells;

/// <summary>
/// A key desk in one process: what <see cref="KeyDeskSupervisor"/> and <see cref="KeyDeskActor"/> do around the engine.
/// It recovers, serves, rests after a failure, recovers again, and hands over when it is told to stop.
/// </summary>
public sealed class DeskOwner
{
    private const int StashMax = 1_000;

    private readonly SchedulerProcess _process;
    private readonly Backoff _backoff;
    private readonly Queue<(IDeskMessage Message, IActorRef Sender)> _stash = new();
    private DeskLife? _life;
    private CellDown? _down;
    private bool _recovering;
    private bool _stopping;
    private bool _gone;

    public DeskOwner(SchedulerProcess process, string desk)
    {
        _process = process;
        Desk = desk;
        _backoff = new Backoff(process.Options.RestFirst, process.Options.RestMost, process.Real);
    }

    public string Desk { get; }

    private SimWorld World => _process.World;

    public void Recover()
    {
        _recovering = true;
        var journal = _process.Cluster.Journal;
        _process.After(World.Between(0.01, 0.3), "desk recovers", () =>
        {
            if (_gone) return;
            if (!journal.CanReach(_process) || World.Roll(journal.FailRate))
            {
                World.Count("recovery of a desk failed");
                Rest("could not recover");
                return;
            }

            var life = new DeskLife(_process, this, Ended);
            RecoverFrom(life, journal);
            _life = life;
            _recovering = false;
            life.Engine.Begin();
            while (_stash.TryDequeue(out var held)) Deliver(held.Message, held.Sender);
        });
    }

    private void RecoverFrom(DeskLife life, SimJournal journal)
    {
        // Whether a snapshot is there, and can be read, must make no difference.
        var snapshots = journal.SnapshotsOf(Desk);
        var snapshot = snapshots.Count > 0 && World.Roll(0.7) ? KeyDeskSnapshot.Parser.ParseFrom(snapshots[^1]) : null;
        if (snapshot is not null)
        {
            World.Count("desk recovered from a snapshot");
            life.Engine.Restore(snapshot);
        }

        foreach (var row in journal.Raw(Desk, snapshot?.Row ?? 0)) life.Engine.Replay(KeysBound.Parser.ParseFrom(row));
        _process.Cluster.Ledger.CompareDesk(life.Engine.State, "recovered");
    }

    public void Deliver(IDeskMessage message, IActorRef sender)
    {
        if (_down is not null) sender.Tell(_down);
        else if (_life is not null) _life.Deliver(message, sender);
        else if (_recovering && _stash.Count < StashMax) _stash.Enqueue((message, sender));
        else World.Count("lost at a desk that is away");
    }

    /// <summary>Sharding wants the desk elsewhere: it finishes the row in flight first.</summary>
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
        World.Count(overtaken ? "desk overtaken" : "desk failed");
        if (overtaken) Rest("was taken over", _process.Options.RestWhenOvertaken);
        else Rest("could not write");
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
            Cell = Desk,
            Message = $"key desk {Desk} {why}",
            RetryAfterMs = (int)rest.TotalMilliseconds,
        };
        _process.After(rest, "desk rested", () =>
        {
            if (!_gone && _life is null && !_recovering) Recover();
        });
    }

    private void Gone()
    {
        _gone = true;
        _stash.Clear();
        _process.Left(this);
    }
}
