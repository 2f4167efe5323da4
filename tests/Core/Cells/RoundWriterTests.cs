using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class RoundWriterTests
{
    [Fact]
    public void Neighbouring_starts_and_placements_of_one_job_become_one_event_that_replays_the_same()
    {
        var cell = new TestCell().Node("a", "T4", 8);
        var one = cell.Submit(Tasks(1, tasks: 3) with { Tiers = ["basic"] });
        var two = cell.Submit(Service(500, replicas: 2));
        var round = new RoundWriter(cell.State, cell.Now);
        SchedulingCycle.Run(cell.State, round);
        foreach (var sequence in (long[])[1, 2, 3]) round.Run(new ReportStarted("a", sequence));
        round.Run(new DrainNode("a"));
        round.Run(new ReportStarted("a", 4));
        var closed = round.Close()!;
        cell.Rounds.Add(closed);

        Assert.Equal(
            ["JobPlaced", "JobPlaced", "AllocationsStarted", "NodeDrained", "AllocationsEnded", "JobRequeued",
                "AllocationsStarted"],
            closed.Events.Select(e => e.GetType().Name));
        Assert.Equal(
            [(two.Number, 2), (one.Number, 3)],
            closed.Events.OfType<JobPlaced>().Select(p => (p.Job, p.Allocations.Count)));

        var copy = new CellState("north", cell.State.Catalog, cell.State.Policy);
        foreach (var each in cell.Rounds) copy.Replay(each);
        Assert.Empty(Twins.Complaints(cell.State, copy, images: true));
    }

    [Fact]
    public void A_round_without_events_is_none_and_leaves_the_state_alone()
    {
        var cell = new TestCell().Node("a", "T4", 8);
        var before = Twins.Image(cell.State);
        var round = new RoundWriter(cell.State, cell.Now.AddDays(1));
        Assert.IsType<Rejected>(round.Run(new CancelJob(7)));
        SchedulingCycle.Run(cell.State, round);
        Assert.Null(round.Close());
        Assert.Equal(before, Twins.Image(cell.State));
    }

    [Fact]
    public void Time_is_whole_milliseconds_and_never_runs_back()
    {
        var cell = new TestCell { Now = Midnight.AddTicks(12_345) }.Node("a", "T4", 8);
        Assert.Equal(Midnight.AddMilliseconds(1), cell.State.At);
        cell.Now = Midnight.AddHours(-1);
        cell.Node("b", "T4", 8);
        Assert.Equal(Midnight.AddMilliseconds(1), cell.State.At);
    }

    [Fact]
    public void What_ended_is_remembered_for_the_orders_that_follow()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var job = cell.Place(Gang(8));
        var round = new RoundWriter(cell.State, cell.Now);
        round.Run(new CancelJob(job.Number));
        var (allocation, end) = Assert.Single(round.Ended);
        Assert.Equal((1L, AllocationEnd.Cancelled), (allocation.Sequence, end));
    }

    [Fact]
    public void A_missing_or_doubled_round_stops_the_replay()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var copy = new CellState("north", cell.State.Catalog, cell.State.Policy);
        Assert.Throws<InvariantBrokenException>(() => copy.Replay(cell.Rounds[1]));
        copy.Replay(cell.Rounds[0]);
        Assert.Throws<InvariantBrokenException>(() => copy.Replay(cell.Rounds[0]));
        copy.Replay(cell.Rounds[1]);
    }

    [Fact]
    public void A_cycle_stops_at_the_most_events_of_a_round_and_says_that_there_is_more()
    {
        var cell = new TestCell().Node("a", "A10", 1);
        var job = cell.Submit(Tasks(0, tasks: Limits.EventsPerRoundMax + 10) with { CpuMilli = 1 });
        Assert.True(cell.Cycle() is { More: true });
        Assert.Equal(10, job.Unplaced.Count);
        Assert.True(cell.Cycle() is { More: false });
        Assert.False(job.Waits);
    }
}
