using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;
using Stockpile.Tests.Shared;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>A question changes nothing, and tells what the cycle found.</summary>
public sealed class QuestionProperties
{
    private static readonly int Histories = Suite.IsFast ? 8 : 24;

    /// <summary>The histories' own policies know reservations or quotas, and here all know both.</summary>
    internal static Policy Both(Policy policy) => policy with
    {
        Backfill = BackfillPolicy.On,
        Queue = policy.Queue with { Quotas = RandomFleet.Policies[^1].Queue.Quotas },
    };

    [Fact]
    public void A_history_with_questions_between_its_rounds_has_the_same_rounds()
    {
        var asked = new Tally("explained", "promised", "offer", "what if", "advice");
        for (var seed = 1; seed <= Histories; seed++)
        {
            var plain = new CellHistory(seed, Both);
            var watched = new CellHistory(seed, Both);
            while (plain.Step())
            {
                Assert.True(watched.Step());
                if (!AllocationsHash.Of(plain.State).Equals(AllocationsHash.Of(watched.State), StringComparison.Ordinal)
                    || Text(plain.Round) != Text(watched.Round)
                    // Which round tries a job again may change long before what a round decides does.
                    || !LastTries(plain.State).SequenceEqual(LastTries(watched.State)))
                    Assert.Fail($"a question changed the round\n{Text(plain.Round)}\ninto\n{Text(watched.Round)}\nin "
                        + watched.Where());
                AskAll(watched, asked);
            }

            Assert.False(watched.Step());
        }

        asked.AssertAllSeen();
    }

    [Theory]
    [InlineData("random")]
    [InlineData("stockpile")]
    public void A_question_moves_no_scoring_policy_on(string scoring)
    {
        var asked = new Tally("explained", "promised", "offer", "what if", "advice");
        for (var seed = 1; seed <= Histories / 8; seed++)
        {
            Policy Change(Policy policy) => Both(policy) with
            {
                Placement = policy.Placement with { Scoring = scoring, ModelsCompete = true },
            };
            var plain = new CellHistory(seed, Change);
            var watched = new CellHistory(seed, Change);
            while (plain.Step())
            {
                watched.Step();
                Assert.Equal(Text(plain.Round), Text(watched.Round));
                AskAll(watched, asked);
            }
        }
    }

    [Fact]
    public void A_promise_that_only_a_question_saw_makes_nobody_try_again()
    {
        var policy = RandomFleet.Policies[0] with { Backfill = BackfillPolicy.On };
        var cell = new TestCell(policy).Node("a", "H800", 8).Node("b", "H800", 8);
        JobSpec Lasting(int devices, double hours) =>
            Gang(devices) with { WorkHours = devices * hours, Models = ["H800"] };
        cell.Place(Lasting(8, hours: 1));
        cell.Place(Lasting(16, hours: 1));
        var held = cell.Place(Lasting(8, hours: 2));
        // Nobody is behind it, so no cycle promises it anything; a question tells what it would be promised.
        var last = cell.Place(Lasting(7, hours: 3));
        var tried = held.LastTry!;
        Assert.Equal(CycleOutcome.HeldBack, tried.Outcome);
        Assert.NotNull(Explainer.ExplainFully(cell.State, last, cell.Now).Reservation);

        // Sooner than a class that was held back is tried again by itself.
        cell.Now = cell.Now.AddSeconds(10);
        cell.Accept(new CancelJob(last.Number));
        cell.Cycle();
        Assert.Same(tried, held.LastTry);
    }

    [Fact]
    public void Why_tells_what_the_cycle_found()
    {
        var tally = new Tally("NoRoom", "OverQuota", "HeldBack", "never tried", "for a reservation", "for a claim");
        for (var seed = 1; seed <= Histories; seed++)
        {
            var history = new CellHistory(seed, Both);
            while (history.Step())
                foreach (var job in history.State.Jobs.Values.Where(j => j.Waits))
                {
                    var told = Explainer.Explain(history.State, job);
                    if (told.Tried is not { } tried)
                    {
                        tally.See("never tried");
                        continue;
                    }

                    tally.See(tried.Outcome.ToString());
                    Assert.True(tried.At <= history.State.At || history.Round is null, history.Where());
                    Assert.Equal(job.LastTry, tried);
                    Assert.NotEqual(CycleOutcome.Placed, tried.Outcome);
                    if (tried.Outcome is not (CycleOutcome.HeldBack or CycleOutcome.OverQuota)) continue;
                    Assert.StartsWith(tried.Words, told.Reason);
                    Assert.DoesNotContain("fits", told.Reason);
                    Assert.All(told.Alternatives, a => Assert.DoesNotContain("fits", a.Verdict));
                    if (tried.Outcome != CycleOutcome.HeldBack) continue;
                    tally.See(tried.Reason.StartsWith("devices are", StringComparison.Ordinal)
                        ? "for a reservation"
                        : "for a claim");
                }
        }

        tally.AssertAllSeen();
    }

    [Fact]
    public void A_job_that_no_cycle_tried_since_it_came_says_nothing_of_one()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Gang(8));
        var first = cell.Place(Gang(8));
        var second = cell.Submit(Gang(8));

        Assert.Equal(CycleOutcome.NoRoom, first.LastTry!.Outcome);
        Assert.Equal(cell.Now, first.LastTry.At);
        Assert.Null(second.LastTry);
        Assert.Null(Explainer.Explain(cell.State, second).Tried);
        var restored = CellState.Restore(cell.State.Capture(), cell.State.Catalog, cell.State.Policy);
        Assert.Null(restored.FindJob(first.Number)!.LastTry);
    }

    private static IEnumerable<LastTry?> LastTries(CellState state) =>
        state.Jobs.Values.Where(job => job.Waits).Select(job => job.LastTry);

    /// <summary>All that can be asked. The draws are its own, so the history goes on as it would without.</summary>
    private static void AskAll(CellHistory history, Tally asked)
    {
        var state = history.State;
        var now = state.At.AddSeconds(history.Steps % 3);
        var waiting = state.Jobs.Values.Where(j => j.Waits).ToList();
        // Looking ahead costs most where many wait; over the steps all of them have their turn.
        var some = waiting.Skip(waiting.Count > 2 ? history.Steps % (waiting.Count - 1) : 0).Take(2);
        foreach (var job in some.Concat(state.Jobs.Values.Where(j => !j.Waits && j.Ended is null).Take(1)).ToList())
        {
            asked.See("explained");
            var told = Explainer.ExplainFully(state, job, now);
            if (told.Changes.Count > 0) asked.See("advice");
            if (told.Reservation is not null) asked.See("promised");
            asked.See("offer");
            CellDecider.Decide(state, new AdoptJob($"west-{job.Number}", job.Spec, now, job.Done, 0));
            CellDecider.Decide(state, new SubmitJob("", job.Spec));
        }

        if (history.Steps % 64 != 0 || waiting.Count == 0) return;
        asked.See("what if");
        WhatIf.Submit(state, [new SubmitJob("", waiting[0].Spec)], now);
    }

    /// <summary>Every field of a round, those of its events' lists too.</summary>
    private static string Text(Round? round) => System.Text.Json.JsonSerializer.Serialize(
        round is null ? null : new
        {
            round.Cell, round.Epoch, round.Number, round.At,
            Events = round.Events.Select(e => new { e.GetType().Name, Event = (object)e }),
        });
}
