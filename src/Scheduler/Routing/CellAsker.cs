using Akka.Actor;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// Asks cells and key desks, and repeats what gets no answer: sharding delivers at most once, and every request may
/// arrive twice. Any thread may ask.
/// </summary>
public sealed class CellAsker(IRouterPorts ports, KnownCells cells)
{
    /// <summary>How long each attempt waits for its answer. What is lost is lost while a cell moves, and is repeated
    /// soon; a cell that is slow is not asked ever more often.</summary>
    private static readonly TimeSpan[] Attempts =
        [.. new[] { 0.5, 0.5, 1, 2, 4, 4 }.Select(TimeSpan.FromSeconds)];

    private static readonly TimeSpan OneAttempt = TimeSpan.FromSeconds(3);

    /// <summary>All attempts and rests together; less than <c>Gateway.Patience</c>, so that whoever asks learns why.
    /// </summary>
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(12);

    /// <summary>A cell that rests so long at most is waited for.</summary>
    private static readonly TimeSpan ShortRest = TimeSpan.FromSeconds(3);

    /// <param name="once">It is not repeated, for whoever asks again anyway.</param>
    /// <exception cref="ClusterUnavailableException">The cell is down, or does not answer.</exception>
    /// <exception cref="ClusterBusyException">Its queue is full.</exception>
    public Task<IWireMessage> AskAsync(ICellMessage message, bool once = false) =>
        AskAsync(wait => ports.Ask(message, wait), $"cell {message.Cell}", once, message.Cell);

    /// <summary>The same of a key desk.</summary>
    public Task<IWireMessage> AskAsync(IDeskMessage message) =>
        AskAsync(wait => ports.AskDesk(message, wait), $"the key desk {message.Desk}", once: false, cell: null);

    private async Task<IWireMessage> AskAsync(
        Func<TimeSpan, Task<IWireMessage>> ask, string whom, bool once, string? cell)
    {
        var began = cells.Now;
        var left = once ? OneAttempt : Together;
        for (var attempt = 0; ; attempt++)
        {
            var wait = once ? left : Attempts[Math.Min(attempt, Attempts.Length - 1)];
            if (wait > left) wait = left;
            try
            {
                var reply = await ask(wait).ConfigureAwait(false);
                if (reply is CellBusy busy)
                    throw new ClusterBusyException(busy.Message, TimeSpan.FromMilliseconds(busy.RetryAfterMs));
                if (reply is not CellDown down) return reply;
                // A short rest is worth waiting for; a longer one is the client's to wait out.
                var rest = KnownCells.RetryAfter(down);
                if (once || rest > ShortRest || rest >= left) throw KnownCells.Unavailable(down);
                left -= rest;
                await ports.Delay(rest).ConfigureAwait(false);
            }
            catch (AskTimeoutException)
            {
                // It may be starting or moving; the request may be repeated, so it is.
                left -= wait;
                if (left <= TimeSpan.Zero)
                {
                    // Whoever spoke meanwhile is there.
                    var why = cell is null ? "" : cells.HasSpokenSince(cell, began)
                        ? "; it is there and has too much to do"
                        : "; it is starting or moving";
                    throw new ClusterUnavailableException(
                        $"{whom} does not answer within {(once ? OneAttempt : Together).TotalSeconds:0} s{why}",
                        TimeSpan.FromSeconds(1));
                }
            }
        }
    }
}
