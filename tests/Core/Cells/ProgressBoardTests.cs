using Stockpile.Core.Commands;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>A gang of 2 nodes that runs 10 hours and writes a checkpoint every hour.</summary>
public sealed class ProgressBoardTests
{
    private readonly TestCell _cell = new TestCell().Node("a", "H800", 1).Node("b", "H800", 1);
    private readonly ProgressBoard _board = new();
    private readonly JobState _job;

    public ProgressBoardTests()
    {
        // A hair less than the work of ten hours, because run times are rounded up to whole milliseconds.
        var work = 20 * (1 - 1e-9);
        _job = _cell.Place(Gang(2) with { WorkHours = work, Checkpoint = TimeSpan.FromHours(1) });
        Assert.Equal([1, 2], _job.Allocations.Keys);
    }

    [Theory]
    [InlineData(0.35, 0.9, 0.3)]
    [InlineData(0.9, 0.35, 0.3)]
    [InlineData(0.3, 0.3, 0.3)]
    [InlineData(1.0, 1.0, 1.0)]
    [InlineData(7.0, 7.0, 1.0)]
    [InlineData(0.09, 0.9, null)]
    [InlineData(double.NaN, 0.9, null)]
    [InlineData(-1.0, 0.9, null)]
    public void The_slowest_part_decides_and_whole_intervals_count(double first, double second, double? done)
    {
        var checkpoints = _board.Report(_cell.State, [(1, first), (2, second)]).OfType<RecordCheckpoint>();
        Assert.Equal(done, checkpoints.SingleOrDefault()?.Done is { } found ? Math.Round(found, 9) : null);
    }

    [Fact]
    public void A_checkpoint_is_told_once()
    {
        foreach (var checkpoint in _board.Report(_cell.State, [(1, 0.5), (2, 0.5)])) _cell.Accept(checkpoint);
        Assert.Equal(0.5, _job.Done, 9);
        Assert.Empty(_board.Report(_cell.State, [(1, 0.55), (2, 0.55)]));
        Assert.Empty(_board.Report(_cell.State, [(1, 0.2), (2, 0.2)]));
        Assert.Single(_board.Report(_cell.State, [(1, 0.61), (2, 0.61)]));
    }

    [Fact]
    public void A_gang_that_lost_its_devices_goes_on_from_its_checkpoint()
    {
        foreach (var checkpoint in _board.Report(_cell.State, [(1, 0.78), (2, 0.78)])) _cell.Accept(checkpoint);
        _cell.Accept(new LoseNode("a", 0, "test"));
        Assert.Equal(0.7, _job.Done, 9);
        Assert.Equal(0.7, _board.Of(_job), 9);
    }

    [Fact]
    public void What_was_said_of_an_allocation_can_be_forgotten_and_unknown_ones_are_ignored()
    {
        _board.Report(_cell.State, [(1, 0.5), (99, 0.5)]);
        Assert.Equal(0.5, _board.Of(1));
        Assert.Equal(0, _board.Of(99));
        _board.Forget(1);
        Assert.Equal(0, _board.Of(1));
    }

    [Fact]
    public void A_gang_without_checkpoints_has_none()
    {
        var cell = new TestCell().Node("a", "H800", 1);
        cell.Place(Gang(1));
        Assert.Empty(_board.Report(cell.State, [(1, 0.5)]));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_checkpoint_that_cannot_be_is_nothing(double done) =>
        Assert.IsType<AlreadyDone>(_cell.Run(new RecordCheckpoint(_job.Number, done)));
}
