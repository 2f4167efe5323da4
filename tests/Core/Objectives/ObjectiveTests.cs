using Stockpile.Core.Fleets;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Objectives;

public sealed class ObjectiveTests
{
    private static readonly Policy Tiers = RandomFleet.Policies[0];

    [Fact]
    public void With_goodput_who_gains_from_speed_takes_the_fastest_and_the_others_the_slowest()
    {
        var goodput = Tiers with { Objective = "goodput" };
        var work = Tasks(1) with { Duration = TimeSpan.Zero, WorkHours = 1 };
        foreach (var spec in new[] { work, Tasks(1) })
        {
            var speeds = Alternatives.Of(spec, RandomFleet.Catalog, goodput).Where(a => !a.Guest)
                .Select(a => RandomFleet.Catalog.RelativeSpeed(a.Model)).ToList();
            Assert.True(speeds.Count > 1);
            Assert.Equal(spec == work ? speeds.OrderDescending() : speeds.Order(), speeds);
        }

        // The models are the same ones, and what a job asks for by itself stays.
        Assert.Equal(
            Alternatives.Of(work, RandomFleet.Catalog, Tiers).Select(a => a.Model).Order(),
            Alternatives.Of(work, RandomFleet.Catalog, goodput).Select(a => a.Model).Order());
        var wish = work with { Models = ["T4", "A10"] };
        Assert.Equal(["T4", "A10"], Alternatives.Of(wish, RandomFleet.Catalog, goodput).Select(a => a.Model));
    }

    [Fact]
    public void With_goodput_the_same_devices_do_more_work_in_the_same_time()
    {
        Assert.True(WorkTaskEnds("goodput") < WorkTaskEnds("tiers"));

        // A task of fixed duration comes first and takes the fast device, where the order of tiers says so.
        static TimeSpan WorkTaskEnds(string objective)
        {
            var cell = new TestCell(Tiers with { Objective = objective }).Node("fast", "A10", 1).Node("slow", "T4", 1);
            cell.Place(Tasks(1));
            var work = cell.Place(Tasks(1) with { Duration = TimeSpan.Zero, WorkHours = 1 });
            return work.Allocations.Values.Single().Placed.RunTime;
        }
    }

    [Fact]
    public void With_finish_time_the_job_that_is_delayed_most_against_running_alone_comes_first()
    {
        // The long one came first, but an hour's wait is nothing to it and much to the short one.
        Assert.Equal("long", FirstOf("tiers"));
        Assert.Equal("short", FirstOf("finish-time"));

        static string FirstOf(string objective)
        {
            var cell = new TestCell(Tiers with { Objective = objective }).Node("a", "T4", 1);
            var running = cell.Place(Tasks(1));
            var longer = cell.Submit(Tasks(1) with { Name = "long", Duration = TimeSpan.FromHours(40), Tenant = "a" });
            var shorter = cell.Submit(Tasks(1) with { Name = "short", Duration = TimeSpan.FromHours(1), Tenant = "b" });
            Assert.True(longer.Waits && shorter.Waits);
            cell.Now += TimeSpan.FromHours(1);
            cell.Accept(new Core.Commands.ReportCompleted("a", running.Allocations.Keys.Single()));
            cell.Cycle();
            return longer.Waits ? "short" : "long";
        }
    }

    [Fact]
    public void With_finish_time_a_long_job_that_waited_long_enough_passes_a_short_one()
    {
        var objective = Objective.Of("finish-time");
        double Rank(double hours, double waited) => objective.Rank(
            Tasks(1) with { Duration = TimeSpan.FromHours(hours) },
            Alternatives.Of(Tasks(1), RandomFleet.Catalog, Tiers), 0, TimeSpan.FromHours(waited),
            RandomFleet.Catalog, Tiers)!.Value;
        Assert.Equal(-2, Rank(hours: 1, waited: 1));
        Assert.Equal(-1.1, Rank(hours: 10, waited: 1), tolerance: 1e-9);
        Assert.True(Rank(hours: 10, waited: 11) < Rank(hours: 1, waited: 1));
    }

    [Fact]
    public void An_unknown_objective_is_refused_with_the_known_ones()
    {
        var fault = Assert.Throws<ArgumentException>(() => Objective.Of("profit"));
        Assert.Equal("'profit' is not an objective; known are tiers, goodput, finish-time", fault.Message);
    }
}
