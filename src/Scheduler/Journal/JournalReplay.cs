using Stockpile.Core.State;

namespace Stockpile.Scheduler.Journal;

/// <summary>
/// A cell's state from the journal, moved forward from round to round: what was replayed once is not read again.
/// </summary>
/// <param name="read">Gives the cell's rounds, from a number on, until one is not taken.</param>
public sealed class JournalReplay(
    Func<CellState> empty, Func<long, Func<Round, bool>, CancellationToken, Task> read)
{
    private CellState _state = empty();

    /// <summary>The highest epoch in the whole journal, also in rounds after the replayed one.</summary>
    public long Epoch { get; private set; }

    /// <summary>The state at a round, or at the journal's last one where that comes before.</summary>
    /// <exception cref="JournalRowException">A row cannot be read, or contradicts those before it.</exception>
    public async Task<CellState> ToAsync(long round, CancellationToken cancel)
    {
        // A former owner may answer after its successor.
        if (_state.RoundNumber > round) _state = empty();
        var state = _state;
        // What breaks half-way is of no more use.
        _state = empty();
        await read(state.RoundNumber + 1, r =>
        {
            if (r.Number <= round) JournalRow.Replay(state, r);
            foreach (var raised in r.Events.OfType<EpochRaised>()) Epoch = Math.Max(Epoch, raised.Epoch);
            return true;
        }, cancel).ConfigureAwait(false);
        return _state = state;
    }
}
