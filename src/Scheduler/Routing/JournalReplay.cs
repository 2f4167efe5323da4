using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using Stockpile.Core.Cells;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// A cell's state from the journal, moved forward from round to round: what was replayed once is not read again.
/// </summary>
/// <param name="rounds">The cell's rounds, from a number on.</param>
public sealed class JournalReplay(
    Func<CellState> empty, Func<long, CancellationToken, Source<Round, NotUsed>> rounds, IMaterializer materializer)
{
    private CellState _state = empty();

    /// <summary>The highest epoch in the whole journal, also in rounds after the replayed one.</summary>
    public long Epoch { get; private set; }

    /// <summary>The state at a round, or at the journal's last one where that comes before.</summary>
    /// <exception cref="InvariantBrokenException">The journal contradicts itself.</exception>
    public async Task<CellState> ToAsync(long round, CancellationToken cancel)
    {
        // A former owner may answer after its successor.
        if (_state.RoundNumber > round) _state = empty();
        var state = _state;
        // What breaks half-way is of no more use.
        _state = empty();
        await rounds(state.RoundNumber + 1, cancel).RunForeach(r =>
        {
            if (r.Number <= round) state.Replay(r);
            foreach (var raised in r.Events.OfType<EpochRaised>()) Epoch = Math.Max(Epoch, raised.Epoch);
        }, materializer).ConfigureAwait(false);
        return _state = state;
    }
}
