using System.Globalization;
using System.Text.Json;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Tests.Shared.Reserve;

namespace Stockpile.Cluster.Tests;

/// <summary>
/// The scaled-down week in a live cluster: a real process with its journal, hosts and clock. What its journal says
/// came of it is compared with the pools of a forecast and with the core, for the same hours.
/// </summary>
public sealed class WeekTests
{
    /// <summary>
    /// Simulated seconds per real one. What a live cluster takes to notice, decide and tell is real time, so at high
    /// speed it is a part of the week: at 3,600 a quarter of a second is a quarter of an hour.
    /// </summary>
    private const int Speed = 3_600;

    /// <summary>For the start of the process, and so that no job completes at the very end, where minutes would decide
    /// whether it is counted.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromHours(12);

    [Fact]
    public async Task A_week_of_a_live_cluster_agrees_with_the_forecasts_pools()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TempFolder();
        var demo = await StockpileProcess.RunAsync(
            "demo", "--json", "--fleet", folder.Write("fleet.conf", ScaledWeek.Fleet),
            "--scenario", folder.Write("week.conf", ScaledWeek.Scenario), "--fault-hours", "0",
            "--speed", Speed.ToString(CultureInfo.InvariantCulture),
            "--for", string.Create(
                CultureInfo.InvariantCulture, $"{((ScaledWeek.Length + Margin) / Speed).TotalSeconds:0}s"),
            "--data", folder.Sub("data"));
        Assert.True(demo.ExitCode == 0, demo.Error + demo.Out);

        // What comes after the close is how the hosts leave.
        using var report = JsonDocument.Parse(demo.Out);
        var close = Assert.Single(report.RootElement.GetProperty("journal").EnumerateArray().ToList());
        var log = new WeekLog();
        var audit = await JournalAudit.ReadAsync(
            folder.Sub("data"), cancel, log.Take, close.GetProperty("round").GetInt64());
        var cell = Assert.Single(audit.States).Value;
        var start = log.FirstJob!.Value;
        var length = log.Last - start;
        Assert.True(length > ScaledWeek.Length * 0.97, $"the week had only {length}");
        var live = log.Outcome(cell, length);

        var catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
        var policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), catalog);
        var core = ScaledWeek.Core(catalog, policy, start, length);
        var pools = ScaledWeek.Pools(catalog, policy, start, length);
        Assert.Equal(ScaledWeek.Jobs, live.Completed.Values.Sum());
        // Who starts when is the machine's doing by some simulated minutes, and small causes change who meets whom: on
        // a busy machine a tier's use was 1.6 % apart. Pools are apart from the core by up to 4 %; see AgreementTests.
        var apart = live.Apart("live", core, "core", use: 0.03, kinds: 0.03, Note)
            .Concat(live.Apart("live", pools, "pools", use: 0.05, kinds: 0.05, Note)).ToList();
        Assert.True(apart.Count == 0, string.Join('\n', apart));
    }

    private static void Note(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
