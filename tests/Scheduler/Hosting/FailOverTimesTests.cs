using Akka.Cluster;
using Akka.Cluster.Sharding;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;

namespace Stockpile.Scheduler.Tests.Hosting;

/// <summary>
/// Settings whose times stand one after the other when a scheduler dies, as a member has them, against what is promised
/// (docs/guarantees.md). How long it really takes is measured by bench/faults.
/// </summary>
public sealed class FailOverTimesTests
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_death_in_the_middle_of_a_hand_over_leaves_time_for_the_promised_fail_over()
    {
        await using var members = new Members();
        var system = (await members.StartSchedulerAsync()).System;
        var detector = Cluster.Get(system).Settings.FailureDetectorConfig;
        var noticed = detector.GetTimeSpan("heartbeat-interval") + detector.GetTimeSpan("acceptable-heartbeat-pause");
        var handOver = ClusterShardingSettings.Create(system).TuningParameters.HandOffTimeout;
        // A hand-over may still begin until the death is noticed, and its end waits for the dead one.
        Assert.InRange(noticed + handOver, TimeSpan.Zero, Promised);
    }

    [Fact]
    public void No_circuit_breaker_keeps_cells_from_a_store_that_is_back()
    {
        foreach (var config in new[] { StoreConfig.Sqlite("nowhere"), StoreConfig.Postgres("nowhere") })
            foreach (var plugin in new[] { "journal", "snapshot-store" })
            {
                var breaker = config.GetConfig($"akka.persistence.{plugin}.sql.circuit-breaker");
                Assert.Equal(int.MaxValue, breaker.GetInt("max-failures"));
                // A write that hangs fails in time for the cell to be elsewhere, or back, within the promise.
                Assert.InRange(breaker.GetTimeSpan("call-timeout"), TimeSpan.FromSeconds(1), Promised);
            }
    }
}
