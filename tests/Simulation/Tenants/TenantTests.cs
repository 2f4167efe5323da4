using System.Diagnostics;
using System.Globalization;
using Stockpile.Tests.Shared;

namespace Stockpile.Simulation.Tests.Tenants;

/// <summary>
/// Weeks between tenants, in histories from seeds. <c>STOCKPILE_SIM_WEEKS=1000</c> takes a night,
/// <c>STOCKPILE_SIM_FIRST=5000</c> begins with other seeds. See docs/simulation.md.
/// </summary>
public sealed class TenantTests
{
    private const int WeeksDefault = 6;
    private const int WeeksFast = 1;

    private static readonly string[] MustHappen =
    [
        "JobPlaced", "NodeRested", "broke", "clock put right", "drained", "ended Completed", "ended Drained",
        "ended Moved", "ended NodeLost", "ended Preempted", "ended Reclaimed", "ended ScaledDown", "met", "moved",
        "promised", "told",
    ];

    [Fact]
    public void What_is_promised_to_tenants_holds_over_weeks()
    {
        var weeks = SimulationTests.Number("STOCKPILE_SIM_WEEKS", 1_000_000)
            ?? (Suite.IsFast ? WeeksFast : WeeksDefault);
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
}
