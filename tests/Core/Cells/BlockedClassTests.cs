using Stockpile.Core.Jobs;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>A class that found no room is left alone until it may find some; each test is a way it may.</summary>
public sealed class BlockedClassTests
{
    [Fact]
    public void A_more_urgent_gang_of_a_blocked_class_may_preempt_at_once()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var low = cell.Place(Gang(8, Priority.Low));
        var alike = cell.Place(Gang(8, Priority.Low));
        var urgent = cell.Place(Gang(8, Priority.Critical));

        Assert.Equal("a:8", Where(urgent));
        Assert.True(low.Waits);
        Assert.True(alike.Waits);
    }

    [Fact]
    public void A_guest_that_had_to_leave_goes_home_when_there_is_room_at_home()
    {
        var cell = new TestCell().Node("home", "T4", 1).Node("best", "H800", 1);
        var first = cell.Place(Tasks(1) with { Tiers = ["basic"] });
        var guest = cell.Place(Tasks(1));
        Assert.True(guest.Allocations.Single().Value.Guest);
        cell.Accept(new Core.Commands.ReportCompleted("home", first.Allocations.Single().Key));

        // The gang takes the guest's device in a cycle that began with the guest's class not waiting at all.
        cell.Place(Gang(1));
        cell.Cycle();
        Assert.Equal("home:1", Where(guest));
    }

    [Fact]
    public void A_cycle_that_preempted_asks_for_another_one_because_a_victim_may_leave_more_than_was_needed()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Gang(8, Priority.Low));
        cell.Submit(Gang(2, Priority.Critical));

        Assert.True(cell.Cycle() is { Preempted: 1, More: true });
    }

    [Fact]
    public void A_job_with_other_labels_is_of_another_class()
    {
        var cell = new TestCell().Node("a", "T4", 1, rack: "r1,size=big");
        JobSpec Labelled(params (string, string)[] labels) =>
            Tasks(1) with { Labels = labels.ToDictionary(l => l.Item1, l => l.Item2) };

        var one = cell.Submit(Labelled(("rack", "r1,size=big")));
        cell.Run(new Core.Commands.AdmitNode(new Core.State.NodeAdmitted("b", "host", 1, "T4", 1, 1_000, 1_024,
            new Dictionary<string, string> { ["rack"] = "r1", ["size"] = "big" }), []));
        var other = cell.Submit(Labelled(("rack", "r1"), ("size", "big")));

        Assert.NotSame(one.Class, other.Class);
    }
}
