using Stockpile.Core.Cells;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.Tests.Cells;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>Weeks between tenants that own parts of a cell and ask for more than there is.</summary>
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

    /// <summary>How long an owner may have to wait: until a borrower that was placed just now has had its minimum run
    /// time, twice over, and a gang that found no room is tried again.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromHours(1.25);

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
        var load = new SteadyLoad(seed, Shipped, [("H800", 4)]);
        var random = new Random(seed);
        foreach (var tenant in new[] { "half", "third", "little", "stranger" })
            foreach (var spec in Mix(random))
                load.Add(new Stream(TimeSpan.FromHours(random.Next(4, 12)), spec with
                {
                    // Priority counts among a tenant's own work, and among borrowers.
                    Tenant = tenant, Priority = seed % 2 == 0 ? (Priority)random.Next(4) : Priority.Normal,
                }));
        var owed = new Dictionary<string, DateTimeOffset>();
        load.AfterRound = _ =>
        {
            foreach (var tenant in new[] { "half", "third", "little" })
                if (!IsOwed(load.State, tenant)) owed.Remove(tenant);
                else if (!owed.TryGetValue(tenant, out var since)) owed.Add(tenant, load.Now);
                else if (load.Now - since > Within)
                    Assert.Fail($"{tenant} is owed devices since {since}, at {load.Now}");
        };
        load.Run(TimeSpan.FromHours(1_000));

        var used = load.State.Usage.Tiers["frontier"];
        var lost = load.State.Goodput.LostMs.GetValueOrDefault(AllocationEnd.Reclaimed);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{load.State.Counters.Completed} completed, {load.State.Counters.Requeued} requeued, "
            + $"{lost / used.DeviceMs:P2} of all device hours lost to reclaim, "
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

    /// <summary>A waiting job has a right to its next step, others have borrowed as much, and where they hold it there
    /// would be room for it: what an owner holds of a device is in nobody's way but its own.</summary>
    private static bool IsOwed(CellState state, string tenant)
    {
        var tier = state.Catalog.FindTier("frontier")!;
        var borrowers = state.Tenants.Tenants.Keys.Where(t => t != tenant)
            .ToDictionary(t => t, t => QuotaCheck.BorrowedMilli(state, t, tier));
        var waiting = state.Jobs.Values.Where(job => job.Spec.Tenant == tenant && job.Waits
            && QuotaCheck.IsWithinNominal(state, job, job.Class.Home[0])
            && QuotaCheck.LeastMilli(job.Spec) + Limits.MilliPerDevice <= borrowers.Values.Sum()).ToList();
        // A gang gives way to a more urgent one of its own tenant.
        waiting.RemoveAll(job => job.Spec.Kind == JobKind.Training && state.Jobs.Values.Any(other =>
            other.Waits && other.Spec.Tenant == tenant && other.Spec.Kind == JobKind.Training
            && other.Spec.Priority > job.Spec.Priority));
        if (waiting.Count == 0) return false;
        // Thousandths of each device, by node, that are free or that borrowers hold.
        var takeable = state.Nodes.Select(node => Enumerable.Range(0, node.Devices).Select(device =>
            node.FreeMilli(device) + node.Allocations.Select(s => state.FindAllocation(s)!)
                .Where(a => (a.DeviceMask >> device & 1) == 1 && borrowers.GetValueOrDefault(a.Job.Spec.Tenant) > 0)
                .Sum(a => a.ShareMilli > 0 ? a.ShareMilli : Limits.MilliPerDevice)).ToList()).ToList();
        return waiting.Exists(job => job.Spec switch
        {
            { Kind: JobKind.Training } gang =>
                takeable.Sum(node => node.Count(d => d >= Limits.MilliPerDevice)) >= gang.LeastDevices,
            { ShareMilli: > 0 } share => takeable.Exists(node => node.Exists(d => d >= share.ShareMilli)),
            var task => takeable.Exists(node => node.Count(d => d >= Limits.MilliPerDevice) >= task.Devices),
        });
    }
}
