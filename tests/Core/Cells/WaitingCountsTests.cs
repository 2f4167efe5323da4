using System.Diagnostics;
using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>What is said of a long queue is counted and not looked up job by job.</summary>
public sealed class WaitingCountsTests
{
    /// <summary>Looked up one by one, the places of so many took a quarter of a minute.</summary>
    [Fact]
    public void Five_hundred_places_in_a_queue_of_fifty_thousand_cost_next_to_nothing()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Gang(8));
        var round = new RoundWriter(cell.State, cell.Now);
        for (var i = 0; i < 50_000; i++)
            round.Run(new SubmitJob("", Gang(8) with { Tenant = $"t{i % 7}", Priority = (Priority)(i % 3) }));
        var waiting = cell.State.Jobs.Values.Where(j => j.Waits).ToList();

        var began = Stopwatch.GetTimestamp();
        foreach (var job in waiting.TakeLast(500)) _ = cell.State.Queue.Ahead(job);
        var took = Stopwatch.GetElapsedTime(began);

        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(
            Enumerable.Range(0, 50), cell.State.Queue.InOrder().Take(50)
                .Select(number => cell.State.Queue.Ahead(cell.State.FindJob(number)!)));
    }

    [Fact]
    public void A_job_that_rises_by_waiting_passes_the_others_in_the_counts_too()
    {
        var policy = RandomFleet.Policies[0];
        var cell = new TestCell(policy with
        {
            Queue = policy.Queue with { Ageing = TimeSpan.FromHours(1) },
        }).Node("a", "H800", 8);
        cell.Place(Gang(8, Priority.Critical));
        var low = cell.Submit(Gang(8, Priority.Low));
        cell.Now += TimeSpan.FromMinutes(90);
        var normal = cell.Submit(Gang(8) with { Tenant = "other" });
        var high = cell.Submit(Gang(8, Priority.High) with { Tenant = "other" });
        Assert.Equal((1, 2, 0), Places());
        cell.Now += TimeSpan.FromMinutes(45);
        cell.Submit(Gang(1, Priority.Low));
        Assert.Equal((0, 2, 1), Places());

        (int, int, int) Places() => (cell.State.Queue.Ahead(low), cell.State.Queue.Ahead(normal),
            cell.State.Queue.Ahead(high));
    }

    /// <summary>A dry run copies the first jobs of each queue, and still counts those behind them.</summary>
    [Fact]
    public void A_dry_run_beside_a_long_queue_copies_little_and_knows_its_place()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Gang(8));
        var round = new RoundWriter(cell.State, cell.Now);
        for (var i = 0; i < 5_000; i++) round.Run(new SubmitJob("", Gang(8)));

        var (copy, jobs) = WhatIf.Submit(cell.State, [new SubmitJob("", Gang(8))], cell.Now);

        Assert.InRange(copy.Jobs.Count, 2, 500);
        Assert.Equal(5_000, copy.Queue.Ahead(jobs[0].Job!));
        Assert.Contains("5,000 jobs ahead", Explainer.Explain(copy, jobs[0].Job!).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_go_newest_first_and_by_number_within_an_instant_from_any_place_on()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        for (var i = 0; i < 12; i++) cell.Submit(i % 2 == 0 ? Gang(8) : Tasks(1) with { Tenant = "other" });
        cell.Now += TimeSpan.FromMinutes(1);
        cell.Submit(Gang(1));
        cell.Cycle();

        var (total, all) = cell.State.Listed.Find(null, null, null, null);
        Assert.Equal(13, total);
        Assert.Equal([13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], all.Select(j => j.Number));
        var ten = JobPlace.Of(Midnight.ToUnixTimeMilliseconds(), "north-10");
        Assert.True(JobPlace.TryParse(ten.ToString(), out var read));
        Assert.Equal(ten, read);
        Assert.Equal([9L, 8], cell.State.Listed.Find(null, null, null, ten).Jobs.Take(2).Select(j => j.Number));
        var (others, batch) = cell.State.Listed.Find(null, JobKind.Batch, "other", ten);
        Assert.Equal(6, others);
        Assert.Equal([8L, 6, 4, 2], batch.Select(j => j.Number));
    }

    /// <summary>They are told in their places to whoever asks for them, as jobs that wait, and do not count.</summary>
    [Fact]
    public void Lists_also_know_the_jobs_that_went_to_another_cell_lately()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        for (var i = 0; i < 5; i++) cell.Submit(i == 3 ? Tasks(8) with { Tenant = "other" } : Gang(8));
        cell.Accept(new ForwardJob(5, "south", Done: 0, Requeues: 0));
        cell.Now += TimeSpan.FromMinutes(10);
        cell.Accept(new ForwardJob(2, "south", Done: 0, Requeues: 0));
        cell.Accept(new ForwardJob(4, "south", Done: 0, Requeues: 0));
        var restored = CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, RandomFleet.Policies[0]);

        foreach (var state in new[] { cell.State, restored })
        {
            Assert.Equal((2, "3 1"), Found(state, null, null, null, lately: null));
            Assert.Equal((2, "4 3 2 1"), Found(state, null, null, null, Lately));
            Assert.Equal((2, "4 3 2 1"), Found(state, JobPhase.Pending, null, null, Lately));
            Assert.Equal((0, ""), Found(state, JobPhase.Running, null, null, Lately));
            Assert.Equal((0, ""), Found(state, JobPhase.Forwarded, null, null, Lately));
            Assert.Equal((0, "4"), Found(state, null, JobKind.Batch, "other", Lately));
            Assert.Equal((2, "2 1"), Found(
                state, null, null, null, Lately, JobPlace.Of(Midnight.ToUnixTimeMilliseconds(), "north-3")));
        }

        bool Lately(JobState job) => job.CompletedAt > cell.Now.AddMinutes(-1);
    }

    /// <summary>It came back and went on: its place is told once more.</summary>
    [Fact]
    public void A_job_that_is_back_is_told_as_it_is_here_before_it_is_told_as_one_that_went()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Submit(Gang(8));
        cell.Accept(new ForwardJob(1, "south", Done: 0, Requeues: 0));
        cell.Accept(new AdoptJob("north-1", Gang(8), cell.Now, Done: 0, Requeues: 0));
        Assert.Equal((1, "2 1"), Found(cell.State, null, null, null, _ => true));
        cell.Accept(new SettleAdoption("north-1", Confirmed: true, Done: 0, Requeues: 0));
        cell.Accept(new ForwardJob(2, "south", Done: 0, Requeues: 0));
        Assert.Equal((0, "2 1"), Found(cell.State, null, null, null, _ => true));
    }

    private static (int Total, string Numbers) Found(
        CellState state, JobPhase? phase, JobKind? kind, string? tenant, Func<JobState, bool>? lately,
        JobPlace? after = null)
    {
        var (total, jobs) = state.Listed.Find(phase, kind, tenant, after, lately);
        return (total, string.Join(' ', jobs.Select(j => j.Number)));
    }
}
