using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>
/// Each oracle is shown a state or a round that is wrong, made by hand, and has to say so. An oracle that never objects
/// would let every property pass.
/// </summary>
public sealed class OracleTests
{
    [Fact]
    public void Capacity_objects_to_a_device_CPU_or_memory_given_away_twice()
    {
        var cell = new TestCell().Node("a", "H800", 2, cpuMilli: 4_000, memoryMiB: 4_096);
        cell.Place(Gang(1) with { CpuMilli = 3_000, MemoryMiB = 3_072 });
        var image = cell.State.Capture();
        Assert.Empty(Capacity.Complaints(image));

        var twice = image with { Allocations = [.. image.Allocations, .. image.Allocations] };
        Objects(Capacity.Complaints(twice), "device 0 of a is used 2000/1000", "6000 are used", "6144 are used");
        Objects(Capacity.Complaints(Changed(image, p => p with { DeviceMask = 4 })), "device 2 is used");
        Objects(Capacity.Complaints(Changed(image, p => p with { Node = "b" })), "is unknown");
        var lost = image with { Nodes = [image.Nodes[0] with { Lost = true }] };
        Objects(Capacity.Complaints(lost), "is lost and holds");
    }

    [Fact]
    public void Gangs_objects_to_a_gang_that_is_no_gang()
    {
        var cell = new TestCell().Node("a", "H800", 4).Node("b", "H800", 4).Node("c", "A800", 4);
        cell.Place(Gang(8) with { PerNode = 4 });
        var image = cell.State.Capture();
        Assert.Empty(Gangs.Complaints(image));

        Objects(Gangs.Complaints(image with { Allocations = [image.Allocations[0]] }), "holds 4, not 8..8");
        var mixed = image with { Allocations = [image.Allocations[0], Moved(image.Allocations[1], "c")] };
        Objects(Gangs.Complaints(mixed), "several models");
        Objects(Gangs.Complaints(Changed(image, p => p with { DeviceMask = 7, Ranks = 3 })), "4 devices on each node");
        Objects(Gangs.Complaints(Changed(image, p => p with { Ranks = 2 })), "no whole device");
        Objects(Gangs.Complaints(Changed(image, p => p with { Node = "a" })), "holds a node twice");
    }

    [Fact]
    public void Tiers_objects_to_a_wrong_model_and_to_a_wrong_guest()
    {
        var cell = new TestCell().Node("a", "T4", 1, rack: "r1").Node("b", "H800", 1).Node("c", "A10", 1);
        cell.Place(Service(500) with { Labels = new Dictionary<string, string> { ["rack"] = "r1" }, Guest = false });
        var image = cell.State.Capture();
        Assert.Empty(Tiers.Complaints(image, cell.State.Policy));

        IEnumerable<string> Of(Func<PlacedAllocation, PlacedAllocation> change) =>
            Tiers.Complaints(Changed(image, change), cell.State.Policy);
        Objects(Of(p => p with { Guest = true }), "called a guest at home", "against its will");
        Objects(Of(p => p with { Node = "b" }), "does not allow it", "not called a guest", "lacks the labels");
        Objects(Of(p => p with { Node = "c" }), "lacks the labels");
        Objects(Of(p => p with { ShareMilli = 499 }), "not its share of 500");
        Objects(Of(p => p with { DeviceMask = 0 }), "does not hold 1 devices");

        cell.Force(new NodeDrained("a"));
        Objects(Tiers.PlacementComplaints(cell.Rounds[^2], cell.State.Capture()), "which takes no work");
    }

    [Fact]
    public void NoLostJob_objects_to_a_gang_that_neither_holds_nor_waits()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Gang(8));
        Assert.Empty(NoLostJob.Complaints(cell.State));
        cell.Force(new AllocationsEnded([1], AllocationEnd.Completed));
        Objects(NoLostJob.Complaints(cell.State), "neither holds its gang nor waits for it");
    }

    [Fact]
    public void NoLostJob_objects_to_a_task_that_is_gone_and_the_core_itself_to_a_replica_too_many()
    {
        var served = new TestCell().Node("a", "T4", 8);
        var service = served.Place(Service(500, replicas: 2));
        Assert.Contains("has devices for 2 replicas and wants 1", Assert.Throws<InvariantBrokenException>(
            () => served.Force(new ReplicasScaled(service.Number, 1))).Message);

        var cell = new TestCell().Node("a", "T4", 8);
        var tasks = cell.Place(Tasks(0, tasks: 2) with { CpuMilli = 1 });
        cell.Force(new AllocationsEnded([.. tasks.Allocations.Keys], AllocationEnd.Cancelled));
        cell.Force(new JobCompleted(tasks.Number));
        Objects(NoLostJob.Complaints(cell.State), "is completed before its tasks are");
    }

    [Fact]
    public void The_event_log_objects_to_counters_that_say_something_else()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Gang(8));
        cell.Force([.. Endings.Of(cell.State, [1], AllocationEnd.Preempted, "test")]);
        Objects(new EventLog().CounterComplaints(cell.State),
            "1 allocations, and the rounds made 0", "1 preempted", "1 requeued");
    }

    [Fact]
    public void Twins_objects_to_states_that_differ_in_what_they_store_or_derive()
    {
        var one = new TestCell().Node("a", "H800", 8);
        var other = new TestCell().Node("a", "H800", 8);
        Assert.Empty(Twins.Complaints(one.State, other.State, images: true));
        var job = one.Place(Gang(1));
        other.Place(Gang(1));
        one.Accept(new RecordCheckpoint(job.Number, 0.5));
        other.Accept(new RecordCheckpoint(job.Number, 0.25));
        Assert.Empty(Twins.Complaints(one.State, other.State, images: false));
        Objects(Twins.Complaints(one.State, other.State, images: true), "\"Done\": 0.5");
        one.Accept(new DrainNode("a"));
        Objects(Twins.Complaints(one.State, other.State, images: false), "a False");
    }

    [Fact]
    public void Repeats_objects_to_a_command_that_is_accepted_again()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var submit = new SubmitJob("", Gang(1));
        var round = new RoundWriter(cell.State, cell.Now);
        Objects(Repeats.Complaints(round, new Told(submit, round.Run(submit))), "a repeat was accepted", "another job");
        Objects(Repeats.LaterComplaints(round, submit), "a late repeat was accepted");
        var cancel = new CancelJob(1);
        var refused = new Told(cancel, new Rejected(new Refusal("", "", "")));
        Objects(Repeats.Complaints(round, refused), "not refused again");
    }

    [Fact]
    public void WorkConservation_objects_to_work_that_waits_beside_room()
    {
        var cell = new TestCell().Node("a", "T4", 1).Node("b", "H800", 8);
        cell.Place(Gang(8, Priority.Low));
        Assert.Empty(WorkConservation.Complaints(cell.State));
        cell.Submit(Service(500));
        Objects(WorkConservation.Complaints(cell.State), "a task of Inference job 2 waits, and a (T4) has room");
        cell.Submit(Gang(8, Priority.High));
        Objects(WorkConservation.Complaints(cell.State), "gang 3 of 8 High waits, and 8 H800");

        var full = new TestCell().Node("a", "T4", 1);
        full.Place(Service(800));
        full.Submit(Service(500));
        Assert.Empty(WorkConservation.Complaints(full.State));
        full.Submit(Service(500) with { Priority = Priority.High });
        Objects(WorkConservation.Complaints(full.State), "High Inference job 3 waits, and 1 tasks of a (T4)");
    }

    [Fact]
    public void Preemptions_objects_to_who_left_without_need_or_in_part()
    {
        var cell = new TestCell(RandomFleet.Policies[1]).Node("a", "H800", 4).Node("b", "H800", 4).Node("c", "A10", 1);
        cell.Place(Gang(8, Priority.High));
        cell.Place(Service(500));
        cell.Submit(Gang(4, Priority.High));
        var placed = new JobPlaced(3, [new PlacedAllocation(4, "a", 15, 0, 0, 4, false, TimeSpan.FromHours(1))]);

        Objects(After(cell, new AllocationsEnded([1, 2], AllocationEnd.Preempted)), "nobody took their place");
        Objects(After(cell, new AllocationsEnded([1], AllocationEnd.Preempted), placed),
            "not more urgent", "only a part of gang 1", "neither waits again nor failed");
        Objects(After(cell, new AllocationsEnded([3], AllocationEnd.Preempted), new JobRequeued(2, ""), placed),
            "was preempted at home", "left a node that job 3 does not use");

        cell.Submit(Service(500));
        var service = new JobPlaced(4, [new PlacedAllocation(4, "a", 1, 0, 0, 1, false, TimeSpan.Zero)]);
        Objects(After(cell, new AllocationsEnded([1, 2], AllocationEnd.Preempted), new JobRequeued(1, ""), service),
            "gang 1 left for a task of job 4");
        Objects(After(cell, new AllocationsEnded([3], AllocationEnd.Preempted), new JobRequeued(2, ""), service),
            "task 3 left for job 4, which is not more urgent", "left a node that job 4 does not use");
    }

    [Fact]
    public void Usage_objects_to_more_hours_than_there_were()
    {
        var cell = new TestCell().Node("a", "T4", 1);
        var usage = new Usage();
        cell.Place(Service(500));
        Assert.Empty(usage.Follow(cell.State.Capture()));
        cell.Now += TimeSpan.FromHours(1);
        cell.Node("b", "T4", 1);
        var image = cell.State.Capture();
        Assert.Empty(Usage.Complaints(image));

        CellImage With(Func<TierUseImage, TierUseImage> change) => image with { Use = [change(image.Use[0])] };
        Objects(Usage.Complaints(With(u => u with { TrainingMs = u.DeviceMs })), "device-ms used of");
        Objects(Usage.Complaints(With(u => u with { GuestMs = u.InferenceMs + 1 })), "device-ms of guests");
        Objects(Usage.Complaints(image with { DemandServed = image.Demand + 1 }), "more requests served");
        Objects(usage.Follow(With(u => u with { InferenceMs = 0 })), "column 2 says 0, and adds up to 1800000");
    }

    [Fact]
    public void A_tally_objects_to_an_outcome_that_was_never_reached()
    {
        var tally = new Tally("placed", "refused");
        tally.See("placed");
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(tally.AssertAllSeen);
        tally.See("refused");
        tally.AssertAllSeen();
    }

    private static List<string> After(TestCell cell, params CellEvent[] events)
    {
        var log = new EventLog();
        foreach (var committed in cell.Rounds.SelectMany(r => r.Events)) log.Take(committed);
        var round = new Round("north", 1, cell.State.RoundNumber + 1, cell.Now, events);
        return [.. Preemptions.Complaints(round, log, cell.State.Jobs.ToDictionary(j => j.Key, j => j.Value.Spec))];
    }

    private static CellImage Changed(CellImage image, Func<PlacedAllocation, PlacedAllocation> change) =>
        image with { Allocations = [.. image.Allocations.Select(a => a with { Placed = change(a.Placed) })] };

    private static AllocationImage Moved(AllocationImage allocation, string node) =>
        allocation with { Placed = allocation.Placed with { Node = node } };

    private static void Objects(IEnumerable<string> complaints, params string[] expected)
    {
        var all = string.Join('\n', complaints);
        foreach (var text in expected) Assert.Contains(text, all);
    }
}
