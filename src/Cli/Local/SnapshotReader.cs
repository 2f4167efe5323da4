using Akka.Actor;
using Akka.Persistence;
using Stockpile.Cli.Output;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Cli.Local;

/// <summary>What is to be said of a cell's newest snapshot.</summary>
/// <param name="Round">After which it was taken; 0: that cannot be told.</param>
/// <param name="Agrees">It can be used, and holds what the rows up to its round give.</param>
/// <param name="Verdict">The same in words.</param>
internal sealed record SnapshotCheck(long Round, bool Agrees, string Verdict);

/// <summary>Reads cells' newest snapshots, as a recovery does. It writes nothing.</summary>
internal sealed class SnapshotReader(ActorSystem system, CellOptions options)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <param name="Round">0: there is none, or none that can be read.</param>
    /// <param name="State">What the snapshot holds; null: there is none, or it is of no use.</param>
    /// <param name="Check">What is known of it without the journal; null: there is none.</param>
    public sealed record Newest(long Round, CellState? State, SnapshotCheck? Check);

    /// <summary>The newest snapshot up to a round.</summary>
    public async Task<Newest> NewestAsync(string cell, long round, CancellationToken cancel)
    {
        var store = Persistence.Instance.Apply(system).SnapshotStoreFor(null);
        var answer = await store.Ask<object>(
            new LoadSnapshot(CellOptions.PersistenceIdOf(cell), SnapshotSelectionCriteria.Latest, round),
            Patience, cancel);
        return answer switch
        {
            LoadSnapshotFailed failed => Useless(0, $"cannot be read: {failed.Cause.Message}"),
            LoadSnapshotResult { Snapshot: { } held } => Restore(cell, held),
            _ => new Newest(0, null, null),
        };
    }

    /// <summary>
    /// Whether a snapshot holds what the rows up to its round give. The first snapshots did not count goodput, so a
    /// cell that went on from one of them has counted it from there only.
    /// </summary>
    public static SnapshotCheck Compare(CellState taken, CellState replayed)
    {
        var (snapshot, rows) = (taken.Capture().ToWire(), replayed.Capture().ToWire());
        if (snapshot.Equals(rows)) return new SnapshotCheck(taken.RoundNumber, true, "as the rows");
        return WithoutGoodput(snapshot).Equals(WithoutGoodput(rows))
            ? new SnapshotCheck(taken.RoundNumber, true, "as the rows, but for goodput, which was not always counted")
            : new SnapshotCheck(taken.RoundNumber, false, "holds something else than the rows");
    }

    private static CellSnapshot WithoutGoodput(CellSnapshot snapshot)
    {
        var bare = snapshot.Clone();
        (bare.Counters.UsefulTrainingMs, bare.Counters.UsefulBatchMs) = (0, 0);
        bare.Counters.LostMs.Clear();
        foreach (var job in bare.Jobs)
        {
            (job.HeldMs, job.UsefulMs, job.LostMs) = (0, 0, 0);
            (job.RunMs, job.LostTo, job.LastLostMs) = (0, 0, 0);
        }

        return bare;
    }

    private Newest Restore(string cell, SelectedSnapshot held)
    {
        var round = held.Metadata.SequenceNr;
        if (held.Snapshot is not CellSnapshot snapshot)
            return Useless(round, $"holds a {held.Snapshot.GetType().Name} and not a cell");
        if (snapshot.Cell != cell || snapshot.Round != round)
            return Useless(round, $"holds round {snapshot.Round} of cell {snapshot.Cell}");
        try
        {
            var state = CellState.Restore(snapshot.FromWire(), options.Catalog, options.Policy);
            return new Newest(round, state, new SnapshotCheck(round, true, "not compared with the rows"));
        }
        catch (Exception fault)
        {
            return Useless(round, $"contradicts itself: {fault.Message}");
        }
    }

    private static Newest Useless(long round, string why) =>
        new(round, null, new SnapshotCheck(round, false, Screen.OneLine(why)));
}
