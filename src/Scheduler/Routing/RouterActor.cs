using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;
using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// One per scheduler process. It knows the cells from their digests, picks the home of each new job, and passes every
/// other request to the cell that the id names. Requests to a cell are repeated when no answer comes: sharding delivers
/// at most once, and every request may arrive twice. New jobs without a key get one here, for that reason.
/// </summary>
public sealed partial class RouterActor : ReceiveActor, IWithTimers
{
    /// <summary>Jobs of one caller; answered with a <see cref="SubmitJobsReply"/> in the same order.</summary>
    public sealed record Submit(IReadOnlyList<Submission> Jobs, SubmitMode Mode);

    /// <summary>One request for one cell; answered with the cell's reply.</summary>
    /// <param name="Attempts">How often it is sent before it counts as unanswered.</param>
    public sealed record ToCell(ICellMessage Message, int Attempts = Attempts);

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
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(3);
    private const int Attempts = 4;

    private static readonly Dictionary<string, string> NoHomes = [];

    /// <summary>Keys made here start so; a user's key that does is refused.</summary>
    public const string OwnKeyPrefix = "stockpile-";

    private readonly IActorRef _region;
    private readonly CellOptions _options;
    private readonly Dictionary<string, CellView> _cells = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _routed = new(StringComparer.Ordinal);

    private readonly Func<Task<IReadOnlyList<string>>> _remembered;

    /// <summary>Cells of the journal that have not spoken since this process started; null until they are known.
    /// </summary>
    private HashSet<string>? _silent;

    /// <param name="remembered">The cells that the journal knows.</param>
    public RouterActor(IActorRef region, CellOptions options, Func<Task<IReadOnlyList<string>>> remembered)
    {
        _region = region;
        _options = options;
        _remembered = remembered;
        Receive<Remembered>(OnRemembered);
        Receive<LookUp>(_ => AskJournal());
        Receive<CellView>(OnDigest);
        Receive<CellDown>(OnDown);
        Receive<SubscribeAck>(_ => { });
        Receive<Refused>(m => m.Client.Tell(new Status.Failure(m.Fault)));
        Receive<Submit>(OnSubmit);
        Receive<Again>(m =>
        {
            foreach (var cell in m.Cells) OnDigest(cell);
            Route(m.Submit, m.Client, m.Homes, fresh: m.Cells.Count > 0);
        });
        Receive<ToCell>(m =>
        {
            if (_cells.ContainsKey(m.Message.Cell)) AskCell(m.Message, m.Attempts).PipeTo(Sender);
            else Sender.Tell(new Status.Failure((Exception?)NotYet(m.Message.Cell) ?? Unknown(m.Message.Cell)));
        });
        Receive<ToCells>(OnToCells);
        Receive<GetStanding>(_ => Sender.Tell(new Standing(
            Cluster.Get(Context.System).SelfMember.Status == MemberStatus.Up,
            _silent is null ? null : [.. _silent.Where(c => Down(c) is null).Order(StringComparer.Ordinal)])
        {
            Down = [.. AllDown().Select(d => d.Message)],
            Serving = Serving().Count,
        }));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(
        IActorRef region, CellOptions options, Func<Task<IReadOnlyList<string>>> remembered) =>
        Akka.Actor.Props.Create(() => new RouterActor(region, options, remembered));

    protected override void PreStart()
    {
        DistributedPubSub.Get(Context.System).Mediator.Tell(new Subscribe(CellOptions.DigestTopic, Self));
        AskJournal();
    }

    private void AskJournal() => _remembered().PipeTo(
        Self, Self, success: cells => new Remembered(cells), failure: _ => new Remembered(null));

    private void OnRemembered(Remembered remembered)
    {
        if (remembered.Cells is null)
            Timers.StartSingleTimer(LookUp.Instance, LookUp.Instance, JournalRetry);
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

    private void OnToCells(ToCells m)
    {
        if (m.Cell is not null && !_cells.ContainsKey(m.Cell) && NotYet(m.Cell) is { } why)
        {
            Sender.Tell(new Status.Failure(why));
            return;
        }

        var cells = m.Cell is null
            ? KeyHolders().Order(StringComparer.Ordinal).ToList()
            : _cells.ContainsKey(m.Cell) ? [m.Cell] : [];
        // One that is stopped for good would take the lists of all others with it; it stands in for its answer.
        Task.WhenAll(cells.Select(cell => m.Cell is null && Down(cell) is { Stopped: true } down
            ? Task.FromResult<IWireMessage>(down)
            : AskCell(m.Message(cell)))).PipeTo(Sender);
    }

    private async Task<IWireMessage> AskCell(ICellMessage message, int attempts = Attempts)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var reply = await _region.Ask<IWireMessage>(message, AskTimeout).ConfigureAwait(false);
                if (reply is CellBusy busy)
                    throw new ClusterBusyException(busy.Message, TimeSpan.FromMilliseconds(busy.RetryAfterMs));
                if (reply is not CellDown down) return reply;
                // A short rest is worth waiting for; a longer one is the client's to wait out.
                if (attempt >= attempts || down.RetryAfterMs > AskTimeout.TotalMilliseconds) throw Unavailable(down);
                await Task.Delay(RetryAfter(down), _options.Real).ConfigureAwait(false);
            }
            catch (AskTimeoutException) when (attempt < attempts)
            {
                // The cell may be starting or moving; the request may be repeated, so it is.
            }
            catch (AskTimeoutException)
            {
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
