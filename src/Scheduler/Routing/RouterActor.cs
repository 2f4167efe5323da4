using System.Security.Cryptography;
using Akka.Actor;
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
public sealed class RouterActor : ReceiveActor
{
    /// <summary>Jobs of one caller; answered with a <see cref="SubmitJobsReply"/> in the same order.</summary>
    public sealed record Submit(IReadOnlyList<Submission> Jobs);

    /// <summary>One request for one cell; answered with the cell's reply.</summary>
    public sealed record ToCell(ICellMessage Message);

    /// <summary>One request for every cell, or for the one named; answered with a list of the replies.</summary>
    public sealed record ToCells(string? Cell, Func<string, ICellMessage> Message);

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
            if (_cells.ContainsKey(m.Message.Cell)) AskCell(m.Message).PipeTo(Sender);
            else Sender.Tell(new Status.Failure(Unknown(m.Message.Cell)));
        });
        Receive<ToCells>(OnToCells);
    }

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
            Context.System.Scheduler.ScheduleTellOnce(JournalRetry, Self, LookUp.Instance, Self);
        else
            _silent = [.. remembered.Cells.Where(cell => !_cells.ContainsKey(cell))];
    }

    private void OnDigest(CellView digest)
    {
        if (_cells.TryGetValue(digest.Cell, out var known)
            && (known.Version, known.Round).CompareTo((digest.Version, digest.Round)) > 0) return;
        _cells[digest.Cell] = digest;
        _routed.Remove(digest.Cell);
        _silent?.Remove(digest.Cell);
    }

    private void OnSubmit(Submit submit)
    {
        if (_silent is not { Count: 0 })
        {
            // A key may be known to a cell that has not spoken yet.
            Sender.Tell(new Status.Failure(Unavailable(_silent is null
                ? "the cells of the journal are being looked up"
                : $"cells are starting: {string.Join(", ", _silent.Order(StringComparer.Ordinal))}")));
            return;
        }

        if (_cells.Count == 0)
        {
            Sender.Tell(new Status.Failure(Unavailable("no cell is known yet: no node has joined")));
            return;
        }

        var keys = submit.Jobs.Where(job => job.Key.Length > 0).Select(job => job.Key).ToList();
        if (keys.Count == 0)
        {
            Route(submit, Sender, NoHomes, fresh: false);
            return;
        }

        var client = Sender;
        Task.WhenAll(_cells.Keys.Select(cell => AskCell(new FindKeys { Cell = cell, Keys = { keys } }))).PipeTo(
            Self, client,
            success: replies => new Again(submit, client, [], Homes(replies.Cast<FindKeysReply>())),
            failure: fault => new Refused(client, fault));
    }

    private static Dictionary<string, string> Homes(IEnumerable<FindKeysReply> replies)
    {
        var homes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var reply in replies)
            foreach (var key in reply.Known)
                homes.TryAdd(key, reply.Cell);
        return homes;
    }

    /// <param name="fresh">
    /// The cells were asked just now: a refusal holds. Else they are asked before one is given, because a digest may
    /// be older than the nodes it lacks.
    /// </param>
    private void Route(
        Submit submit, IActorRef client, IReadOnlyDictionary<string, string> homes, bool fresh)
    {
        var results = new SubmitResult[submit.Jobs.Count];
        var byCell = new SortedDictionary<string, (SubmitJobs Message, List<int> Positions)>(StringComparer.Ordinal);
        for (var i = 0; i < results.Length; i++)
        {
            var submission = submit.Jobs[i];
            var spec = submission.Spec.FromWire();
            var (cell, refusal) = homes.TryGetValue(submission.Key, out var home)
                ? (home, null)
                : HomeCells.Choose(
                    spec, submission.Key, _cells.Values, _routed, _options.Catalog, _options.Policy);
            if (refusal is not null && !fresh)
            {
                AskAgain(submit, client, homes);
                return;
            }

            if (refusal is not null)
            {
                results[i] = new SubmitResult { Refusal = ToWire(refusal) };
                continue;
            }

            if (!byCell.TryGetValue(cell!, out var batch))
                byCell.Add(cell!, batch = (new SubmitJobs { Cell = cell }, []));
            batch.Message.Jobs.Add(submission.Key.Length > 0
                ? submission
                : new Submission { Key = OwnKeyPrefix + NewKey(), Spec = submission.Spec });
            batch.Positions.Add(i);
            var milli = spec.ShareMilli > 0 ? spec.ShareMilli : (long)spec.Devices * Limits.MilliPerDevice;
            _routed[cell!] = _routed.GetValueOrDefault(cell!) + milli * (spec.Kind == Core.Jobs.JobKind.Training
                ? 1
                : spec.TaskCount);
        }

        SubmitAll(byCell.Values.ToList(), results).PipeTo(client);
    }

    private void AskAgain(Submit submit, IActorRef client, IReadOnlyDictionary<string, string> homes) =>
        Task.WhenAll(_cells.Keys.Select(cell => AskCell(new GetCell { Cell = cell }))).PipeTo(
            Self, client,
            success: views => new Again(submit, client, [.. views.Cast<CellView>()], homes),
            failure: fault => new Refused(client, fault));

    private async Task<SubmitJobsReply> SubmitAll(
        List<(SubmitJobs Message, List<int> Positions)> batches, SubmitResult[] results)
    {
        await Task.WhenAll(batches.Select(async batch =>
        {
            var reply = (SubmitJobsReply)await AskCell(batch.Message).ConfigureAwait(false);
            for (var i = 0; i < batch.Positions.Count; i++)
                results[batch.Positions[i]] = await Followed(reply.Results[i]).ConfigureAwait(false);
        })).ConfigureAwait(false);
        var all = new SubmitJobsReply();
        all.Results.AddRange(results);
        return all;
    }

    /// <summary>A repeated submission of a job that went to another cell gets the answer from there.</summary>
    private async Task<SubmitResult> Followed(SubmitResult result)
    {
        if (result.Job is not { ForwardedTo.Length: > 0 } moved) return result;
        var there = new GetJob { Cell = moved.ForwardedTo, Origin = moved.Id };
        if (await AskCell(there).ConfigureAwait(false) is JobReply { Job: { } job }) result.Job = job;
        return result;
    }

    private void OnToCells(ToCells m)
    {
        var cells = m.Cell is null
            ? _cells.Keys.Order(StringComparer.Ordinal).ToList()
            : _cells.ContainsKey(m.Cell) ? [m.Cell] : [];
        Task.WhenAll(cells.Select(cell => AskCell(m.Message(cell)))).PipeTo(Sender);
    }

    private async Task<IWireMessage> AskCell(ICellMessage message)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var reply = await _region.Ask<IWireMessage>(message, AskTimeout).ConfigureAwait(false);
                return reply is CellBusy busy
                    ? throw new ClusterBusyException(busy.Message, TimeSpan.FromMilliseconds(busy.RetryAfterMs))
                    : reply;
            }
            catch (AskTimeoutException) when (attempt < Attempts)
            {
                // The cell may be starting or moving; the request may be repeated, so it is.
            }
            catch (AskTimeoutException)
            {
                throw Unavailable($"cell {message.Cell} does not answer; it is starting or moving");
            }
        }
    }

    private static ClusterUnavailableException Unavailable(string message) => new(message, TimeSpan.FromSeconds(1));

    private static UnknownCellException Unknown(string cell) => new($"there is no cell {Names.Shorten(cell)}");

    private static string NewKey() => Convert.ToHexString(RandomNumberGenerator.GetBytes(12)).ToLowerInvariant();

    private static RefusalMsg ToWire(Refusal refusal) =>
        new() { Code = refusal.Code, Field = refusal.Field, Message = refusal.Message };
}

/// <summary>No cell of that name has ever spoken.</summary>
public sealed class UnknownCellException(string message) : Exception(message);
