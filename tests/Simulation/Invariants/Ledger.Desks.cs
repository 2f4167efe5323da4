using Stockpile.Core;
using Stockpile.Core.Desks;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Simulation.Tests.Invariants;

/// <summary>Which cell each key belongs to, as the rows of the key desks have it.</summary>
public sealed partial class Ledger
{
    private readonly SortedDictionary<string, KeyDeskState> _desks = new(StringComparer.Ordinal);

    /// <summary>The cells of each key, generation by generation.</summary>
    private readonly Dictionary<string, List<string>> _bindings = new(StringComparer.Ordinal);

    /// <summary>The state that the durable rows of a desk give.</summary>
    public KeyDeskState ReplayedDesk(string desk)
    {
        if (!_desks.TryGetValue(desk, out var state)) _desks.Add(desk, state = new KeyDeskState(desk));
        return state;
    }

    /// <summary>A desk has said where keys belong; all of it must be in its journal by now.</summary>
    public void DeskAnswered(object answer)
    {
        if (answer is not BindKeysReply reply) return;
        foreach (var said in reply.Bindings)
        {
            if (said.Generation == 0) continue;
            var cells = _bindings.GetValueOrDefault(said.Key) ?? [];
            if (said.Generation > cells.Count)
                World.Fail(Invariant.AcknowledgedIsDurable,
                    $"{reply.Desk} says that {said.Key} is bound to {said.Cell} as {said.Generation}; no row has it");
            else if (cells[said.Generation - 1] != said.Cell)
                World.Fail(Invariant.OneBindingPerKey,
                    $"{said.Key} is bound to {cells[said.Generation - 1]} and said to be bound to {said.Cell} as "
                    + said.Generation);
            World.Count(said.Generation < cells.Count ? "stale binding told" : "binding told");
        }
    }

    /// <summary>A desk has recovered, or written a row and done nothing since.</summary>
    public void CompareDesk(KeyDeskState state, string which)
    {
        var replayed = ReplayedDesk(state.Desk);
        if (state.Row != replayed.Row) return;
        var (image, journal) = (state.Capture().ToWire(), replayed.Capture().ToWire());
        if (!image.Equals(journal))
            World.Fail(Invariant.JournalIsEnough, $"the {which} state of {state.Desk} differs: {image}\n{journal}");
    }

    private void DeskDurable(string desk, KeysBound row)
    {
        var state = ReplayedDesk(desk);
        if (row.Epoch < state.Epoch || (row.Keys.Count == 0 && row.Epoch == state.Epoch))
            World.Fail(Invariant.EpochsRise, $"{desk} writes in epoch {row.Epoch} after {state.Epoch}");
        foreach (var bound in row.Keys)
            if (state.Find(bound.Key) is { } before && Replayed(before.Cell).ClosedAt(bound.Key) < before.Generation)
                World.Fail(Invariant.OneBindingPerKey,
                    $"{bound.Key} is bound to {bound.Cell} as {bound.Generation}, and {before.Cell} has not closed it");
        try
        {
            state.Replay(row.FromWire());
        }
        catch (InvariantBrokenException fault)
        {
            World.Fail(Invariant.OneBindingPerKey, $"row {row.Number} of {desk} cannot be: {fault.Message}");
        }

        foreach (var bound in row.Keys)
        {
            World.Count(bound.Generation == 1 ? "keys bound" : "keys bound anew");
            if (!_bindings.TryGetValue(bound.Key, out var cells)) _bindings.Add(bound.Key, cells = []);
            cells.Add(bound.Cell);
        }
    }

    /// <summary>A cell that has closed a key takes it by a newer binding alone.</summary>
    private void MayBeTaken(CellState state, string key)
    {
        var closed = state.ClosedAt(key);
        if (closed == 0 || (_bindings.GetValueOrDefault(key) ?? []).Skip(closed).Contains(state.Cell)) return;
        World.Fail(Invariant.OneBindingPerKey,
            $"{state.Cell} takes {key}, which it has closed at {closed}; it was bound to "
            + string.Join(", ", _bindings.GetValueOrDefault(key) ?? []));
    }
}
