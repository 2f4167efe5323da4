using Stockpile.Core.Commands;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class CellDeciderTests
{
    private static readonly NodeAdmitted Shape =
        new("a", "host", 1, "H800", 8, 8_000, 8_192, new Dictionary<string, string>());

    [Fact]
    public void A_gang_gives_its_devices_back_only_as_a_whole()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var job = cell.Place(Gang(16) with { Generation = 4 });
        Assert.IsType<AllocationsFinished>(cell.Accept(new ReportCompleted("a", 1))[^1]);
        Assert.True(job.Allocations[1].Finished);
        Assert.Equal(0, cell.State.Index.Free("H800"));
        Assert.Equal(JobPhase.Running, job.Phase);

        Assert.IsType<JobCompleted>(cell.Accept(new ReportCompleted("b", 2))[^1]);
        Assert.Equal(16, cell.State.Index.Free("H800"));
        Assert.Equal(JobPhase.Completed, job.Phase);
        Assert.Equal(1, cell.State.Generations[4]);
    }

    [Fact]
    public void A_gang_that_loses_a_node_after_a_part_was_done_starts_anew_as_a_whole()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var job = cell.Place(Gang(16));
        cell.Accept(new ReportCompleted("a", 1));
        var events = cell.Accept(new LoseNode("b", 0, "test"));
        Assert.Equal(
            [AllocationEnd.NodeLost, AllocationEnd.GangBroken],
            events.OfType<AllocationsEnded>().Select(e => e.End));
        Assert.True(job.Waits);
        Assert.Equal(1, job.Requeues);
        Assert.Equal(8, cell.State.Index.Free("H800"));
    }

    [Fact]
    public void The_last_drain_command_decides_on_the_deadline()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var node = cell.State.FindNode("a")!;
        cell.Place(Gang(8));
        var by = Midnight.AddHours(10);

        cell.Accept(new DrainNode("a") { By = by });
        Assert.Equal(by, node.DrainBy);
        cell.Accept(new DrainNode("a") { Cordon = true });
        Assert.Equal((true, null), (node.Draining, node.DrainBy));
        Assert.IsType<AlreadyDone>(cell.Run(new DrainNode("a") { Cordon = true }));
        Assert.IsType<AlreadyDone>(cell.Run(new DrainNode("a")));

        cell.Accept(new DrainNode("a") { By = by });
        cell.Accept(new DrainNode("a") { By = by.AddHours(1) });
        Assert.Equal(by.AddHours(1), node.DrainBy);
        cell.Accept(new DrainNode("a"));
        Assert.Null(node.DrainBy);

        // Nothing leaves by an instant that was lifted.
        cell.Now = by.AddDays(1);
        cell.Cycle();
        Assert.Equal(0, cell.State.FindJob(1)!.Requeues);
    }

    [Fact]
    public void A_job_that_was_taken_over_is_called_by_the_id_that_its_user_knows()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Accept(new AdoptJob("west-9", Gang(8), Midnight, 0, 0));
        var job = cell.State.FindAdopted("west-9")!;
        cell.Accept(new SettleAdoption("west-9", Confirmed: true, 0, 0));
        cell.Force(new JobFailed(job.Number, "test"));
        var refused = Assert.IsType<Rejected>(cell.Run(new CancelJob(job.Number)));
        Assert.Equal("job west-9 is failed and cannot be cancelled", refused.Refusal.Message);
    }

    [Fact]
    public void A_cordon_of_a_node_that_is_not_drained_moves_nothing()
    {
        var cell = new TestCell().Node("a", "T4", 1);
        var service = cell.Place(Service(999));
        Assert.Equal([new NodeDrained("a")], cell.Accept(new DrainNode("a") { Cordon = true, By = Midnight }));
        Assert.Equal("a:1", Where(service));
    }

    [Fact]
    public void A_drain_moves_replicas_and_lets_the_rest_finish()
    {
        var cell = new TestCell().Node("a", "T4", 2).Node("b", "T4", 2);
        var service = cell.Place(Service(999));
        var tasks = cell.Place(Tasks(1) with { Tiers = ["basic"] });
        Assert.Equal("a:1", Where(service));
        Assert.Equal("a:1", Where(tasks));
        cell.Accept(new DrainNode("a"));
        cell.Cycle();
        Assert.Equal("b:1", Where(service));
        Assert.Equal("a:1", Where(tasks));
        Assert.IsType<AlreadyDone>(cell.Run(new DrainNode("a")));
        cell.Accept(new ResumeNode("a"));
        Assert.IsType<AlreadyDone>(cell.Run(new ResumeNode("a")));
    }

    [Fact]
    public void A_node_that_no_longer_runs_started_work_loses_only_that()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var lost = cell.Place(Gang(1));
        var kept = cell.Place(Gang(1));
        var ordered = cell.Place(Gang(1));
        cell.Accept(new ReportStarted("a", 1));
        cell.Accept(new ReportStarted("a", 2));
        cell.Accept(new AdmitNode(cell.State.FindNode("a")!.Admitted, [2]));
        Assert.True(lost.Waits);
        Assert.False(kept.Waits);
        Assert.False(ordered.Waits);
    }

    [Fact]
    public void A_node_that_started_anew_loses_all_and_an_older_life_of_it_is_refused()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var job = cell.Place(Gang(1));
        var admitted = cell.State.FindNode("a")!.Admitted;
        cell.Accept(new AdmitNode(admitted with { Incarnation = 2 }, [1]));
        Assert.True(job.Waits);
        Assert.Equal("incarnation", Refused(cell, new AdmitNode(admitted, [])).Field);
        Assert.IsType<AlreadyDone>(cell.Run(new LoseNode("a", 1, "news of its former life")));
    }

    public static TheoryData<string> WrongNodes => [.. Wrong.Keys];

    private static readonly Dictionary<string, NodeAdmitted> Wrong = new()
    {
        ["model"] = Shape with { Model = "imaginary" },
        ["tier"] = Shape with { Tier = "imaginary" },
        ["devices"] = Shape with { Devices = 0 },
        ["cpu"] = Shape with { CpuMilli = -1 },
        ["memory"] = Shape with { MemoryMiB = -1 },
    };

    [Theory]
    [MemberData(nameof(WrongNodes))]
    public void A_node_that_cannot_be_is_refused(string field)
    {
        Assert.Equal(field, Refused(new TestCell(), new AdmitNode(Wrong[field], [])).Field);
        Assert.IsType<Accepted>(new TestCell().Run(new AdmitNode(Shape with { CpuMilli = 0, MemoryMiB = 0 }, [])));
    }

    [Fact]
    public void A_node_with_negative_CPU_that_got_past_the_decider_would_stop_the_cell()
    {
        var cell = new TestCell();
        cell.Force(Wrong["cpu"]);
        Assert.Throws<InvariantBrokenException>(() => cell.Place(Gang(1)));
    }

    [Fact]
    public void A_key_answers_for_its_job_and_refuses_another()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var job = cell.Submit(Gang(1), "k");
        Assert.Equal(new AlreadyDone(job.Number), cell.Run(new SubmitJob("k", Gang(1))));
        Assert.Equal(Refusal.KeyConflict, Refused(cell, new SubmitJob("k", Gang(2))).Code);
    }

    [Fact]
    public void A_held_job_is_not_cancelled_before_its_home_has_let_go_of_it()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Accept(new AdoptJob("south-7", Gang(1), cell.Now, 0, 0));
        Assert.Equal(Refusal.Unavailable, Refused(cell, new CancelJob(1)).Code);
        cell.Accept(new SettleAdoption("south-7", Confirmed: true, Done: 0, Requeues: 0));
        cell.Accept(new CancelJob(1));

        cell.Accept(new AdoptJob("south-8", Gang(1), cell.Now, 0, 0));
        Assert.IsType<Rejected>(cell.Run(new CancelJob(2)));
        cell.Accept(new SettleAdoption("south-8", Confirmed: false, Done: 0, Requeues: 0));
        Assert.Null(cell.State.FindJob(2));
        Assert.Single(cell.State.Capture().Jobs);
    }

    /// <summary>Else the other cell would begin behind the checkpoint, or has dropped the job long ago.</summary>
    [Fact]
    public void A_job_that_ran_since_it_was_offered_is_not_let_go_of()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Force(
            new JobSubmitted(1, "", Gang(16)), new CheckpointRecorded(1, 0.25),
            new JobRequeued(1, "its node was lost"));

        Assert.IsType<Rejected>(cell.Run(new ForwardJob(1, "south", Done: 0, Requeues: 0)));
        Assert.IsType<Rejected>(cell.Run(new ForwardJob(1, "south", Done: 0.25, Requeues: 0)));
        Assert.IsType<Rejected>(cell.Run(new ForwardJob(1, "south", Done: 0, Requeues: 1)));
        cell.Accept(new ForwardJob(1, "south", Done: 0.25, Requeues: 1));
        // Its answer was lost: the repetition is confirmed whatever it says.
        Assert.IsType<AlreadyDone>(cell.Run(new ForwardJob(1, "south", Done: 0, Requeues: 0)));
    }

    /// <summary>Its home may have let go of it since, and then nobody would have it.</summary>
    [Fact]
    public void A_refusal_of_an_offer_before_does_not_undo_a_newer_one()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Accept(new AdoptJob("south-7", Gang(1), cell.Now, Done: 0.25, Requeues: 1));
        Assert.IsType<AlreadyDone>(cell.Run(new SettleAdoption("south-7", Confirmed: false, Done: 0, Requeues: 1)));
        Assert.IsType<AlreadyDone>(cell.Run(new SettleAdoption("south-7", Confirmed: false, Done: 0.25, Requeues: 0)));
        Assert.NotNull(cell.State.FindAdopted("south-7"));
        cell.Accept(new SettleAdoption("south-7", Confirmed: false, Done: 0.25, Requeues: 1));
        Assert.Null(cell.State.FindAdopted("south-7"));
    }

    /// <summary>What its successor has offered since it cannot know, so it must not deny it.</summary>
    [Fact]
    public void An_owner_that_was_replaced_neither_lets_go_of_a_job_nor_denies_the_offer()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Force(new JobSubmitted(1, "", Gang(16)), new CheckpointRecorded(1, 0.25));

        Assert.Equal(Refusal.Unavailable, Refused(cell, new ForwardJob(1, "south", Done: 0.25, Requeues: 1)).Code);
        Assert.Equal(Refusal.Unavailable, Refused(cell, new ForwardJob(1, "south", Done: 0.5, Requeues: 0)).Code);
        Assert.Equal(Refusal.Unavailable, Refused(cell, new ForwardJob(2, "south", Done: 0, Requeues: 0)).Code);
        Assert.Equal(Refusal.Ended, Refused(cell, new ForwardJob(1, "south", Done: 0, Requeues: 0)).Code);
        // One that has ended waits for nobody, whatever was offered.
        cell.Accept(new CancelJob(1));
        Assert.Equal(Refusal.Ended, Refused(cell, new ForwardJob(1, "south", Done: 0.25, Requeues: 1)).Code);
    }

    [Fact]
    public void Only_so_many_ended_jobs_are_kept_and_their_keys_go_with_them()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        for (var i = 1; i <= Limits.FinishedJobsKeptPerCell + 1; i++)
            cell.Force(new JobSubmitted(i, $"k{i}", Gang(1)), new JobCancelled(i));
        Assert.Equal(Limits.FinishedJobsKeptPerCell, cell.State.Jobs.Count);
        Assert.Null(cell.State.FindJob(1));
        Assert.Null(cell.State.FindKey("k1"));
        Assert.NotNull(cell.State.FindKey("k2"));
        Assert.Equal(0, cell.State.ActiveJobs);
        Assert.Equal(Refusal.NotFound, Refused(cell, new CancelJob(1)).Code);
    }

    private static Refusal Refused(TestCell cell, CellCommand command) =>
        Assert.IsType<Rejected>(cell.Run(command)).Refusal;
}
