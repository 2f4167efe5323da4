using Stockpile.Core.Commands;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class StragglerTests
{
    private readonly TestCell _cell = new();
    private readonly ProgressBoard _board = new();
    private readonly JobState _gang;

    public StragglerTests()
    {
        foreach (var id in new[] { "a", "b", "c", "d" }) _cell.Node(id, "H800", 8);
        _gang = _cell.Place(Gang(24) with { WorkHours = 240, Checkpoint = TimeSpan.FromMinutes(30) });
        foreach (var allocation in _gang.Allocations.Values.ToList())
            _cell.Accept(new ReportStarted(allocation.Node.Id, allocation.Sequence));
        _cell.Now += TimeSpan.FromHours(1);

        // A cell decides by the time of its last round.
        _cell.Accept(new RecordCheckpoint(_gang.Number, 0.001));
    }

    [Fact]
    public void A_gang_goes_on_without_the_node_that_holds_it_up()
    {
        var slow = _gang.Allocations.Values.ElementAt(1).Node.Id;
        foreach (var command in Report(0.1, 0.04, 0.1)) _cell.Run(command);
        Assert.DoesNotContain(_gang.Allocations.Values, a => a.Node.Id == slow);
        Assert.Equal(24, _gang.Allocations.Values.Sum(a => a.Placed.Ranks));
        Assert.Equal($"node {slow} is slow: its part did 40 % of what the others did", _gang.Reason);
        Assert.Equal(1, _gang.Moves);
    }

    [Theory]
    [InlineData(0.1, 0.08, 0.1)]
    [InlineData(0.01, 0.001, 0.01)]
    [InlineData(0.1, 0, 0.1)]
    public void Nobody_is_called_slow_for_little_or_before_there_is_something_to_compare(
        double first, double second, double third) =>
        Assert.DoesNotContain(Report(first, second, third), c => c is LeaveStraggler);

    [Fact]
    public void It_stays_when_there_is_no_room_elsewhere_or_little_is_left()
    {
        var straggler = Assert.Single(Report(0.1, 0.04, 0.1).OfType<LeaveStraggler>());
        _cell.Place(Gang(8));
        Assert.IsType<AlreadyDone>(_cell.Run(straggler));

        _cell.Accept(new CancelJob(_cell.State.NextJob - 1));
        _cell.Accept(new RecordCheckpoint(_gang.Number, 0.999));
        Assert.IsType<AlreadyDone>(_cell.Run(straggler));
        Assert.Equal(0, _gang.Moves);
    }

    private IReadOnlyList<CellCommand> Report(params double[] done) =>
        _board.Report(_cell.State, _gang.Allocations.Keys.Zip(done));
}
