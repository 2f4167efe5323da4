using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Tests.Cells;
using Stockpile.Core.Tests.Cells.Oracles;
using Stockpile.Tests.Shared;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Queueing;

public sealed class StarvationTests
{
    /// <summary>
    /// Wait for the first start, in hours of simulated time. The longest are large gangs of the lowest class: ageing
    /// brings them to the front of the queue, and then they wait until enough devices happen to be free together.
    /// </summary>
    private const double BoundHours = 48;

    private static readonly Policy Shipped = RandomFleet.Policies[0] with
    {
        Queue = new QueuePolicy { Weights = new Dictionary<string, double> { ["research"] = 2 } },
    };

    /// <summary>
    /// A week at 75 to 92 percent of 128 training and 64 serving devices: gangs of 1 to 96 devices, batch tasks, all
    /// priority classes, four tenants. Nothing waits longer than the bound.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Every_feasible_job_starts_within_a_bound(int seed)
    {
        var load = Load(seed, Shipped);
        load.AfterRound = round =>
        {
            if (round.Number % 40 == 0) Assert.Empty(Capacity.Complaints(load.State.Capture()));
            if (round.Number % 40 == 0) Assert.Empty(Gangs.Complaints(load.State.Capture()));
        };
        load.Run(TimeSpan.FromDays(7));
        var waits = load.State.Jobs.Values
            .Select(j => (j.Spec, Hours: ((j.StartedAt ?? load.Now) - j.SubmittedAt).TotalHours))
            .ToList();
        var use = load.State.Usage.Tiers["frontier"];
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{waits.Count} jobs, frontier {use.TrainingMs / use.DeviceMs:P1} used, longest wait "
            + string.Join(", ", waits.GroupBy(w => (w.Spec.Priority, w.Spec.Devices)).OrderBy(g => g.Key)
                .Select(g => $"{g.Key.Priority} of {g.Key.Devices}: {g.Max(w => w.Hours):0.0} h")));
        Assert.InRange(use.TrainingMs / use.DeviceMs, 0.7, 0.95);
        Assert.All(waits, w => Assert.InRange(w.Hours, 0, BoundHours));
    }

    [Fact]
    public void The_same_seed_gives_the_same_rounds()
    {
        static string Life()
        {
            var load = Load(7, Shipped);
            load.Run(TimeSpan.FromDays(2));
            return Twins.Image(load.State) + string.Join('\n', load.Rounds.Select(r =>
                $"{r.Number} {r.At:O} {string.Join(' ', r.Events.Select(e => e.GetType().Name))}"));
        }

        Assert.Equal(Life(), Life());
    }

    private static SteadyLoad Load(int seed, Policy policy)
    {
        var load = new SteadyLoad(seed, RandomFleet.Catalog, policy, [("H800", 16), ("H20", 8)]);
        foreach (var stream in Streams()) load.Add(stream);
        return load;
    }

    private static IEnumerable<Arrivals> Streams()
    {
        static JobSpec Of(int devices, Priority priority, double hours, string tenant) =>
            Gang(devices, priority) with
            {
                WorkHours = devices * hours, Checkpoint = TimeSpan.FromMinutes(30), Tiers = ["frontier"],
                Tenant = tenant,
            };
        yield return new Arrivals(TimeSpan.FromHours(18), Of(96, Priority.Normal, 3, "foundation"));
        yield return new Arrivals(TimeSpan.FromHours(16), Of(64, Priority.High, 3, "foundation"));
        yield return new Arrivals(TimeSpan.FromHours(24), Of(64, Priority.Low, 3, "research"));
        yield return new Arrivals(TimeSpan.FromHours(6), Of(32, Priority.Normal, 4, "research"));
        yield return new Arrivals(TimeSpan.FromHours(6), Of(16, Priority.Critical, 1, "products"));
        yield return new Arrivals(TimeSpan.FromHours(1.5), Of(16, Priority.Normal, 2, "products"));
        yield return new Arrivals(TimeSpan.FromMinutes(45), Of(8, Priority.Low, 2, "creative"));
        yield return new Arrivals(TimeSpan.FromHours(1), Of(1, Priority.Low, 4, "products"));
        yield return new Arrivals(TimeSpan.FromHours(1), Tasks(1, tasks: 24) with
        {
            Tenant = "research", Guest = false, Duration = TimeSpan.FromHours(2),
        });
        yield return new Arrivals(TimeSpan.FromHours(4), Tasks(8, tasks: 2) with
        {
            Tenant = "creative", Priority = Priority.Low, Guest = false, Duration = TimeSpan.FromHours(1),
        });
    }
}
