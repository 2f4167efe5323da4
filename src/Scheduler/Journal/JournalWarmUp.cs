using Akka.Actor;
using Akka.Persistence;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Journal;

/// <summary>
/// Recovers one of the journal's cells, as a cell would, and forgets it. The first recovery of a process loads and
/// compiles the plugins of the journal and of the snapshots, opens their first connections, and compiles whatever reads
/// rows, which takes several times as long as the recovery itself; a cell that moves to a process that has just started
/// should not wait for that. Nothing is written.
/// </summary>
public sealed class JournalWarmUp : UntypedActor
{
    public const string ActorName = "journal-warm-up";

    private sealed record Known(string? Cell);

    private readonly CellOptions _options;
    private readonly Task<IReadOnlyList<string>> _cells;

    public JournalWarmUp(CellOptions options, Task<IReadOnlyList<string>> cells)
    {
        _options = options;
        _cells = cells;
    }

    /// <param name="cells">The cells that the journal knows.</param>
    public static Props Props(CellOptions options, Task<IReadOnlyList<string>> cells) =>
        Akka.Actor.Props.Create(() => new JournalWarmUp(options, cells));

    protected override void PreStart() => _cells.PipeTo(
        Self, success: cells => new Known(cells.Count > 0 ? cells[0] : null), failure: _ => new Known(null));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Known known: Context.Watch(Context.ActorOf(Rehearsal.Props(known.Cell, _options))); break;
            case Terminated: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }
}

/// <summary>The recovery of a cell, or of an entity without rows where the journal has none, and nothing after it.
/// </summary>
internal sealed class Rehearsal : UntypedPersistentActor
{
    /// <summary>Of a long journal so many rows are enough.</summary>
    private const long RowsMax = 200;

    private readonly CellOptions _options;
    private CellState _state;

    public Rehearsal(string? cell, CellOptions options)
    {
        _options = options;
        _state = new CellState(cell ?? "", options.Catalog, options.Policy);
        PersistenceId = cell is null ? "warm-up" : CellOptions.PersistenceIdOf(cell);
    }

    public static Props Props(string? cell, CellOptions options) =>
        Akka.Actor.Props.Create(() => new Rehearsal(cell, options));

    public override string PersistenceId { get; }

    public override Recovery Recovery => new(SnapshotSelectionCriteria.Latest, long.MaxValue, RowsMax);

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: CellSnapshot snapshot }:
                _state = CellState.Restore(snapshot.FromWire(), _options.Catalog, _options.Policy);
                break;
            case RecoveryCompleted:
                Context.Stop(Self);
                break;
            default:
                JournalRow.Replay(
                    _state, JournalRow.Read(_state.Cell, _state.RoundNumber, LastSequenceNr, message));
                break;
        }
    }

    protected override void OnCommand(object message) => Unhandled(message);

    /// <summary>A journal that is away, or a row of no use, is for the cells to tell; this one is stopped by the
    /// failure.</summary>
    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
    }
}
