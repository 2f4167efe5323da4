using Akka.Actor;
using Akka.Event;
using Stockpile.Core;
using Stockpile.Core.Desks;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Desks;

/// <summary>
/// One key desk: the only one who says which cell its keys belong to. It wires the pure <see cref="KeyDeskState"/> to
/// the journal, which it has through <see cref="IKeyDeskPorts"/>. While a row is being written, whatever arrives
/// gathers for the next one; nobody is answered, look-ups neither, before all that the answer rests on is durable. One
/// thread at a time.
/// </summary>
public sealed class KeyDeskEngine(string desk, int snapshotKeysMin, ILoggingAdapter log, IKeyDeskPorts ports)
{
    private readonly Queue<(BindKeys Message, IActorRef Client)> _inbox = new();
    private KeyDeskState _state = new(desk);
    private bool _writing;
    private bool _stopping;
    private int _sinceSnapshot;

    /// <summary>Runs ahead of the journal while a row is written.</summary>
    public KeyDeskState State => _state;

    /// <summary>Recovery begins here, where there is a snapshot.</summary>
    public void Restore(KeyDeskSnapshot snapshot) => _state = KeyDeskState.Restore(snapshot.FromWire());

    /// <summary>Recovery: the next row of the journal.</summary>
    public void Replay(KeysBound row)
    {
        _state.Replay(row.FromWire());
        _sinceSnapshot += Weight(row);
    }

    /// <summary>
    /// Recovery is over. The first row raises the epoch: it fences off whoever had the desk before, and a desk that
    /// cannot write says nothing at all.
    /// </summary>
    public void Begin()
    {
        log.Info("key desk {0} recovered at row {1} with {2} keys", desk, _state.Row, _state.Count);
        Write(_state.Epoch + 1, [], []);
    }

    public void Receive(IDeskMessage message, IActorRef client)
    {
        if (message is not BindKeys bind || !IsWellFormed(bind))
        {
            // Nobody of ours sends that: a key bound at a desk that is not its own would have two homes.
            log.Warning("key desk {0} ignores a {1} that is not for it", desk, message.GetType().Name);
            return;
        }

        if (_inbox.Count >= SchedulerLimits.DeskInboxMessagesMax)
        {
            client.Tell(new CellBusy
            {
                Cell = desk,
                Message = $"key desk {desk} has {_inbox.Count} requests waiting",
                RetryAfterMs = 1_000,
            }, ports.Self);
            return;
        }

        _inbox.Enqueue((bind, client));
        if (!_writing) Run();
    }

    /// <summary>Stops as soon as the row in flight, if there is one, is durable.</summary>
    public void StopWhenDurable()
    {
        _stopping = true;
        if (!_writing) ports.Stop();
    }

    private void Run()
    {
        while (!_writing && _inbox.Count > 0)
        {
            // 1  Decide what has gathered, each wish on what those before it made.
            var bound = new List<KeyBound>();
            var answers = new List<(IActorRef Client, BindKeysReply Reply)>();
            while (bound.Count < SchedulerLimits.KeysPerDeskRowMax && _inbox.TryDequeue(out var next))
                answers.Add((next.Client, Decide(next.Message, bound)));

            // 2  Nothing was bound: all that the answers say is durable.
            if (bound.Count == 0)
                Answer(answers);
            else
                // 3  Write it, and answer then.
                Write(_state.Epoch, bound, answers);
        }
    }

    private BindKeysReply Decide(BindKeys message, List<KeyBound> bound)
    {
        var reply = new BindKeysReply { Desk = desk };
        foreach (var wish in message.Wishes)
        {
            var made = _state.Decide(wish.FromWire());
            if (made is not null)
            {
                _state.Apply(made);
                bound.Add(made);
            }

            reply.Bindings.Add((made ?? _state.Find(wish.Key)) is { } stands
                ? new KeyBinding
                {
                    Key = wish.Key,
                    Cell = stands.Cell,
                    Generation = stands.Generation,
                    IsNew = made is not null,
                }
                : new KeyBinding { Key = wish.Key });
        }

        return reply;
    }

    private void Write(
        long epoch, IReadOnlyList<KeyBound> bound, IReadOnlyList<(IActorRef Client, BindKeysReply Reply)> answers)
    {
        _state.Open(epoch);
        var row = new KeyRow(desk, epoch, _state.Row, bound).ToWire();
        _writing = true;
        ports.Persist(row, () =>
        {
            _writing = false;
            Answer(answers);
            SnapshotWhenDue(row);
            if (_stopping) ports.Stop();
            else Run();
        });
    }

    private void Answer(IReadOnlyList<(IActorRef Client, BindKeysReply Reply)> answers)
    {
        foreach (var (client, reply) in answers) client.Tell(reply, ports.Self);
    }

    /// <summary>A snapshot costs as much as the desk knows keys, so a full desk waits for more of them.</summary>
    private void SnapshotWhenDue(KeysBound row)
    {
        _sinceSnapshot += Weight(row);
        if (_sinceSnapshot < Math.Max(snapshotKeysMin, _state.Count / 4)) return;
        _sinceSnapshot = 0;
        ports.SaveSnapshot(_state.Capture().ToWire());
    }

    private static int Weight(KeysBound row) => 1 + row.Keys.Count;

    private bool IsWellFormed(BindKeys bind) =>
        bind.Desk == desk && bind.Wishes.Count <= SchedulerLimits.KeysPerMessageMax
        && bind.Wishes.All(wish => wish.Key.Length is > 0 and <= Limits.NameCharsMax
            && wish.Cell.Length <= Limits.NameCharsMax && KeyDesks.Of(wish.Key) == desk);
}
