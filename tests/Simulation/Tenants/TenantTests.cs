using System.Diagnostics;
using System.Globalization;

namespace Stockpile.Simulation.Tests.Tenants;

/// <summary>
/// Weeks between tenants, in histories from seeds. <c>STOCKPILE_SIM_WEEKS=1000</c> takes a night,
/// <c>STOCKPILE_SIM_FIRST=5000</c> begins with other seeds. See docs/simulation.md.
/// </summary>
public sealed class TenantTests
{
    private const int WeeksDefault = 6;
    private const int SeedsMax = 8;

    private static readonly string[] MustHappen =
    [
        "JobPlaced", "NodeRested", "broke", "clock put right", "drained", "ended Completed", "ended Drained",
        "ended Moved", "ended NodeLost", "ended Preempted", "ended Reclaimed", "ended ScaledDown", "met", "moved",
        "promised", "told",
    ];

    [Fact]
    public void What_is_promised_to_tenants_holds_over_weeks()
    {
        var weeks = SimulationTests.Number("STOCKPILE_SIM_WEEKS", 1_000_000) ?? WeeksDefault;
        var first = (int)(SimulationTests.Number("STOCKPILE_SIM_FIRST", int.MaxValue / 2) ?? 1);
        var began = Stopwatch.GetTimestamp();
        var results = new List<TenantResult>();
        Parallel.For(first, first + (int)weeks, seed =>
        {
            var result = TenantHistory.Of(seed);
            lock (results) results.Add(result);
        });
        results.Sort((a, b) => a.Seed.CompareTo(b.Seed));
        var counts = results.SelectMany(r => r.Counts).GroupBy(c => c.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(c => c.Value), StringComparer.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Join('\n', results.Select(r => $"{r.Figures} {string.Join("; ", r.Violations)}")) + '\n'
            + string.Create(CultureInfo.InvariantCulture,
                $"{weeks} weeks, {results.Sum(r => r.Steps)} steps in ")
            + string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0} s\n")
            + string.Join('\n', counts.OrderBy(c => c.Key, StringComparer.Ordinal)
                .Select(c => $"{c.Value,9} {c.Key}")));
        Assert.All(results, r =>
            Assert.True(r.Violations.Count == 0, $"{r.Figures}: {string.Join("; ", r.Violations)}"));
        if (weeks < WeeksDefault) return;
        var never = MustHappen.Where(what => !counts.ContainsKey(what)).ToList();
        Assert.True(never.Count == 0, $"never happened, so nothing is shown of it: {string.Join(", ", never)}");
    }

    [Fact]
    public void A_tenant_that_may_not_borrow_is_found() =>
        Found(new NobodyBorrows(), TenantOracle.NothingStarves, first: 6);

    [Fact]
    public void Checkpoints_that_nobody_hears_of_are_found() =>
        Found(new CheckpointsUnheard(), TenantOracle.LittleIsLost, first: 2);

    [Fact]
    public void Forgotten_weights_are_found() => Found(new WeightsForgotten(), TenantOracle.HoursAreFair, first: 3);

    [Fact]
    public void A_node_whose_return_nobody_hears_is_found() => Found(new ReturnUnheard(), TenantOracle.NoRoomIsIdle);

    [Fact]
    public void A_start_that_moves_unsaid_is_found() => Found(new ToldForgotten(), TenantOracle.PromisesAreKept);

    [Fact]
    public void Forgotten_quotas_are_found() => Found(new QuotasForgotten(), TenantOracle.OwnersGetTheirs, first: 5);

    /// <param name="first">A seed of the kind of history that shows it; the next ones are tried too.</param>
    private static void Found(TenantBug bug, TenantOracle by, int first = 1)
    {
        for (var seed = first; seed < first + SeedsMax; seed++)
        {
            var result = TenantHistory.Of(seed, bug);
            if (!result.Violations.TryGetValue(by, out var violation)) continue;
            TestContext.Current.TestOutputHelper?.WriteLine($"{result.Figures}: {violation}");
            return;
        }

        Assert.Fail($"{bug.GetType().Name} was not found with {SeedsMax} seeds");
    }
}
