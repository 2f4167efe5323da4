using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Scheduler.Cells;

namespace Stockpile.Scheduler.Tests.Cells;

public sealed class GangDrainsTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private readonly GangDrains _drains = new(Grace);

    [Theory]
    [InlineData(AllocationEnd.Preempted)]
    [InlineData(AllocationEnd.Moved)]
    [InlineData(AllocationEnd.Drained)]
    [InlineData(AllocationEnd.Reclaimed)]
    public void A_gang_that_leaves_has_the_checkpoint_of_its_slowest_part_when_all_have_spoken(AllocationEnd end)
    {
        var (a, b) = Gang(started: true);
        _drains.Begin([(a, end), (b, end)]);
        Assert.Equal(Grace, _drains.GraceOf(a, end));
        Assert.True(_drains.Holds(1));
        Assert.Null(_drains.Ended(1, 0.4));
        Assert.Null(_drains.Ended(1, 0.9));
        Assert.True(_drains.Holds(1));
        Assert.Equal(new RecordCheckpoint(1, 0.4), _drains.Ended(2, 0.9));
        Assert.False(_drains.Holds(1));
    }

    [Fact]
    public void Without_a_part_that_was_lost_there_is_no_checkpoint_and_the_gang_is_not_held_back()
    {
        var (a, b) = Gang(started: true);
        _drains.Begin([(a, AllocationEnd.Moved), (b, AllocationEnd.Moved)]);
        _drains.Lost(1);
        Assert.True(_drains.Holds(1));
        Assert.Null(_drains.Ended(2, 0.4));
        Assert.False(_drains.Holds(1));
    }

    [Theory]
    [InlineData(true, AllocationEnd.GangBroken)]
    [InlineData(true, AllocationEnd.Cancelled)]
    [InlineData(false, AllocationEnd.Preempted)]
    public void A_gang_that_does_not_leave_whole_or_never_ran_ends_at_once(bool started, AllocationEnd second)
    {
        var (a, b) = Gang(started);
        _drains.Begin([(a, AllocationEnd.Preempted), (b, second)]);
        Assert.False(_drains.Holds(1));
        Assert.Equal(TimeSpan.Zero, _drains.GraceOf(a, AllocationEnd.Preempted));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(0.9, false)]
    public void A_gang_without_checkpoints_has_no_grace_and_counts_only_when_all_of_it_was_done(double last, bool done)
    {
        var (a, b) = Gang(started: true, checkpoint: TimeSpan.Zero);
        _drains.Begin([(a, AllocationEnd.Preempted), (b, AllocationEnd.Preempted)]);
        Assert.Equal(TimeSpan.Zero, _drains.GraceOf(a, AllocationEnd.Preempted));
        Assert.Null(_drains.Ended(1, 1));
        Assert.Equal(done ? new RecordCheckpoint(1, 1) : null, _drains.Ended(2, last));
        Assert.False(_drains.Holds(1));
    }

    private static (AllocationState First, AllocationState Second) Gang(bool started, TimeSpan? checkpoint = null)
    {
        var catalog = new Catalog(["top"], [new Accelerator("H800", "top", 1, 990, 990, 1, 400, "test", true)]);
        var kind = new KindPolicy(["top"], []);
        var state = new CellState("north", catalog, new Policy("test", kind, kind, kind));
        var spec = new JobSpec
        {
            Name = "gang", Kind = JobKind.Training, Devices = 2, WorkHours = 1,
            Checkpoint = checkpoint ?? TimeSpan.FromMinutes(1),
        };
        CellEvent[] events =
        [
            new NodeAdmitted("n", "host", 1, "H800", 1, 0, 0, JobSpec.NoLabels),
            new NodeAdmitted("m", "host", 1, "H800", 1, 0, 0, JobSpec.NoLabels),
            new JobSubmitted(1, "", spec),
            new JobPlaced(1,
            [
                new PlacedAllocation(1, "n", 1, 0, 0, 1, false, TimeSpan.FromHours(1)),
                new PlacedAllocation(2, "m", 1, 0, 0, 1, false, TimeSpan.FromHours(1)),
            ]),
            .. started ? (CellEvent[])[new AllocationsStarted([1, 2])] : [],
        ];
        state.Replay(new Round("north", 1, 1, DateTimeOffset.UnixEpoch, events));
        return (state.FindAllocation(1)!, state.FindAllocation(2)!);
    }
}
