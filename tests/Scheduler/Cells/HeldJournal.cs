using Akka.Actor;
using Akka.Persistence;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>
/// The journal of production behind a gate: a test can hold its writes back, or make one fail. Everything else
/// is handed on as it comes.
/// </summary>
public sealed class HeldJournal : UntypedActor
{
    private readonly JournalGate _gate = JournalGate.Of(Context.System);
    private readonly Queue<(WriteMessages Write, IActorRef Sender)> _held = new();
    private readonly IActorRef _journal =
        Akka.Persistence.Persistence.Instance.Apply(Context.System).JournalFor("akka.persistence.journal.sql");

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case WriteMessages write when _gate.Holds(Self):
                _held.Enqueue((write, Sender));
                break;
            case JournalVerdict verdict:
                // The verdict is on the write that came first; nothing has happened to those behind it.
                for (var first = true; _held.TryDequeue(out var held); first = false)
                    Judge(held.Write, held.Sender, first ? verdict : JournalVerdict.Write);
                break;
            default:
                if (message is ReplayMessages replay) _gate.Replays(replay.PersistenceId);
                _journal.Forward(message);
                break;
        }
    }

    /// <summary>As AsyncWriteJournal answers a write that threw, and one that was refused.</summary>
    private void Judge(WriteMessages write, IActorRef sender, JournalVerdict verdict)
    {
        if (verdict == JournalVerdict.Write)
        {
            _journal.Tell(write, sender);
            return;
        }

        var cause = new IOException("the disk is full, says the test");
        var cell = write.PersistentActor;
        var events = write.Messages.OfType<AtomicWrite>()
            .SelectMany(m => (IEnumerable<IPersistentRepresentation>)m.Payload).ToList();
        cell.Tell(verdict == JournalVerdict.Fail
            ? new WriteMessagesFailed(cause, events.Count)
            : WriteMessagesSuccessful.Instance);
        foreach (var row in events)
            cell.Tell(verdict == JournalVerdict.Fail
                ? new WriteMessageFailure(row, cause, write.ActorInstanceId)
                : new WriteMessageRejected(row, cause, write.ActorInstanceId));
    }
}

public enum JournalVerdict
{
    Write,
    Fail,
    Reject,
}

/// <summary>Whether the writes of <see cref="HeldJournal"/> pass.</summary>
public sealed class JournalGate : IExtension
{
    private readonly Lock _lock = new();
    private readonly List<string> _replayed = [];
    private bool _closed;
    private IActorRef? _journal;
    private TaskCompletionSource _arrived = New();

    public static JournalGate Of(ActorSystem system) => system.WithExtension<JournalGate, Provider>();

    /// <summary>Who recovered, by persistence id, in order.</summary>
    public IReadOnlyList<string> Replayed
    {
        get { lock (_lock) return [.. _replayed]; }
    }

    /// <summary>From now on writes wait.</summary>
    public void Hold()
    {
        lock (_lock)
        {
            _closed = true;
            _arrived = New();
        }
    }

    /// <summary>Done when a write waits at the gate.</summary>
    public Task ArrivedAsync(TimeSpan patience)
    {
        lock (_lock) return _arrived.Task.WaitAsync(patience);
    }

    /// <summary>Opens the gate; what waits longest gets the verdict.</summary>
    public void Release(JournalVerdict verdict = JournalVerdict.Write)
    {
        lock (_lock)
        {
            _closed = false;
            _journal!.Tell(verdict);
        }
    }

    internal void Replays(string persistenceId)
    {
        lock (_lock) _replayed.Add(persistenceId);
    }

    internal bool Holds(IActorRef journal)
    {
        lock (_lock)
        {
            _journal = journal;
            if (_closed) _arrived.TrySetResult();
            return _closed;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public sealed class Provider : ExtensionIdProvider<JournalGate>
    {
        public override JournalGate CreateExtension(ExtendedActorSystem system) => new();
    }
}
