using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells;
using Stockpile.Tests.Shared;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>Weeks between tenants that own parts of a cell and ask for more than there is.</summary>
[Trait("Suite", "release")]
public sealed class RightsOverTimeTests
{
    private static readonly KindPolicy Frontier = new(["frontier"], []);

    private static readonly Policy Shipped = new("rights", Frontier, Frontier, Frontier)
    {
        Backfill = BackfillPolicy.On,
        Queue = new QueuePolicy
        {
            Quotas = new QuotaPolicy(
            [
                ("half", "frontier", new TenantQuota(50, 100)), ("third", "frontier", new TenantQuota(30, 100)),
                ("little", "frontier", new TenantQuota(20, 100)),
            ]),
        },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Owners_with_demand_hold_what_they_own_and_little_work_is_lost_to_that(int seed)
    {
        var load = new SteadyLoad(seed, RandomFleet.Catalog, Shipped, [("H800", 4)]);
        var random = new Random(seed);
        foreach (var tenant in new[] { "half", "third", "little", "stranger" })
            foreach (var spec in Mix(random))
                load.Add(new Arrivals(TimeSpan.FromHours(random.Next(4, 12)), spec with
                {
                    // Priority counts among a tenant's own work, and among borrowers.
                    Tenant = tenant, Priority = seed % 2 == 0 ? (Priority)random.Next(4) : Priority.Normal,
                }));
        var rights = new RightsWatch(load, Shipped.Queue.Quotas, ["half", "third", "little"]);
        load.AfterRound = _ => Assert.Null(rights.Look());
        load.Run(TimeSpan.FromHours(1_000));

        var used = load.State.Usage.Tiers["frontier"];
        var lost = load.State.Goodput.LostMs.GetValueOrDefault(AllocationEnd.Reclaimed);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{load.State.Counters.Completed} completed, {load.State.Counters.Requeued} requeued, "
            + $"{lost / used.DeviceMs:P2} of all device hours lost to reclaim, owed at most {rights.Longest}, "
            + $"{(used.TrainingMs + used.BatchMs) / used.DeviceMs:P1} used");
        Assert.InRange(lost / used.DeviceMs, 0, 0.02);
        Assert.InRange((used.TrainingMs + used.BatchMs) / used.DeviceMs, 0.8, 1);
    }

    private static IEnumerable<JobSpec> Mix(Random random)
    {
        var checkpoint = TimeSpan.FromMinutes(10);
        yield return TestCell.Gang(random.Next(1, 9)) with { WorkHours = 12, Checkpoint = checkpoint };
        yield return TestCell.Gang(random.Next(4, 13)) with
        {
            MinDevices = random.Next(1, 4), MaxDevices = 16, WorkHours = 40, Checkpoint = checkpoint,
        };
        yield return TestCell.Tasks(random.Next(1, 3), tasks: 4);
        yield return TestCell.Tasks(0, tasks: 12) with { ShareMilli = random.Next(2, 7) * 100 };
    }
}
