using Akka.Actor;
using Akka.Event;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Desks;

namespace Stockpile.Scheduler.Tests.Desks;

/// <summary>A desk's engine over a journal whose writes a test lets through, or not.</summary>
internal sealed class DeskBench : IKeyDeskPorts
{
    private readonly List<KeysBound> _rows = [];
    private (KeysBound Row, Action WhenDurable)? _held;

    public DeskBench(string desk, int snapshotKeysMin = 1_000, bool holds = false)
    {
        Holds = holds;
        Engine = new KeyDeskEngine(desk, snapshotKeysMin, NoLogger.Instance, this);
    }

    public KeyDeskEngine Engine { get; }

    /// <summary>Writes wait for <see cref="Write"/>.</summary>
    public bool Holds { get; set; }

    /// <summary>What is durable.</summary>
    public IReadOnlyList<KeysBound> Rows => _rows;

    public List<KeyDeskSnapshot> Snapshots { get; } = [];

    public bool Stopped { get; private set; }

    public IActorRef Self => ActorRefs.Nobody;

    public void Persist(KeysBound row, Action whenDurable)
    {
        Assert.Null(_held);
        _held = (row.Clone(), whenDurable);
        if (!Holds) Write();
    }

    /// <summary>The row in flight is durable.</summary>
    public void Write()
    {
        var (row, whenDurable) = _held!.Value;
        _held = null;
        _rows.Add(row);
        whenDurable();
    }

    public void SaveSnapshot(KeyDeskSnapshot snapshot) => Snapshots.Add(snapshot.Clone());

    public void Stop() => Stopped = true;
}
