using static Stockpile.Core.Tests.Routing.CellRankTests;

namespace Stockpile.Core.Tests.Routing;

/// <summary>What a router remembers of what it sent, until the cells tell of it.</summary>
public sealed class RoutingTableTests
{
    [Fact]
    public void What_was_sent_is_taken_off_until_a_status_tells_of_it()
    {
        var job = Routed(CellRankTests.Task());
        var table = Table(Cell("a", ("L", 8, 1)), Cell("b", ("L", 8, 2)));
        Assert.Equal("a", table.Choose(job, _ => true));
        var booking = table.Book("a", job);
        Assert.Equal("b", table.Choose(job, _ => true));

        // A status that is older than the answer does not tell of the job.
        table.Settle(booking, round: 3);
        table.Update(Cell("a", ("L", 8, 1)) with { Round = 2 });
        Assert.Equal("b", table.Choose(job, _ => true));

        // One that is as new does: the cell has a free device in spite of it.
        table.Update(Cell("a", ("L", 8, 1)) with { Round = 3 });
        Assert.Equal("a", table.Choose(job, _ => true));
    }

    [Fact]
    public void A_job_that_was_dropped_is_forgotten_with_the_next_status()
    {
        var job = Routed(CellRankTests.Task());
        var table = Table(Cell("a", ("L", 8, 1)), Cell("b", ("L", 8, 2)));
        table.Drop(table.Book("a", job));
        table.Update(Cell("a", ("L", 8, 1)) with { Round = 2 });
        Assert.Equal("a", table.Choose(job, _ => true));
    }

    [Fact]
    public void A_burst_on_an_old_status_goes_on_to_the_next_cell_and_finds_all_the_room()
    {
        // Eight cells of 16 nodes with 8 free devices each: 1,024 devices for 1,000 jobs.
        var names = Enumerable.Range(0, 8).Select(i => $"cell-{i}").ToList();
        var table = Table([.. names.Select(n => Cell(n, [.. Enumerable.Repeat(("L", 8, 8), 16)]))]);
        var job = Routed(CellRankTests.Task());
        var sent = names.ToDictionary(n => n, _ => 0);
        for (var i = 0; i < 1_000; i++)
        {
            var cell = table.Choose(job, _ => true)!;
            Assert.True(table.Find(cell)!.Rank(job).Fits, $"job {i} would wait in {cell}");
            table.Book(cell, job);
            sent[cell]++;
        }

        Assert.All(sent.Values, jobs => Assert.InRange(jobs, 1_000 / 8 - Limits.SentPerStep, 128));
    }
}
