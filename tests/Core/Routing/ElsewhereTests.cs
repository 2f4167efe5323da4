using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.Routing;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Routing;

/// <summary>What <c>why</c> tells of other cells.</summary>
public sealed class ElsewhereTests
{
    private static readonly DateTimeOffset Later = Midnight.AddHours(2);

    private static JobSpec Checkpointing(int devices) => Gang(devices) with { Checkpoint = TimeSpan.FromMinutes(10) };

    /// <summary>A cell with one node of 8 A800.</summary>
    private static TestCell Lesser() => new TestCell().Node("a", "A800", 8);

    private static CellStatus Top(Action<TestCell>? fill = null)
    {
        var cell = new TestCell().Node("b", "H800", 8);
        fill?.Invoke(cell);
        return CellStatus.Of(cell.State) with { Cell = "top" };
    }

    private static Elsewhere Look(TestCell cell, JobState job, params CellStatus[] others) =>
        Elsewhere.Look(cell.State, CellRankTests.Table(others), (_, _) => true, job, Later);

    [Fact]
    public void A_waiting_job_is_told_where_there_would_be_room_and_where_not()
    {
        var cell = Lesser();
        cell.Place(Gang(8));
        var waits = cell.Place(Gang(8));
        var told = Look(cell, waits, Top(), Top(top => top.Place(Gang(8, Priority.High))) with { Cell = "full" });
        Assert.Equal(
            [
                new CellReport("top", "would have room at home at once, on H800"),
                new CellReport("full", "it would wait there too"),
            ],
            told.Cells);
        Assert.Equal("it goes to the first of them that would have room for it at home at once", told.Stays);
    }

    [Fact]
    public void An_array_that_has_begun_is_told_that_tasks_of_it_may_go_as_a_part()
    {
        var cell = new TestCell().Node("a", "T4", 2);
        var array = cell.Place(Tasks(1, tasks: 40) with { Guest = false });
        var other = CellStatus.Of(new TestCell().Node("c", "T4", 8).State) with { Cell = "other" };
        Assert.Equal("it has begun, so tasks that wait go to the first of them that would have room for some at home "
            + "at once, as a part: a job of its own", Look(cell, array, other).Stays);
        for (var i = 0; i < Limits.PartsPerJobMax; i++) cell.Accept(new SplitArray(array.Number, 1));
        Assert.Equal("it has given tasks to 16 parts, which is the most, so the rest stays",
            Look(cell, array, other).Stays);
    }

    [Fact]
    public void A_service_of_which_some_runs_here_says_that_the_rest_stays()
    {
        var cell = new TestCell().Node("a", "T4", 1);
        var service = cell.Place(new JobSpec
        {
            Name = "service", Kind = JobKind.Inference, Devices = 1, MinReplicas = 2, MaxReplicas = 2, Guest = false,
        });
        var other = CellStatus.Of(new TestCell().Node("c", "T4", 8).State) with { Cell = "other" };
        Assert.Equal("some of it runs here, so the rest stays too", Look(cell, service, other).Stays);
    }

    [Fact]
    public void A_job_that_no_other_cell_could_run_is_told_so()
    {
        var cell = Lesser();
        cell.Place(Gang(8));
        Assert.Equal("no other cell could run it",
            Look(cell, cell.Place(Gang(8) with { Models = ["A800"] }), Top()).Stays);
    }

    [Fact]
    public void A_gang_on_a_lesser_model_is_told_who_has_better_ones_and_why_it_stays()
    {
        var cell = Lesser();
        var gang = cell.Place(Checkpointing(8));
        Assert.Equal("top: has H800 free for all of it; ", Flat(Look(cell, gang, Top())));
        Assert.Equal("no other cell has enough H800 free",
            Flat(Look(cell, gang, Top(top => top.Place(Gang(1))))));
        Assert.Contains("jobs that wait for H800 come first",
            Look(cell, gang, Top(), Top(top =>
            {
                top.Place(Gang(8) with { Models = ["H800"] });
                top.Place(Gang(8) with { Models = ["H800"] });
            }) with { Cell = "full" }).Stays);
    }

    [Fact]
    public void A_gang_without_checkpoints_and_one_that_has_just_begun_say_so()
    {
        var cell = Lesser();
        Assert.Equal("it writes no checkpoints, so it would begin from nothing",
            Look(cell, cell.Place(Gang(8)), Top()).Stays);
        cell = Lesser();
        cell.Now = Later;
        var young = cell.Place(Checkpointing(8));
        Assert.StartsWith("it does not move sooner than ", Look(cell, young, Top()).Stays);
    }

    [Fact]
    public void A_gang_on_its_best_model_and_a_cell_alone_say_nothing()
    {
        var cell = new TestCell().Node("b", "H800", 8);
        var best = cell.Place(Checkpointing(8));
        Assert.Equal("", Flat(Look(cell, best, Top())));
        Assert.Equal("", Flat(Look(cell, cell.Place(Gang(8)))));
    }

    private static string Flat(Elsewhere told) =>
        string.Join("; ", told.Cells.Select(c => $"{c.Cell}: {c.Verdict}").Append(told.Stays));
}
