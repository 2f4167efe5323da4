using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Explain;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;
using Stockpile.Tests.Shared;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class WhatIfTests
{
    [Fact]
    public void Nothing_changes_in_the_cell()
    {
        var cell = Busy();
        var before = (Twins.Image(cell.State), Twins.Derived(cell.State));
        WhatIf.Submit(cell.State, [new SubmitJob("k", Gang(16, Priority.High))], cell.Now);

        Assert.Equal(before, (Twins.Image(cell.State), Twins.Derived(cell.State)));
    }

    [Fact]
    public void It_says_whom_a_job_would_push_aside()
    {
        var cell = Busy();
        var answer = WhatIf.Submit(cell.State, [new SubmitJob("", Gang(16, Priority.High))], cell.Now).Jobs.Single();

        Assert.False(answer.Job!.Waits);
        Assert.Equal(
            [(false, "gang", 8), (true, "tasks", 2)],
            answer.Evictions.Select(e => (e.AsGuest, e.Job.Spec.Name, e.Devices)).Order());
    }

    [Fact]
    public void A_refusal_is_the_one_of_a_real_submission()
    {
        var cell = Busy();
        var jobs = new[] { Gang(17), Gang(0), Gang(1) with { Models = ["A800"] } };
        foreach (var spec in jobs)
        {
            var foreseen = Assert.IsType<Rejected>(
                WhatIf.Submit(cell.State, [new SubmitJob("", spec)], cell.Now).Jobs.Single().Decision);
            Assert.Equal(Assert.IsType<Rejected>(cell.Run(new SubmitJob("", spec))).Refusal, foreseen.Refusal);
        }
    }

    [Fact]
    public void A_known_key_gives_the_job_that_has_it_even_when_it_has_ended()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var job = cell.Submit(Gang(8), "k");
        cell.Accept(new CancelJob(job.Number));

        var answer = WhatIf.Submit(cell.State, [new SubmitJob("k", Gang(8))], cell.Now).Jobs.Single();
        Assert.IsType<AlreadyDone>(answer.Decision);
        Assert.Equal(job, answer.Job);
        var other = WhatIf.Submit(cell.State, [new SubmitJob("k", Gang(4))], cell.Now).Jobs.Single();
        Assert.Equal(Refusal.KeyConflict, Assert.IsType<Rejected>(other.Decision).Refusal.Code);
    }

    /// <summary>In random histories, wherever one is still, the real submission does what was foreseen.</summary>
    [Fact]
    public void A_real_submission_then_does_the_same()
    {
        var tally = new Tally("placed", "waits", "refused", "pushed aside");
        for (var seed = 0; seed < (Suite.IsFast ? 4 : 12); seed++)
        {
            var history = new CellHistory(seed);
            var jobs = new RandomJobs(new Random(seed));
            while (history.Step())
            {
                if (history.Steps % 20 != 0 || history.Cycle.More) continue;
                var spec = jobs.Next();
                var now = history.State.At;
                var foreseen = WhatIf.Submit(history.State, [new SubmitJob("", spec)], now).Jobs.Single();
                var real = CellCopy.Whole(history.State);
                var round = new RoundWriter(real, now);
                var number = real.NextJob;
                var decision = round.Run(new SubmitJob("", spec));
                for (var more = true; more; round = new RoundWriter(real, now))
                {
                    more = SchedulingCycle.Run(real, round).More;
                    round.Close();
                }

                tally.See(decision is Rejected ? "refused" : foreseen.Job!.Waits ? "waits" : "placed");
                tally.See("pushed aside", foreseen.Evictions.Count);
                Assert.Equal(decision.GetType(), foreseen.Decision.GetType());
                if (decision is Rejected) continue;
                Assert.Equal(Where(real.FindJob(number)!), Where(foreseen.Job!));
            }
        }

        tally.AssertAllSeen();
    }

    /// <summary>Two nodes: a gang of a low class on one, a task that is a guest on the other.</summary>
    private static TestCell Busy()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(8, Priority.Low));
        cell.Place(Tasks(2));
        return cell;
    }
}
