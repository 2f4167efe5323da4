using Google.Protobuf;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;
using Stockpile.Simulation.Tests.Invariants;

namespace Stockpile.Simulation.Tests.World;

/// <summary>What the writer of a row hears.</summary>
public enum WriteOutcome
{
    Written,

    /// <summary>It failed; the row may be there all the same.</summary>
    Failed,

    /// <summary>A row of that number is there.</summary>
    Taken,
}

/// <summary>
/// The database: rows by cell and by key desk with the unique key of the real one (persistence id, sequence number), as
/// bytes, and snapshots. A write may fail before it is durable, after it, or hang until its client gives it up, and be
/// carried out long after that, also when the client is gone.
/// </summary>
public sealed class SimJournal(SimWorld world, SimProcess server)
{
    /// <summary>As <c>call-timeout</c> of the circuit breaker.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    private readonly SortedDictionary<string, Rows> _cells = new(StringComparer.Ordinal);

    private sealed class Rows
    {
        public List<byte[]> All { get; } = [];
        public List<byte[]> Snapshots { get; } = [];
        public TimeSpan LastExecution { get; set; }
    }

    public double FailRate { get; set; }
    public double FailAfterRate { get; set; }
    public double HangRate { get; set; }
    public double SnapshotLossRate { get; set; } = 0.1;

    /// <summary>Called with the process whose write hangs.</summary>
    public Action<SimProcess> OnHang { get; set; } = static _ => { };

    /// <summary>Called with every row at the moment it is durable.</summary>
    public Action<string, byte[]> OnDurable { get; set; } = static (_, _) => { };

    public IEnumerable<string> Cells => _cells.Keys.Where(name => !KeyDesks.IsDesk(name));

    public IReadOnlyList<byte[]> SnapshotsOf(string cell) => Of(cell).Snapshots;

    /// <summary>Whether a question gets there and its answer back.</summary>
    public bool CanReach(SimProcess process) =>
        server.Up && !world.Network.IsCut(process, server) && !world.Network.IsCut(server, process);

    public void CalmDown() => FailRate = FailAfterRate = HangRate = SnapshotLossRate = 0;

    /// <param name="done">A step of the writing process; not called when that has ended.</param>
    public void Write(SimProcess process, string cell, long number, byte[] row, Action<WriteOutcome> done)
    {
        var answered = false;
        process.After(CallTimeout, "write given up", () =>
        {
            if (!answered) world.Count("write timed out");
            Answer(WriteOutcome.Failed);
        });
        // The way back is looked at when there is an answer: a write whose answer is lost is carried out.
        if (!server.Up || world.Network.IsCut(process, server))
        {
            world.Count("write did not reach the journal");
            // A refused connection is known at once, a lost packet only by the time-out.
            if (!server.Up)
                process.After(TimeSpan.FromMilliseconds(5), "write refused", () => Answer(WriteOutcome.Failed));
            return;
        }

        var hangs = world.Roll(HangRate);
        var delay = hangs ? world.Between(1, 20) : TimeSpan.FromMicroseconds(world.Random.Next(300, 3_000));
        if (hangs)
        {
            world.Count("write hung");
            OnHang(process);
        }

        // The rows of one writer are carried out in their order.
        var rows = Of(cell);
        var at = world.Now + delay;
        if (at < rows.LastExecution && !hangs) at = rows.LastExecution;
        if (!hangs) rows.LastExecution = at;
        world.Schedule(server, at - world.Now, $"write {cell}", () => Execute(process, cell, number, row, Reply));

        void Reply(WriteOutcome outcome)
        {
            if (world.Network.IsCut(server, process))
            {
                world.Count("answer of the journal lost");
                return;
            }

            world.Schedule(process, TimeSpan.FromMicroseconds(world.Random.Next(200, 2_000)), "write answered",
                () => Answer(outcome));
        }

        void Answer(WriteOutcome outcome)
        {
            if (answered) return;
            answered = true;
            done(outcome);
        }
    }

    private void Execute(SimProcess process, string cell, long number, byte[] bytes, Action<WriteOutcome> reply)
    {
        if (world.Roll(FailRate))
        {
            world.Count("write failed");
            reply(WriteOutcome.Failed);
            return;
        }

        var rows = Of(cell).All;
        if (number <= rows.Count)
        {
            world.Count("row taken");
            reply(WriteOutcome.Taken);
            return;
        }

        if (number > rows.Count + 1)
        {
            // Its predecessor was never written; only a writer that did not wait for that gets here.
            world.Count("row without the one before");
            reply(WriteOutcome.Failed);
            return;
        }

        rows.Add(bytes);
        world.Count("rows");
        if (process.Paused || !process.Up) world.Count("row of a writer that is gone");
        OnDurable(cell, bytes);
        if (world.Roll(FailAfterRate))
        {
            world.Count("write failed after it was durable");
            reply(WriteOutcome.Failed);
            return;
        }

        reply(WriteOutcome.Written);
    }

    public void SaveSnapshot(SimProcess process, string cell, IMessage snapshot)
    {
        if (!CanReach(process) || world.Roll(SnapshotLossRate))
        {
            world.Count("snapshot lost");
            return;
        }

        world.Count("snapshots");
        Of(cell).Snapshots.Add(snapshot.ToByteArray());
    }

    /// <summary>Every row names itself; one that is not where it belongs is a fault of the simulation.</summary>
    public IEnumerable<RoundCommitted> Read(string cell, long after = 0) =>
        Raw(cell, after).Select(bytes => RoundCommitted.Parser.ParseFrom(bytes));

    /// <summary>The rows of a cell or of a key desk, as they were written.</summary>
    public IEnumerable<byte[]> Raw(string name, long after = 0) => Of(name).All.Skip((int)after);

    private Rows Of(string cell)
    {
        if (!_cells.TryGetValue(cell, out var rows)) _cells.Add(cell, rows = new Rows());
        return rows;
    }
}
