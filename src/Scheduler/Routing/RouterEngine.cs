using Akka.Actor;
using Stockpile.Core;
using Stockpile.Hosting.Data;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// One per scheduler process. It hears how the cells are, has <see cref="JobRouter"/> find the cell of each new job,
/// and passes every other request to the cell that the id names. What it needs of its process it has through
/// <see cref="IRouterPorts"/>. It takes one message at a time; answers of cells are waited for elsewhere.
/// </summary>
public sealed class RouterEngine
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

    /// <summary>The cells that the journal knows; null when it could not be read.</summary>
    private sealed record Remembered(IReadOnlyList<string>? Cells);

    private sealed record LookUp
    {
        public static readonly LookUp Instance = new();
    }

    /// <summary>Keys made here start so; a user's key that does is refused.</summary>
    public const string OwnKeyPrefix = "stockpile-";

    private static readonly TimeSpan JournalRetry = TimeSpan.FromSeconds(1);

    private readonly IRouterPorts _ports;
    private readonly KnownCells _cells;
    private readonly CellAsker _asker;
    private readonly JobRouter _jobs;
    private readonly ScaledTimeProvider? _clock;

    /// <param name="cells">What this process knows of the cells; the cells that it runs read it too.</param>
    public RouterEngine(CellOptions options, KnownCells cells, IRouterPorts ports)
    {
        _ports = ports;
        _cells = cells;
        _clock = options.Clock as ScaledTimeProvider;
        _asker = new CellAsker(ports, cells);
        _jobs = new JobRouter(options, cells, _asker, ports);
    }

    public void Begin() => AskJournal();

    /// <summary>False when nobody here understands the message.</summary>
    public bool Receive(object message, IActorRef sender)
    {
        switch (message)
        {
            case Submit m: _jobs.SubmitAsync(m).PipeTo(sender); break;
            case ToCell m: OnToCell(m, sender); break;
            case ToCells m: OnToCells(m, sender); break;
            case CellView view: _cells.Hear(view); break;
            case CellDown down: _cells.Hear(down); break;
            case Remembered m: OnRemembered(m); break;
            case LookUp: AskJournal(); break;
            case GetStanding: sender.Tell(Standing(), _ports.Self); break;
            default: return false;
        }

        return true;
    }

    private Standing Standing() => new(_ports.IsMember, _cells.Silent())
    {
        Down = [.. _cells.AllDown().Select(d => d.Message)],
        Serving = _cells.Serving().Count,
        NotYet = _cells.WhyNotYet()?.Message,
        Clocks = [.. _cells.ClockNotes(), .. _clock?.Note() is { } note ? [note] : Array.Empty<string>()],
    };

    private void AskJournal() => _ports.JournalCells().PipeTo(
        _ports.Self, _ports.Self, success: cells => new Remembered(cells), failure: _ => new Remembered(null));

    private void OnRemembered(Remembered remembered)
    {
        if (remembered.Cells is null) _ports.Once(JournalRetry, LookUp.Instance);
        else _cells.Remember(remembered.Cells);
    }

    private void OnToCell(ToCell m, IActorRef sender)
    {
        if (_cells.Knows(m.Message.Cell))
        {
            AskAsync(m.Message, m.Once).PipeTo(sender);
            return;
        }

        var why = (Exception?)_cells.WhyNotYet(m.Message.Cell)
            ?? new UnknownCellException($"there is no cell {Names.Shorten(m.Message.Cell)}");
        sender.Tell(new Status.Failure(why), _ports.Self);
    }

    private void OnToCells(ToCells m, IActorRef sender)
    {
        if (m.Cell is not null && !_cells.Knows(m.Cell) && _cells.WhyNotYet(m.Cell) is { } why)
        {
            sender.Tell(new Status.Failure(why), _ports.Self);
            return;
        }

        IReadOnlyList<string> cells = m.Cell is null ? _cells.All() : _cells.Knows(m.Cell) ? [m.Cell] : [];
        // One that is stopped for good, or has not spoken yet, would take the lists of all others with it; why it does
        // not answer stands in for its answer.
        var silent = m.Cell is null ? _cells.Silent() ?? [] : [];
        Task.WhenAll(cells.Select(cell => m.Cell is null && _cells.Down(cell) is { Stopped: true } down
            ? Task.FromResult<IWireMessage>(down)
            : AskAsync(m.Message(cell), once: false))
            .Concat(silent.Select(cell => Task.FromResult<IWireMessage>(
                new CellDown { Cell = cell, Message = $"cell {cell} is starting" })))).PipeTo(sender);
    }

    /// <summary>What a cell answers about itself is newer than its last status: whoever saw the answer and submits next
    /// must not be routed by the older one.</summary>
    private async Task<IWireMessage> AskAsync(ICellMessage message, bool once)
    {
        var reply = await _asker.AskAsync(message, once).ConfigureAwait(false);
        if (reply is CellView view) _cells.Hear(view);
        return reply;
    }
}

/// <summary>No cell of that name has ever spoken.</summary>
public sealed class UnknownCellException(string message) : Exception(message);
