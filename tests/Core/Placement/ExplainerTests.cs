using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class ExplainerTests
{
    [Fact]
    public void A_placed_job_says_what_it_has_and_where()
    {
        var cell = new TestCell().Node("a", "T4", 1).Node("b", "H800", 1);
        var job = cell.Place(Service(750, replicas: 2));
        Assert.Equal("has 0.75 H800 (frontier, as a guest), 0.75 T4 (basic)", Reason(cell, job));
    }

    [Fact]
    public void A_waiting_gang_says_how_many_devices_it_is_short_of_and_who_has_them()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8).Node("c", "H800", 4);
        cell.Place(Gang(4));
        cell.Place(Tasks(1, tasks: 2));
        cell.Accept(new DrainNode("b"));
        var ahead = cell.Submit(Gang(16, Priority.High));
        var job = cell.Place(Gang(12));

        Assert.Equal(
            "waits for 12 devices of one model at once: 4 devices short: of 20 H800 4 are used, 2 held by guests, "
            + "6 free, 8 lost or draining; 1 job ahead in the queue",
            Reason(cell, job));
        Assert.True(ahead.Waits);
        var report = Explainer.Explain(cell.State, job).Alternatives.Single(r => r.Alternative.Model == "H800");
        Assert.Equal((3, 20, 6, 2, 4, 8, 8), (report.Nodes, report.Devices, report.FreeDevices,
            report.GuestHeldDevices, report.UsedDevices, report.UnavailableDevices, report.FitsNow));
    }

    [Fact]
    public void An_elastic_gang_waits_for_its_range_and_is_short_of_its_fewest()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Gang(8) with { Models = ["H800"] });
        var job = cell.Place(Gang(16) with { Models = ["H800"], MinDevices = 2, MaxDevices = 16 });
        Assert.StartsWith("waits for 2 to 16 devices of one model at once: 2 devices short", Reason(cell, job));
    }

    [Fact]
    public void An_array_whose_open_tasks_are_in_parts_names_those_that_are_open()
    {
        var cell = new TestCell().Node("a", "T4", 2);
        var array = cell.Place(Tasks(1, tasks: 6) with { Guest = false });
        foreach (var tasks in (int[])[1, 1, 2]) cell.Accept(new SplitArray(array.Number, tasks));
        Assert.Equal("has 2 T4 (basic), and waits for its parts north-2, north-3 and north-4", Reason(cell, array));
        foreach (var a in array.Allocations.Values.ToList()) cell.Accept(new ReportCompleted(a.Node.Id, a.Sequence));
        cell.Accept(new EndPart(2, JobPhase.Completed, 1, ""));
        Assert.Equal("waits for its parts north-3 and north-4", Reason(cell, array));
        cell.Accept(new EndPart(3, JobPhase.Completed, 1, ""));
        var whole = Explainer.ExplainFully(cell.State, array, cell.Now);
        Assert.Equal("waits for its part north-4", whole.Reason);
        Assert.Equal("nothing of it runs here; it would fit now",
            whole.Alternatives.Single(a => a.Alternative.Model == "T4").Verdict);
    }

    [Fact]
    public void A_gang_with_a_shape_counts_each_node_once()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Gang(6, Priority.Critical) with { PerNode = 6 });
        var job = cell.Place(Gang(8) with { PerNode = 4 });
        Assert.StartsWith("waits for 8 devices of one model at once: 4 devices short", Reason(cell, job));
    }

    [Fact]
    public void Tasks_say_which_dimension_each_node_lacks()
    {
        var cell = new TestCell().Node("a", "T4", 1).Node("b", "T4", 2, cpuMilli: 1_000)
            .Node("c", "T4", 2, memoryMiB: 512).Node("d", "T4", 2, rack: "r2").Node("e", "T4", 2, rack: "r1");
        var rack = new Dictionary<string, string> { ["rack"] = "r1" };
        var spec = Tasks(2, tasks: 2) with { CpuMilli = 2_000, MemoryMiB = 1_024, Guest = false };
        var labelled = cell.Place(spec with { Labels = rack });
        Assert.Equal("1 of 2 tasks waits: 1 node lacks free devices, 4 lack the labels: of 9 T4 2 are used, "
            + "0 held by guests, 7 free; 0 jobs ahead in the queue", Reason(cell, labelled));

        var job = cell.Place(spec);
        Assert.Equal("1 of 2 tasks waits: 3 nodes lack free devices, 1 lacks CPU, 1 lacks memory: of 9 T4 4 are used, "
            + "0 held by guests, 5 free; 1 job ahead in the queue", Reason(cell, job));
    }

    [Fact]
    public void A_requeued_job_says_why()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var job = cell.Place(Gang(8));
        cell.Accept(new LoseNode("a", 0, "it burned"));
        Assert.EndsWith("; requeued because node a: it burned", Reason(cell, job));
        Assert.Contains("8 lost or draining", Reason(cell, job));
    }

    [Fact]
    public void An_ended_job_says_how_it_ended()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var job = cell.Place(Gang(8));
        cell.Accept(new CancelJob(job.Number));
        Assert.Equal("cancelled", Reason(cell, job));
        var failed = cell.Submit(Gang(1));
        cell.Force(new JobFailed(failed.Number, "no luck"));
        Assert.Equal("failed: no luck", Reason(cell, failed));
    }

    private static string Reason(TestCell cell, JobState job) => Explainer.Explain(cell.State, job).Reason;
}
