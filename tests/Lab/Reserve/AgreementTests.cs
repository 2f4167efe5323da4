using Stockpile.Tests.Shared.Reserve;

namespace Stockpile.Lab.Tests.Reserve;

/// <summary>
/// A scaled-down week in the pools of a forecast and in the core of a cell, node by node, begun at every hour of the
/// day: who meets whom depends on where the peaks of the services fall. The same jobs complete, and the device-hours of
/// each tier agree. A live cluster is compared in tests/Cluster.
/// </summary>
public sealed class AgreementTests
{
    private const int Starts = 24;

    [Fact]
    public void A_week_of_pools_agrees_with_a_week_of_the_cells_core()
    {
        var apart = new List<string>();
        var bias = new SortedDictionary<string, double>(StringComparer.Ordinal);
        for (var hour = 0; hour < Starts; hour++)
        {
            var start = ScaledWeek.Start.AddHours(hour);
            var pools = ScaledWeek.Pools(World.Catalog, World.Policy, start, ScaledWeek.Length);
            var core = ScaledWeek.Core(World.Catalog, World.Policy, start, ScaledWeek.Length);
            Assert.Equal(ScaledWeek.Jobs, core.Completed.Values.Sum());
            // As guests, inference and batch share what gangs leave, and where a gang takes devices back, a cell clears
            // whole nodes of guests and pools only as many devices; a task that has to leave begins anew. Where a
            // service shrinks, a cell keeps the replicas that run and drops those that wait; pools know no replicas.
            apart.AddRange(core.Apart("core", pools, "pools", use: 0.04, kinds: 0.045, note: null)
                .Select(line => $"begun at {start:HH}:00: {line}"));
            foreach (var (tier, hours) in core.Tiers)
                bias[tier] = bias.GetValueOrDefault(tier)
                    + (pools.Tiers[tier].Used - hours.Used) / hours.Stock / Starts;
        }

        foreach (var (tier, share) in bias)
            TestContext.Current.TestOutputHelper?.WriteLine($"use of {tier}: pools {100 * share:0.00} % on the mean");
        Assert.True(apart.Count == 0, string.Join('\n', apart));
        Assert.All(bias, b => Assert.InRange(b.Value, -0.01, 0.01));
    }
}
