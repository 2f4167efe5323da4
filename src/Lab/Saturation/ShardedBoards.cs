using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Routing;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Lab.Saturation;

/// <summary>One cell of <see cref="ShardedBoards"/>.</summary>
internal sealed record BoardCell(string Name, TaskBoard Board, IReadOnlyList<(NodeShape, NodeRoom)> Nodes)
{
    /// <summary>Counts up with every task that it places.</summary>
    public long Round { get; set; }

    public CellStatus Status() => CellStatus.Of(Name, Round, Nodes);
}

/// <summary>
/// The nodes of a run, dealt to several cells with a router in front: each cell is a board that scores by itself, and
/// the router knows of it what its last status says and what it sent there since.
/// </summary>
internal sealed class ShardedBoards : IArrivals
{
    private readonly SaturationOptions _options;
    private readonly List<BoardCell> _cells = [];
    private readonly Dictionary<string, BoardCell> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<(TaskShape, IReadOnlyList<string>), RoutedJob> _jobs = [];
    private readonly Dictionary<string, Alternative> _alternatives;
    private readonly RoutingTable _table = new();
    private readonly string[] _models;
    private int _sinceStatus;

    public ShardedBoards(SaturationInput input, SaturationOptions options, int seed)
    {
        _options = options;
        _models = [.. input.Ranked.Select(n => n.Model).Distinct(StringComparer.Ordinal)];
        _alternatives = _models.ToDictionary(m => m, AlternativeOf, StringComparer.Ordinal);
        foreach (var nodes in Deal.Nodes(input.Ranked, options.Cells))
        {
            var (board, rooms) = input.Board(nodes, options.Policy, options.MigrationBudget, seed);
            var shapes = nodes.Zip(rooms, (node, room) => (new NodeShape(
                node.Model, "", node.Devices, node.CpuMilli, node.MemoryMiB, JobSpec.NoLabels), room));
            var cell = new BoardCell($"cell-{_cells.Count:000}", board, [.. shapes]);
            _cells.Add(cell);
            _byName.Add(cell.Name, cell);
            _table.Update(cell.Status());
        }
    }

    public IReadOnlyList<BoardCell> Cells => _cells;

    public long AllocatedMilli => _cells.Sum(c => c.Board.AllocatedMilli);
    public long Placed => _cells.Sum(c => c.Board.Placed);
    public long Migrations => _cells.Sum(c => c.Board.Migrations);
    public IEnumerable<NodeRoom> Nodes => _cells.SelectMany(c => c.Board.Nodes);

    /// <summary>Tasks that another cell placed than the one they were sent to.</summary>
    public long Transfers { get; private set; }

    /// <summary>
    /// The router sends the task to the cell that is best by what it knows. A cell that cannot place it, also not by
    /// moving others, has it wait; then it is offered to the others in turn, as waiting jobs are in a live cluster: to
    /// those that have room by what is known of them, and those take only what fits without moving anything.
    /// </summary>
    public void Place(long id, Arrival arrival)
    {
        TakeStatuses();
        var job = JobOf(arrival);
        var first = true;
        foreach (var (name, rank) in _table.Order(job, _ => true))
        {
            if (!first && rank.Level >= CellRank.Waiting) return;
            var cell = _byName[name];
            // A status that follows every arrival needs no bookings.
            var booking = _options.StatusEvery > 0 ? _table.Book(name, job) : null;
            if (cell.Board.Place(id, arrival.Shape, arrival.Models, mayMove: first))
            {
                cell.Round++;
                if (booking is null) _table.Update(cell.Status());
                else _table.Settle(booking, cell.Round);
                if (!first) Transfers++;
                return;
            }

            if (booking is not null) _table.Drop(booking);
            first = false;
        }
    }

    private void TakeStatuses()
    {
        if (_options.StatusEvery == 0 || ++_sinceStatus < _options.StatusEvery) return;
        _sinceStatus = 0;
        foreach (var cell in _cells) _table.Update(cell.Status());
    }

    public RoutedJob JobOf(Arrival arrival)
    {
        var key = (arrival.Shape, arrival.Models);
        if (_jobs.TryGetValue(key, out var known)) return known;
        var spec = new JobSpec
        {
            Name = "task", Kind = JobKind.Batch, Tasks = 1, CpuMilli = arrival.Shape.CpuMilli,
            MemoryMiB = arrival.Shape.MemoryMiB, Devices = arrival.Shape.Devices, ShareMilli = arrival.Shape.ShareMilli,
        };
        var models = arrival.Models.Count > 0 ? arrival.Models.Where(_alternatives.ContainsKey) : _models;
        return _jobs[key] = new RoutedJob(spec, [.. models.Select(m => _alternatives[m])], [], Compete: true);
    }

    private static Alternative AlternativeOf(string model) => new(
        new Accelerator(model, "", 0, 0, 0, 0, 0, "", Assumed: true), new Tier("", 0), Guest: false);
}
