using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Routing;

public sealed class JobHistoryTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static PlacedAllocation Placed(
        long sequence, string node, uint mask = 0xFF, int share = 0, bool guest = false) =>
        new(sequence, node, mask, share, 0, 1, guest, TimeSpan.FromHours(1));

    private static List<string> Of(long job, params CellEvent[] events)
    {
        var history = new JobHistory(new JobId("north", job));
        history.Add(new Round("north", 3, 9, At, events));
        return [.. history.Entries.Select(e => $"{e.Event}: {e.Detail}")];
    }

    [Fact]
    public void A_life_reads_from_submission_to_end()
    {
        var spec = new JobSpec { Name = "nightly", Kind = JobKind.Training, Tenant = "research", Devices = 16 };
        Assert.Equal(
        [
            "JobSubmitted: training 'nightly' of tenant research",
            "JobPlaced: 16 devices on n1, n2",
            "AllocationsStarted: running on n1, n2",
            "CheckpointRecorded: 25.0 % of the work is safe",
            "AllocationsEnded: lost on n1",
            "AllocationsEnded: stopped with its gang on n2",
            "JobRequeued: node n1 broke",
            "JobCompleted: all its work is done",
        ], Of(1,
            new JobSubmitted(1, "k", spec),
            new JobPlaced(1, [Placed(4, "n1"), Placed(5, "n2")]),
            new AllocationsStarted([4, 5]),
            new CheckpointRecorded(1, 0.25),
            new AllocationsEnded([4], AllocationEnd.NodeLost),
            new AllocationsEnded([5], AllocationEnd.GangBroken),
            new JobRequeued(1, "node n1 broke"),
            new JobCompleted(1)));
    }

    [Fact]
    public void Other_jobs_and_their_allocations_are_left_out()
    {
        Assert.Equal(["AllocationsStarted: running on n1"], Of(1,
            new JobPlaced(2, [Placed(5, "n2")]),
            new JobPlaced(1, [Placed(4, "n1")]),
            new AllocationsStarted([4, 5]),
            new AllocationsEnded([5], AllocationEnd.Completed),
            new JobCancelled(2),
            new NodeDrained("n1")).Where(e => !e.StartsWith("JobPlaced", StringComparison.Ordinal)));
    }

    [Fact]
    public void Shares_guests_and_many_nodes_are_told()
    {
        Assert.Equal(["JobPlaced: 0.5 devices on n1, as a guest"],
            Of(1, new JobPlaced(1, [Placed(1, "n1", 1, 250, guest: true), Placed(2, "n1", 2, 250)])));
        Assert.Equal(["JobPlaced: 32 devices on n1 … n4 (4 nodes)"],
            Of(1, new JobPlaced(1, [.. Enumerable.Range(1, 4).Select(i => Placed(i, $"n{i}"))])));
    }

    [Theory]
    [InlineData(AllocationEnd.Completed, "finished")]
    [InlineData(AllocationEnd.Cancelled, "stopped")]
    [InlineData(AllocationEnd.Preempted, "preempted")]
    [InlineData(AllocationEnd.NodeLost, "lost")]
    [InlineData(AllocationEnd.Failed, "failed")]
    [InlineData(AllocationEnd.GangBroken, "stopped with its gang")]
    [InlineData(AllocationEnd.ScaledDown, "no longer needed")]
    [InlineData(AllocationEnd.Drained, "moved off a draining node")]
    public void Every_end_has_its_words(AllocationEnd end, string words) =>
        Assert.Equal($"AllocationsEnded: {words} on n1",
            Of(1, new JobPlaced(1, [Placed(1, "n1")]), new AllocationsEnded([1], end))[1]);

    [Fact]
    public void Ends_that_users_and_cells_decide_say_why()
    {
        Assert.Equal(
            ["ReplicasScaled: 4 replicas wanted", "JobCancelled: withdrawn by its user", "JobFailed: too often"],
            Of(1, new ReplicasScaled(1, 4), new JobCancelled(1), new JobFailed(1, "too often")));
    }

    [Fact]
    public void Every_entry_says_when_and_in_which_round_and_epoch()
    {
        var history = new JobHistory(new JobId("north", 1));
        history.Add(new Round("north", 3, 9, At, [new JobCompleted(1)]));
        Assert.Equal(new HistoryEntry(At, "north", 3, 9, "JobCompleted", "all its work is done"), history.Entries[0]);
    }
}
