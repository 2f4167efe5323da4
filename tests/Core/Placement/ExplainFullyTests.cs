using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class ExplainFullyTests
{
    [Fact]
    public void A_running_gang_is_not_short_of_the_devices_it_has()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "A800", 8);
        cell.Place(Gang(2));
        var job = cell.Place(Gang(6));
        var explained = Explain(cell, job);

        var here = explained.Alternatives.Single(a => a.Alternative.Model == "H800");
        Assert.Equal("it runs here, on 6 of 8 H800", here.Verdict);
        Assert.Equal((6, 2, 0, 6), (here.OwnDevices, here.UsedDevices, here.FreeDevices, here.FitsNow));
        var behind = explained.Alternatives.Single(a => a.Alternative.Model == "A800");
        Assert.Equal("comes after H800 in the order of preference; it would fit now", behind.Verdict);
        Assert.EndsWith("as they look now, not as they were when it was placed", explained.Reason);
    }

    [Fact]
    public void A_job_on_its_second_choice_says_what_the_first_one_lacks_now()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "A800", 8);
        cell.Place(Gang(4));
        var job = cell.Place(Gang(8));

        Assert.Equal("preferred, and had no room when it was placed; 4 devices short now",
            Explain(cell, job).Alternatives.Single(a => a.Alternative.Model == "H800").Verdict);
    }

    /// <summary>Placeable when it came; then the nodes come back in another shape.</summary>
    [Theory]
    [InlineData("labels", "no node of H800 in cell north has the labels rack=r1", null, 8, 128_000)]
    [InlineData("devices", "a gang of 8 devices is larger than cell north could ever hold", "r1", 4, 128_000)]
    [InlineData("devices", "in the shape it asks for: at most 0 of H800", "r1", 8, 500)]
    public void What_nothing_could_ever_run_any_more_is_said(
        string field, string message, string? rack, int devices, int cpuMilli)
    {
        var cell = new TestCell().Node("a", "H800", 8, rack: "r1");
        var job = cell.Submit(Gang(8) with
        {
            Models = ["H800"], CpuMilli = 1_000, Labels = new Dictionary<string, string> { ["rack"] = "r1" },
        });
        Assert.Null(Explain(cell, job).Never);

        cell.Accept(new LoseNode("a", 0, "test"));
        cell.Node("a", "H800", devices, cpuMilli, rack: rack);
        cell.Cycle();

        var never = Explain(cell, job).Never!;
        Assert.Equal(field, never.Field);
        Assert.Contains(message, never.Message);
    }

    [Fact]
    public void A_gang_that_lacks_labels_is_not_called_short_of_devices()
    {
        var cell = new TestCell().Node("a", "H800", 8, rack: "r2").Node("b", "H800", 8, rack: "r1");
        var job = cell.Submit(Gang(8) with { Labels = new Dictionary<string, string> { ["rack"] = "r1" } });
        cell.Accept(new DrainNode("b"));

        Assert.Equal("1 node lacks the labels: of 16 H800 0 are used, 0 held by guests, 8 free, 8 lost or draining",
            Explain(cell, job).Alternatives[0].Verdict);
    }

    [Fact]
    public void Devices_of_resting_nodes_are_said_to_rest()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        for (var i = 0; i < 3; i++)
        {
            cell.Accept(new LoseNode("a", 0, "test") { Failed = true });
            cell.Accept(new AdmitNode(cell.State.FindNode("a")!.Admitted with { Incarnation = i + 2 }, []));
        }

        var job = cell.Place(Gang(8));
        var until = cell.State.FindNode("a")!.Health.RestUntil!.Value.UtcDateTime;
        Assert.Contains("8 lost, draining or resting; a node that has room rests until "
            + $"{until:yyyy-MM-dd HH:mm:ss} UTC", Explain(cell, job).Reason);
        Assert.Null(Explain(cell, job).Never);
    }

    [Fact]
    public void A_waiting_gang_says_when_it_may_start_and_what_must_end_first()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var first = cell.Place(Lasting(8, hours: 1));
        cell.Place(Lasting(8, hours: 3));
        var ahead = cell.Place(Lasting(8, hours: 5));
        var job = cell.Place(Gang(8));

        var estimate = Explain(cell, job).Estimate!;
        Assert.Equal(Midnight.AddHours(3), estimate.Slot.Start);
        Assert.False(estimate.IsAtLeast);
        var head = Explain(cell, ahead).Estimate!;
        Assert.Equal(Midnight.AddHours(1), head.Slot.Start);
        Assert.Equal((first, 8, Midnight.AddHours(1)),
            (head.EndFirst.Single().Job, head.EndFirst.Single().Devices, head.EndFirst.Single().End));
    }

    [Fact]
    public void The_devices_of_lower_classes_and_of_draining_nodes_are_counted()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8).Node("c", "H800", 8);
        cell.Place(Gang(4, Priority.Low) with { Models = ["H800"] });
        cell.Place(Gang(8) with { Models = ["H800"] });
        cell.Accept(new DrainNode("c"));
        var job = cell.Place(Gang(16) with { Models = ["H800"] });

        var report = Explain(cell, job).Alternatives.Single();
        Assert.Equal((4, 8, 8), (report.LowerPriorityDevices, report.DrainingDevices, report.UnavailableDevices));
    }

    [Fact]
    public void Changes_that_would_start_it_now_are_named_and_only_those()
    {
        var cell = new TestCell().Node("a", "H800", 8, cpuMilli: 64_000).Node("b", "A800", 8);
        cell.Place(Gang(2) with { Models = ["H800"], CpuMilli = 4_000 });
        var job = cell.Place(Gang(8) with { Tiers = ["frontier"], CpuMilli = 8_000 });

        var changes = Explain(cell, job).Changes;
        Assert.Equal(
        [
            "6 devices instead of 8 would start now on H800",
            "with the tier advanced allowed it would start now on A800",
        ], changes);

        // The first change is what it says.
        Assert.False(cell.Place(job.Spec with { Devices = 6 }).Waits);
    }

    [Fact]
    public void A_job_that_names_models_is_told_of_another_model_and_not_of_a_tier()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "A800", 8);
        cell.Place(Gang(8) with { Models = ["H800"] });
        var job = cell.Place(Gang(8) with { Models = ["H800"] });

        Assert.Equal(["with the model A800 allowed it would start now"], Explain(cell, job).Changes);
        Assert.False(cell.Place(job.Spec with { Models = ["H800", "A800"] }).Waits);
    }

    [Fact]
    public void Fewer_cores_are_named_where_cores_are_what_is_short()
    {
        var cell = new TestCell().Node("a", "T4", 2, cpuMilli: 10_000);
        cell.Place(Tasks(1) with { CpuMilli = 6_000, Tiers = ["basic"] });
        var job = cell.Place(Tasks(1) with { CpuMilli = 8_000, Tiers = ["basic"] });

        Assert.Contains("4 cores per task instead of 8 would start now on T4", Explain(cell, job).Changes);
    }

    [Fact]
    public void A_job_says_what_is_promised_to_it_and_another_what_it_is_held_back_by()
    {
        var policy = RandomFleet.Policies[0] with { Backfill = BackfillPolicy.On };
        var cell = new TestCell(policy).Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Lasting(8, hours: 1));
        var large = cell.Place(Gang(16) with { Models = ["H800"] });
        var held = cell.Place(Lasting(8, hours: 2) with { Models = ["H800"] });

        var promised = Explain(cell, large).Reservation!;
        Assert.Equal((16, Midnight.AddHours(1)), (promised.Slot.Devices, promised.Slot.Start));
        Assert.Equal(large, Explain(cell, held).HeldBackBy!.Job);
        Assert.StartsWith("held back, because devices are reserved for north-2; ", Explain(cell, held).Reason);
        Assert.DoesNotContain("fits", Explain(cell, held).Reason);
        Assert.Equal(CycleOutcome.HeldBack, Explain(cell, held).Tried!.Outcome);
        Assert.Equal(CycleOutcome.NoRoom, Explain(cell, large).Tried!.Outcome);
        Assert.Null(Explain(cell, large).HeldBackBy);
    }

    private static JobSpec Lasting(int devices, double hours) =>
        Gang(devices) with { WorkHours = devices * hours, Models = ["H800"] };

    private static Explanation Explain(TestCell cell, JobState job) =>
        Explainer.ExplainFully(cell.State, job, cell.Now);
}
