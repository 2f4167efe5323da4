using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

public sealed class ReadmissionTests
{
    private static NodeAdmitted Shape(TestCell cell, string node = "a") => cell.State.FindNode(node)!.Admitted;

    private static string Come(TestCell cell, NodeAdmitted shape, params long[] running)
    {
        var events = cell.Accept(new AdmitNode(shape, running));
        return string.Join(" | ", events.OfType<JobRequeued>().Select(r => $"{r.Job}: {r.Reason}"));
    }

    [Fact]
    public void A_node_that_comes_back_with_fewer_devices_ends_only_what_was_on_the_others()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var kept = cell.Place(Gang(4));
        var lost = cell.Place(Gang(4));
        Assert.Equal("2: node a came back with 4 devices instead of 8", Come(cell, Shape(cell) with { Devices = 4 }));
        Assert.Equal("a:4", Where(kept));
        Assert.True(lost.Waits);
        Assert.Same(cell.State.FindNode("a"), kept.Allocations.Values.Single().Node);
        Assert.Equal(0, cell.State.Index.Free("H800"));
        Assert.IsType<AlreadyDone>(cell.Run(new AdmitNode(Shape(cell), [])));
    }

    [Fact]
    public void A_gang_that_loses_a_part_to_a_smaller_node_ends_as_a_whole()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        var gang = cell.Place(Gang(16));
        Come(cell, Shape(cell) with { Devices = 7 });
        Assert.Empty(gang.Allocations);
        Assert.Equal("node a came back with 7 devices instead of 8", gang.Reason);
    }

    [Fact]
    public void The_youngest_work_ends_until_the_rest_has_enough_CPU_and_memory()
    {
        var cell = new TestCell().Node("a", "T4", 4, cpuMilli: 8_000);
        cell.Place(Tasks(1, 4) with { CpuMilli = 2_000, Tiers = ["basic"] });
        Assert.Equal("1: node a came back with 5 cores instead of 8",
            Come(cell, Shape(cell) with { CpuMilli = 5_000 }));
        Assert.Equal([1L, 2L], cell.State.Allocations.Keys.Order());
        cell = new TestCell().Node("a", "T4", 4, memoryMiB: 8_192);
        cell.Place(Tasks(1, 4) with { MemoryMiB = 2_048, Tiers = ["basic"] });
        Assert.Equal("1: node a came back with 7000 MiB instead of 8192",
            Come(cell, Shape(cell) with { MemoryMiB = 7_000 }));
        Assert.Equal([1L, 2L, 3L], cell.State.Allocations.Keys.Order());
    }

    [Fact]
    public void Work_ends_on_another_model_and_without_a_label_that_it_requires()
    {
        var cell = new TestCell().Node("a", "H800", 8, rack: "r1");
        var labelled = cell.Place(Gang(4) with { Labels = new Dictionary<string, string> { ["rack"] = "r1" } });
        var free = cell.Place(Gang(4));
        Assert.Equal("1: node a came back without the label rack=r1",
            Come(cell, Shape(cell) with { Labels = new Dictionary<string, string>() }));
        Assert.True(labelled.Waits);
        Assert.Equal("a:4", Where(free));
        Assert.Equal("2: node a came back as A800 instead of H800", Come(cell, Shape(cell) with { Model = "A800" }));
        Assert.Empty(free.Allocations);
    }

    [Fact]
    public void A_node_that_started_anew_in_another_shape_says_so()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Gang(4));
        Assert.Equal("1: node a started anew, with 4 devices instead of 8",
            Come(cell, Shape(cell) with { Incarnation = 2, Devices = 4 }, 1));
    }

    [Fact]
    public void A_node_of_another_tier_is_a_variant_of_its_model_and_jobs_of_that_tier_use_it()
    {
        var cell = new TestCell().Node("a", "T4", 8).Node("b", "H20", 1);
        cell.Place(Tasks(1) with { Tiers = ["standard"] });
        var task = cell.Submit(Tasks(1) with { Tiers = ["standard"] });
        Assert.DoesNotContain(task.Class.Alternatives, a => a.Model == "T4@standard");
        cell.Cycle();
        Assert.True(task.Waits);
        Come(cell, Shape(cell) with { Tier = "standard" });
        Assert.Equal("T4@standard", cell.State.FindNode("a")!.Accelerator.Model);
        Assert.Contains(task.Class.Alternatives, a => a.Model == "T4@standard");
        cell.Cycle();
        Assert.Equal("a:1", Where(task));
        Assert.Contains("T4@standard", Explainer.Explain(cell.State, task).Reason, StringComparison.Ordinal);
        var restored = CellState.Restore(cell.State.Capture(), RandomFleet.Catalog, RandomFleet.Policies[0]);
        Assert.Equal(Oracles.Twins.Derived(cell.State), Oracles.Twins.Derived(restored));
        Assert.Equal("2: node a came back as T4 instead of T4@standard", Come(cell, Shape(cell) with { Tier = "" }));
        Assert.DoesNotContain(task.Class.Alternatives, a => a.Model == "T4@standard");
    }

    [Fact]
    public void The_tier_of_the_catalogue_needs_no_word_and_an_unknown_one_is_refused_with_those_that_are()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        Assert.IsType<AlreadyDone>(cell.Run(new AdmitNode(Shape(cell) with { Tier = "frontier" }, [])));
        Assert.Equal("", Shape(cell).Tier);
        var refused = Assert.IsType<Rejected>(cell.Run(new AdmitNode(Shape(cell) with { Tier = "best" }, [])));
        Assert.Equal("node a has the unknown tier best; known are frontier, advanced, standard, basic",
            refused.Refusal.Message);
        Assert.IsType<Rejected>(cell.Run(new AdmitNode(Shape(cell) with { Model = "H800@advanced" }, [])));
    }

    [Fact]
    public void A_job_may_name_a_model_and_use_its_variants_or_name_a_variant_alone()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        Come(cell, Shape(cell, "b") with { Tier = "advanced" });
        var any = cell.Place(Gang(2) with { Models = ["H800"] });
        var variant = cell.Place(Gang(2) with { Models = ["H800@advanced"] });
        Assert.Equal(["H800", "H800@advanced"], any.Class.Alternatives.Select(a => a.Model));
        Assert.Equal("a:2", Where(any));
        Assert.Equal("b:2", Where(variant));
        Assert.IsType<Rejected>(cell.Run(new SubmitJob("", Gang(2) with { Models = ["H800@best"] })));
    }

    [Fact]
    public void A_change_of_tier_leaves_work_that_may_use_the_new_one()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var gang = cell.Place(Gang(4));
        Assert.Equal("", Come(cell, Shape(cell) with { Tier = "advanced" }));
        Assert.Equal("a:4", Where(gang));
        var tiers = RandomFleet.Catalog.Tiers;
        Assert.Equal([0, 4_000], tiers.Take(2).Select(t => cell.State.Tenants.UseMilli(gang.Spec.Tenant, t)));
        Assert.Equal([0, 8_000], tiers.Take(2).Select(t => cell.State.Tenants.CapacityMilli(t)));
    }

    [Fact]
    public void The_reason_of_a_waiting_gang_names_labels_CPU_and_memory_where_those_are_missing()
    {
        var cell = new TestCell().Node("a", "H800", 8, cpuMilli: 8_000, rack: "r1").Node("b", "H800", 8, rack: "r2");
        cell.Place(Gang(8) with { Labels = new Dictionary<string, string> { ["rack"] = "r2" } });
        var labels = cell.Place(Gang(4) with { Labels = new Dictionary<string, string> { ["rack"] = "r2" } });
        Assert.Contains("(1 node lacks the labels)", Explainer.Explain(cell.State, labels).Reason,
            StringComparison.Ordinal);
        var cpu = cell.Place(Gang(8) with { CpuMilli = 2_000 });
        Assert.Contains("(1 node lacks CPU)", Explainer.Explain(cell.State, cpu).Reason, StringComparison.Ordinal);
    }
}
