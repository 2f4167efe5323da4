using Akka.Actor;
using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// One per scheduler process. It knows the cells from their digests, picks the home of each new job, and passes every
/// other request to the cell that the id names. Requests to a cell are repeated when no answer comes: sharding delivers
/// at most once, and every request may arrive twice. New jobs without a key get one here, for that reason. What it
/// needs of its process it has through <see cref="IRouterPorts"/>. One thread at a time, but for what waits for a
/// cell's answer, which touches nothing of the router's.
/// </summary>
public sealed partial class RouterShell(CellOptions options, IRouterPorts ports)
{
    /// <summary>Jobs of one caller; answered with a <see cref="SubmitJobsReply"/> in the same order.</summary>
    public sealed record Submit(IReadOnlyList<Submission> Jobs, SubmitMode Mode);

    /// <summary>One request for one cell; answered with the cell's reply.</summary>
    /// <param name="Once">It is not repeated, for whoever asks again anyway.</param>
    public sealed record ToCell(ICellMessage Message, bool Once = false);

    /// <summary>One request for every cell, or for the one named; answered with a list of the replies.</summary>
    public sealed record ToCells(string? Cell, Func<string, ICellMessage> Message);

    /// <summary>Whether this process could serve; answered with a <see cref="Standing"/>.</summary>
    public sealed record GetStanding
    {
        public static readonly GetStanding Instance = new();
    }

    /// <summary>The submission again, with what the cells say now.</summary>
    /// <param name="Homes">Cells by the keys that they know already.</param>
    private sealed record Again(
        Submit Submit, IActorRef Client, IReadOnlyList<CellView> Cells, IReadOnlyDictionary<string, string> Homes);

    /// <summary>A cell that had to be asked did not answer.</summary>
    private sealed record Refused(IActorRef Client, Exception Fault);

    /// <summary>The cells that the journal knows; null when it could not be read.</summary>
    private sealed record Remembered(IReadOnlyList<string>? Cells);

    private sealed record LookUp
    {
        public static readonly LookUp Instance = new();
    }

    private static readonly TimeSpan JournalRetry = TimeSpan.FromSeconds(1);
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

    private static readonly Dictionary<string, string> NoHomes = [];

    /// <summary>Keys made here start so; a user's key that does is refused.</summary>
    public const string OwnKeyPrefix = "stockpile-";

    private readonly Dictionary<string, CellView> _cells = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _routed = new(StringComparer.Ordinal);

    /// <summary>Cells of the journal that have not spoken since this process started; null until they are known.
    /// </summary>
    private HashSet<string>? _silent;

    public void Begin() => AskJournal();

    /// <summary>False when nobody here understands the message.</summary>
    public bool Receive(object message, IActorRef sender)
    {
        switch (message)
        {
            case Submit m: OnSubmit(m, sender); break;
            case Again m: OnAgain(m); break;
            case Refused m: m.Client.Tell(new Status.Failure(m.Fault), ports.Self); break;
            case ToCell m: OnToCell(m, sender); break;
            case ToCells m: OnToCells(m, sender); break;
            case CellView digest: OnDigest(digest); break;
            case CellDown down: OnDown(down); break;
            case Remembered m: OnRemembered(m); break;
            case LookUp: AskJournal(); break;
            case GetStanding: sender.Tell(Standing(), ports.Self); break;
            default: return false;
        }

        return true;
    }

    private Standing Standing() => new(
        ports.IsMember,
        _silent is null ? null : [.. _silent.Where(c => Down(c) is null).Order(StringComparer.Ordinal)])
    {
        Down = [.. AllDown().Select(d => d.Message)],
        Serving = Serving().Count,
    };

    private void AskJournal() => ports.JournalCells().PipeTo(
        ports.Self, ports.Self, success: cells => new Remembered(cells), failure: _ => new Remembered(null));

    private void OnRemembered(Remembered remembered)
    {
        if (remembered.Cells is null)
            ports.Once(JournalRetry, LookUp.Instance);
        else
            _silent = [.. remembered.Cells.Where(cell => !_cells.ContainsKey(cell))];
    }

    private void OnDigest(CellView digest)
    {
        if (_cells.TryGetValue(digest.Cell, out var known) && CellViews.IsOlder(digest, known)) return;
        _cells[digest.Cell] = digest;
        _routed.Remove(digest.Cell);
        _down.Remove(digest.Cell);
        _silent?.Remove(digest.Cell);
    }

    private void OnAgain(Again m)
    {
        foreach (var cell in m.Cells) OnDigest(cell);
        Route(m.Submit, m.Client, m.Homes, fresh: m.Cells.Count > 0);
    }

    private void OnToCell(ToCell m, IActorRef sender)
    {
        if (_cells.ContainsKey(m.Message.Cell)) AskCell(m.Message, m.Once).PipeTo(sender);
        else
            sender.Tell(new Status.Failure((Exception?)NotYet(m.Message.Cell) ?? Unknown(m.Message.Cell)), ports.Self);
    }

    private void OnToCells(ToCells m, IActorRef sender)
    {
        if (m.Cell is not null && !_cells.ContainsKey(m.Cell) && NotYet(m.Cell) is { } why)
        {
            sender.Tell(new Status.Failure(why), ports.Self);
            return;
        }

        var cells = m.Cell is null
            ? KeyHolders().Order(StringComparer.Ordinal).ToList()
            : _cells.ContainsKey(m.Cell) ? [m.Cell] : [];
        // One that is stopped for good would take the lists of all others with it; it stands in for its answer.
        Task.WhenAll(cells.Select(cell => m.Cell is null && Down(cell) is { Stopped: true } down
            ? Task.FromResult<IWireMessage>(down)
            : AskCell(m.Message(cell)))).PipeTo(sender);
    }

    private async Task<IWireMessage> AskCell(ICellMessage message, bool once = false)
    {
        var left = once ? OneAttempt : Together;
        for (var attempt = 0; ; attempt++)
        {
            var wait = once ? left : Attempts[Math.Min(attempt, Attempts.Length - 1)];
            if (wait > left) wait = left;
            try
            {
                var reply = await ports.Ask(message, wait).ConfigureAwait(false);
                if (reply is CellBusy busy)
                    throw new ClusterBusyException(busy.Message, TimeSpan.FromMilliseconds(busy.RetryAfterMs));
                if (reply is not CellDown down) return reply;
                // A short rest is worth waiting for; a longer one is the client's to wait out.
                var rest = RetryAfter(down);
                if (once || rest > ShortRest || rest >= left) throw Unavailable(down);
                left -= rest;
                await ports.Delay(rest).ConfigureAwait(false);
            }
            catch (AskTimeoutException)
            {
                // The cell may be starting or moving; the request may be repeated, so it is.
                left -= wait;
                if (left <= TimeSpan.Zero)
                    throw Unavailable($"cell {message.Cell} does not answer; it is starting or moving");
            }
        }
    }

    private static ClusterUnavailableException Unavailable(string message, bool nothingTaken = false) =>
        new(message, TimeSpan.FromSeconds(1), nothingTaken);

    private static UnknownCellException Unknown(string cell) => new($"there is no cell {Names.Shorten(cell)}");
}

/// <summary>No cell of that name has ever spoken.</summary>
public sealed class UnknownCellException(string message) : Exception(message);
