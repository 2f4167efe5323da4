using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class OutlookTests
{
    [Fact]
    public void What_fits_starts_now()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        Assert.Equal((Midnight, 8), StartOf(cell, Gang(8)));
    }

    [Fact]
    public void A_gang_starts_when_the_last_gang_that_it_needs_gone_is_done()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8).Node("c", "H800", 8);
        cell.Place(Lasting(8, hours: 3));
        cell.Place(Lasting(8, hours: 1));
        cell.Place(Lasting(8, hours: 2));

        Assert.Equal(Midnight.AddHours(1), StartOf(cell, Gang(8))!.Value.Start);
        Assert.Equal(Midnight.AddHours(2), StartOf(cell, Gang(16))!.Value.Start);
        Assert.Equal(Midnight.AddHours(3), StartOf(cell, Gang(20))!.Value.Start);
        Assert.Null(StartOf(cell, Gang(25)));
    }

    [Fact]
    public void A_gang_that_was_resumed_needs_only_the_rest_of_its_work()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        var job = cell.Place(Lasting(8, hours: 4));
        cell.Force(new CheckpointRecorded(job.Number, 0.75));
        cell.Accept(new LoseNode("a", 0, "it burned"));
        cell.Node("b", "H800", 8);
        cell.Cycle();

        Assert.Equal(Midnight.AddHours(1), StartOf(cell, Gang(8))!.Value.Start);
        var copy = CellState.Restore(cell.State.Capture(), cell.State.Catalog, cell.State.Policy);
        Assert.Equal(Midnight.AddHours(1), copy.Releases.Of("H800").Single().End);
    }

    [Fact]
    public void Whole_nodes_are_waited_for_where_the_job_has_a_shape()
    {
        var cell = new TestCell().Node("a", "H800", 8).Node("b", "H800", 8);
        cell.Place(Lasting(4, hours: 1) with { PerNode = 4 });
        cell.Place(Lasting(8, hours: 2) with { PerNode = 8 });

        Assert.Equal(Midnight, StartOf(cell, Gang(4))!.Value.Start);
        Assert.Equal(Midnight.AddHours(1), StartOf(cell, Gang(8) with { PerNode = 8 })!.Value.Start);
        Assert.Equal(Midnight.AddHours(2), StartOf(cell, Gang(16) with { PerNode = 8 })!.Value.Start);
    }

    [Fact]
    public void A_service_never_ends_and_a_draining_node_gives_nothing()
    {
        var cell = new TestCell().Node("a", "T4", 1).Node("b", "T4", 1);
        cell.Place(Service(900) with { Guest = false });
        cell.Place(Tasks(1) with { Guest = false, Tiers = ["basic"] });
        var task = Tasks(1) with { Guest = false, Tiers = ["basic"] };

        Assert.Equal(Midnight.AddHours(1), StartOf(cell, task)!.Value.Start);
        cell.Accept(new DrainNode("b"));
        Assert.Null(StartOf(cell, task));
    }

    [Fact]
    public void A_device_is_free_when_the_last_share_on_it_ends()
    {
        var cell = new TestCell().Node("a", "T4", 1);
        var share = Tasks(0) with { ShareMilli = 400, Guest = false, Tiers = ["basic"] };
        cell.Place(share);
        cell.Place(share with { Duration = TimeSpan.FromHours(5) });

        Assert.Equal(Midnight.AddHours(5),
            StartOf(cell, Tasks(1) with { Guest = false, Tiers = ["basic"] })!.Value.Start);
        Assert.Equal(Midnight.AddHours(1), StartOf(cell, share)!.Value.Start);
    }

    [Fact]
    public void What_is_overdue_is_expected_as_long_after_now_as_it_is_late()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Lasting(8, hours: 1));
        cell.Now = Midnight.AddHours(3);

        Assert.Equal(Midnight.AddHours(5), StartOf(cell, Gang(8))!.Value.Start);
    }

    [Fact]
    public void What_is_promised_is_given_to_nobody_else_before_its_end()
    {
        var cell = new TestCell().Node("a", "H800", 8);
        cell.Place(Lasting(8, hours: 1));
        var outlook = new EarliestStart(cell.State, cell.Now);
        var first = outlook.Earliest(Lasting(8, hours: 2), Home(cell, Gang(8)), tasks: 1)!;
        outlook.Promise(first);

        Assert.Equal((Midnight.AddHours(1), Midnight.AddHours(3)), (first.Start, first.End));
        Assert.Equal(Midnight.AddHours(3), outlook.Earliest(Gang(1), Home(cell, Gang(1)), tasks: 1)!.Start);
    }

    private static JobSpec Lasting(int devices, double hours) => Gang(devices) with { WorkHours = devices * hours };

    private static List<Alternative> Home(TestCell cell, JobSpec spec) =>
        [.. Alternatives.Of(spec, cell.State.Catalog, cell.State.Policy).Where(a => !a.Guest)];

    private static (DateTimeOffset Start, int Devices)? StartOf(TestCell cell, JobSpec spec) =>
        new EarliestStart(cell.State, cell.Now).Earliest(spec, Home(cell, spec), tasks: 1) is { } slot
            ? (slot.Start, slot.Devices)
            : null;
}
