using CsCheck;
using Stockpile.Core.Scoring;

namespace Stockpile.Core.Tests.Placement.Scoring;

public sealed class RelocatorTests
{
    private static readonly IReadOnlyList<string> Any = [];

    [Fact]
    public void A_small_task_moves_so_that_a_large_one_finds_room_within_the_budget()
    {
        var board = HalfUsed(budget: 1);
        Assert.True(board.Place(9, new TaskShape(0, 0, 1, 0), Any));
        Assert.Equal((1, 2_000), (board.Migrations, board.AllocatedMilli));
        board = HalfUsed(budget: 0);
        Assert.False(board.Place(9, new TaskShape(0, 0, 1, 0), Any));
        Assert.Equal((0, 1_000), (board.Migrations, board.AllocatedMilli));
    }

    [Fact]
    public void A_task_without_another_place_stays()
    {
        var board = HalfUsed(budget: 1, models: ["B"]);
        Assert.False(board.Place(9, new TaskShape(0, 0, 1, 0), ["A"]));
        Assert.Equal(0, board.Migrations);
    }

    /// <summary>Two nodes of one device, both half used: room for a whole task once one half moves to the other.
    /// </summary>
    private static TaskBoard HalfUsed(double budget, IReadOnlyList<string>? models = null)
    {
        var other = models is null ? "A" : "B";
        var board = Board(budget, new NodeRoom(0, other, 1, 8_000, 1_024), new NodeRoom(1, "A", 1, 8_000, 1_024));
        for (var id = 1; id <= 3; id++)
            Assert.True(board.Place(id, Share(500), id < 3 ? [other] : ["A"]));
        if (models is null) board.Release(2);
        return board;
    }

    [Fact]
    public void A_search_leaves_the_books_as_they_were_and_a_plan_can_be_carried_out()
    {
        var plans = 0;
        var failures = 0;
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var random = new Random(seed);
            var world = new RandomBoard(seed, "stockpile");
            var board = new TaskBoard(world.Index.Policy, world.Nodes) { MigrationBudget = 1 };
            for (var id = 0; id < 300; id++)
            {
                var (shape, models) = world.AnyTask();
                var before = Books(board);
                var moved = board.Migrations;
                if (!board.Place(id, shape, models))
                {
                    failures++;
                    Assert.Equal(before, Books(board));
                }
                else if (board.Migrations > moved)
                {
                    plans++;
                }
            }
        }, iter: 20);
        Assert.True(plans > 20 && failures > 100, $"{plans} plans, {failures} failures");
    }

    private static string Books(TaskBoard board) => string.Join(';', board.Nodes.Select(n =>
        $"{string.Join(',', n.Free.ToArray())} {n.CpuFreeMilli} {n.MemoryFreeMiB} {n.Tasks}"));

    private static TaskShape Share(int milli) => new(0, 0, 0, milli);

    private static TaskBoard Board(double budget, params NodeRoom[] nodes) =>
        new(ScoringPolicies.Create("bestfit", RandomBoard.Context), nodes) { MigrationBudget = budget };
}
