namespace Stockpile.Docker.Tests;

public sealed class StopTests(ClusterFixture cluster)
{
    [Fact]
    public Task Schedulers_rolled_one_by_one_lose_nothing() => cluster.ScenarioAsync(async () =>
    {
        var training = await RunningAsync(Jobs.Training(16));
        var before = await cluster.Clients[0].JobAsync(training);
        var client = new KeyedClient(cluster.Clients);
        client.Start();
        for (var i = 1; i <= ClusterFixture.Schedulers; i++)
        {
            await client.MoreAsync(3);
            await cluster.Compose.RunAsync(Compose.Patience, "stop", $"scheduler-{i}");
            AssertEnded(await cluster.Compose.ContainerAsync($"scheduler-{i}"));
            await client.MoreAsync(3);
            await cluster.Compose.RunAsync(Compose.Patience, "start", $"scheduler-{i}");
            await cluster.WholeAsync();
        }

        await client.NothingIsLostAsync();
        var after = await cluster.Clients[0].JobAsync(training);
        Assert.Equal(("running", before.Requeues), (after.State, after.Requeues));
        Assert.Equal(before.Allocations.Order(), after.Allocations.Order());
    });

    [Fact]
    public Task The_whole_cluster_stops_and_goes_on_where_it_was() => cluster.ScenarioAsync(async () =>
    {
        var training = await RunningAsync(Jobs.Training(16));
        var service = await RunningAsync(Jobs.Service(2));
        var done = await cluster.Clients[0].SubmitAsync(Jobs.NewKey("eval"), Jobs.Batch);
        await Until.HoldsAsync("a short job is done", () => cluster.Clients[0].JobAsync(done),
            j => j.State == "completed");
        var safe = (await Until.HoldsAsync("training has a checkpoint",
            () => cluster.Clients[0].JobAsync(training), j => j.SafeHours > 0)).SafeHours;

        await StopAsync();
        await cluster.Compose.RunAsync(Compose.Patience, "start");
        safe = await GoesOnAsync(safe);

        // The containers go as well; what they knew is in the volume.
        await StopAsync();
        await cluster.Compose.RunAsync(Compose.Patience, "down");
        Assert.Empty(await cluster.Compose.ContainersAsync());
        await cluster.Compose.RunAsync(Compose.Patience, "up", "--detach", "--no-build");
        await GoesOnAsync(safe);

        async Task<double> GoesOnAsync(double least)
        {
            await cluster.WholeAsync();
            Assert.Equal("completed", (await cluster.Clients[1].JobAsync(done)).State);
            await Until.HoldsAsync("the service runs again", () => cluster.Clients[2].JobAsync(service),
                j => j is { State: "running", Allocations.Count: 2 });
            // At once: work that began anew would get there, too, in time.
            var kept = (await cluster.Clients[0].JobAsync(training)).SafeHours;
            Assert.True(kept >= least, $"{kept} device-hours of the work are safe, and {least} were");
            return (await Until.HoldsAsync("training goes on",
                () => cluster.Clients[0].JobAsync(training),
                j => j.State == "running" && j.SafeHours > kept)).SafeHours;
        }
    });

    private async Task StopAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        await cluster.Compose.RunAsync(Compose.Patience, "stop");
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"stopped after {TimeProvider.System.GetElapsedTime(since)}");
        Assert.All(await cluster.Compose.ContainersAsync(), AssertEnded);
    }

    private async Task<string> RunningAsync(string job)
    {
        var id = await cluster.Clients[0].SubmitAsync(Jobs.NewKey("stop"), job);
        await Until.HoldsAsync($"{id} runs", () => cluster.Clients[0].JobAsync(id), j => j.State == "running");
        return id;
    }

    /// <summary>By itself: after the grace period it would have been killed, which is 137.</summary>
    private static void AssertEnded(ContainerState container) =>
        Assert.True(container is { Status: "exited", ExitCode: 0 }, $"{container}");
}
