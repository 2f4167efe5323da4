using CsCheck;
using Stockpile.Core.Scoring;

namespace Stockpile.Core.Tests.Placement.Scoring;

public sealed class ScoreIndexTests
{
    [Theory]
    [InlineData("bestfit")]
    [InlineData("dotprod")]
    [InlineData("clustering")]
    [InlineData("packing")]
    [InlineData("fgd")]
    [InlineData("stockpile")]
    public void The_index_chooses_what_a_look_at_every_node_chooses(string policy)
    {
        var placed = 0;
        var refused = 0;
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var world = new RandomBoard(seed, policy);
            for (var step = 0; step < 200; step++)
            {
                var (shape, models) = world.AnyTask();
                var found = world.Index.Best(shape, models);
                var expected = world.Scan(shape, models);
                Assert.Equal(expected?.Index, found?.Node.Index);
                if (found is { } choice) placed++;
                else refused++;
                world.Advance(found, shape);
            }
        }, iter: 30);
        Assert.True(placed > 1_000 && refused > 100, $"{placed} placed, {refused} refused");
    }

    [Fact]
    public void Ties_go_to_the_lowest_index_also_between_models()
    {
        var index = new ScoreIndex(ScoringPolicies.Create("bestfit", RandomBoard.Context));
        foreach (var (at, model) in new[] { (0, "B"), (1, "A"), (2, "A") })
            index.Add(new NodeRoom(at, model, 4, 64_000, 65_536));
        var task = new TaskShape(1_000, 0, 1, 0);
        Assert.Equal(0, index.Best(task, ["A", "B"])!.Value.Node.Index);
        Assert.Equal(1, index.Best(task, ["A"])!.Value.Node.Index);
    }

    [Fact]
    public void The_best_node_without_memory_gives_way_to_the_next_one()
    {
        var index = new ScoreIndex(ScoringPolicies.Create("bestfit", RandomBoard.Context));
        index.Add(new NodeRoom(0, "A", 2, 64_000, 1_024));
        index.Add(new NodeRoom(1, "A", 4, 64_000, 4_096));
        index.Add(new NodeRoom(2, "A", 8, 64_000, 65_536));
        Assert.Equal(0, index.Best(new TaskShape(0, 1_024, 1, 0), [])!.Value.Node.Index);
        Assert.Equal(1, index.Best(new TaskShape(0, 2_048, 1, 0), [])!.Value.Node.Index);
        Assert.Equal(2, index.Best(new TaskShape(0, 8_192, 1, 0), [])!.Value.Node.Index);
        Assert.Null(index.Best(new TaskShape(0, 131_072, 1, 0), []));
        Assert.Equal(2, index.Best(new TaskShape(0, 0, 1, 0), [], node => node.Index == 2)!.Value.Node.Index);
    }

    [Fact]
    public void A_node_without_the_memory_for_one_task_is_found_by_one_that_needs_less()
    {
        var index = new ScoreIndex(ScoringPolicies.Create("bestfit", RandomBoard.Context));
        index.Add(new NodeRoom(0, "A", 2, 64_000, 1_024));
        Assert.Null(index.Best(new TaskShape(0, 2_048, 1, 0), []));
        Assert.NotNull(index.Best(new TaskShape(0, 512, 1, 0), []));
        Assert.Null(index.Best(new TaskShape(0, 2_048, 1, 0), []));
    }

    [Fact]
    public void A_closed_node_is_not_chosen_until_it_opens()
    {
        var node = new NodeRoom(0, "A", 2, 64_000, 1_024);
        var index = new ScoreIndex(ScoringPolicies.Create("fgd", RandomBoard.Context));
        index.Add(node);
        Assert.NotNull(index.Best(new TaskShape(0, 0, 1, 0), []));
        node.Open = false;
        index.Changed(node);
        Assert.Null(index.Best(new TaskShape(0, 0, 1, 0), []));
        Assert.Equal(0, index.FreeMilli("A"));
        node.Open = true;
        index.Changed(node);
        Assert.NotNull(index.Best(new TaskShape(0, 0, 1, 0), []));
    }

    [Fact]
    public void A_node_is_never_over_committed_on_any_dimension()
    {
        var node = new NodeRoom(0, "A", 2, 8_000, 1_024);
        node.Change(new TaskShape(4_000, 512, 0, 600), 1, +1);
        Assert.Throws<InvariantBrokenException>(() => node.Change(new TaskShape(0, 0, 0, 500), 1, +1));
        node = new NodeRoom(0, "A", 2, 8_000, 1_024);
        Assert.Throws<InvariantBrokenException>(() => node.Change(new TaskShape(9_000, 0, 1, 0), 1, +1));
        node = new NodeRoom(0, "A", 2, 8_000, 1_024);
        Assert.Throws<InvariantBrokenException>(() => node.Change(new TaskShape(0, 2_048, 1, 0), 1, +1));
        node = new NodeRoom(0, "A", 2, 8_000, 1_024);
        Assert.Throws<InvariantBrokenException>(() => node.Change(new TaskShape(0, 0, 1, 0), 1, -1));
    }

    [Fact]
    public void Random_choices_repeat_with_the_seed_and_reach_every_node()
    {
        Assert.Equal(Draws(7), Draws(7));
        Assert.NotEqual(Draws(7), Draws(8));
        Assert.Equal([0, 1, 2, 3, 4], Draws(7).Distinct().Order());

        static List<int> Draws(int seed)
        {
            var index = new ScoreIndex(ScoringPolicies.Create("random", RandomBoard.Context with { Seed = seed }));
            for (var i = 0; i < 5; i++) index.Add(new NodeRoom(i, "A", 4, 64_000, 65_536));
            return [.. Enumerable.Range(0, 100).Select(_ =>
                index.Best(new TaskShape(0, 0, 1, 0), [])!.Value.Node.Index)];
        }
    }

    [Fact]
    public void An_unknown_policy_is_refused_with_the_known_ones()
    {
        var fault = Assert.Throws<ArgumentException>(() => ScoringPolicies.Create("worstfit", RandomBoard.Context));
        Assert.Contains("'worstfit' is not a scoring policy; known are bestfit, clustering", fault.Message,
            StringComparison.Ordinal);
    }
}
