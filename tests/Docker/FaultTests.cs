namespace Stockpile.Docker.Tests;

public sealed class FaultTests(ClusterFixture cluster)
{
    [Fact]
    public Task A_killed_scheduler_loses_nothing_and_its_cells_go_on_elsewhere() => cluster.ScenarioAsync(async () =>
    {
        var survivors = cluster.Clients.Take(2).ToList();
        var training = await RunningAsync(cluster.Clients[2], Jobs.Training(16));
        var before = await cluster.Clients[0].JobAsync(training);
        await HasACellAsync("scheduler-3");
        var client = new KeyedClient(survivors);
        client.Start();
        await client.MoreAsync(5);

        var victim = await cluster.Compose.ContainerAsync("scheduler-3");
        var since = TimeProvider.System.GetTimestamp();
        await cluster.Compose.DockerAsync("kill", victim.Id);
        var cells = await Until.HoldsAsync("all cells run on the other two", () => cluster.CellsAsync(),
            c => c.Count == 3 && c.Values.All(m => m is "scheduler-1" or "scheduler-2"));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"cells elsewhere after {TimeProvider.System.GetElapsedTime(since)}: {string.Join(", ", cells)}");
        await client.MoreAsync(5);

        // Its nodes ran on, and the cell that took over knows it: the very same allocations.
        var after = await survivors[1].JobAsync(training);
        Assert.Equal(("running", before.Requeues), (after.State, after.Requeues));
        Assert.Equal(before.Allocations.Order(), after.Allocations.Order());

        await cluster.Compose.RunAsync(Compose.Patience, "start", "scheduler-3");
        await cluster.WholeAsync();
        await client.NothingIsLostAsync();
    });

    [Fact]
    public Task A_node_host_that_was_cut_off_comes_back_with_the_same_nodes() => cluster.ScenarioAsync(async () =>
    {
        // All eight nodes of the tier, so half of the gang is on the host that is cut off.
        var training = await RunningAsync(cluster.Clients[0], Jobs.Training(64));
        var victim = await cluster.Compose.ContainerAsync("node-frontier", 2);
        await cluster.Compose.DisconnectAsync(victim);
        var lost = NodeNames.Of("frontier", 2).ToHashSet();
        await Until.HoldsAsync("its nodes are lost", cluster.Clients[1].NodesAsync,
            nodes => nodes.Where(n => lost.Contains(n.Id)).All(n => n.State == "lost" && n.Reason.Length > 0));
        var requeued = await Until.HoldsAsync("its work waits, or runs elsewhere",
            () => cluster.Clients[2].JobAsync(training),
            j => j.Requeues > 0 && j.Allocations.All(a => !lost.Contains(a.Node)));
        Assert.NotEqual("failed", requeued.State);
        // Alone it is the smaller part of a cluster, so it ends, and the restart policy starts it again.
        await Until.HoldsAsync("its process was put out and is started again",
            () => cluster.Compose.ContainerAsync("node-frontier", 2), c => c.Restarts > victim.Restarts);

        await cluster.Compose.ReconnectAsync(victim);
        await cluster.WholeAsync();
        Assert.DoesNotContain(await cluster.Clients[0].NodesAsync(), n => !NodeNames.All.Contains(n.Id)
            && n.State == "ready");
        await Until.HoldsAsync("the work runs again", () => cluster.Clients[0].JobAsync(training),
            j => j.State == "running");
    });

    private static async Task<string> RunningAsync(SchedulerClient client, string job)
    {
        var id = await client.SubmitAsync(Jobs.NewKey("fault"), job);
        await Until.HoldsAsync($"{id} runs", () => client.JobAsync(id), j => j.State == "running");
        return id;
    }

    /// <summary>
    /// Killing a scheduler that runs no cell would show little; sharding gives it one again by itself.
    /// </summary>
    private async Task HasACellAsync(string scheduler) => await Until.HoldsAsync(
        $"{scheduler} runs a cell", () => cluster.CellsAsync(), cells => cells.Values.Contains(scheduler));
}
