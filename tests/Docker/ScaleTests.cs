namespace Stockpile.Docker.Tests;

public sealed class ScaleTests(ClusterFixture cluster)
{
    [Fact]
    public Task More_node_hosts_bring_their_nodes_and_fewer_take_them_away() => cluster.ScenarioAsync(async () =>
    {
        await ScaleAsync(3);
        var added = NodeNames.Of("frontier", 3).ToHashSet();
        await Until.HoldsAsync("the third host's nodes are ready", cluster.Clients[1].NodesAsync,
            nodes => nodes.Count(n => added.Contains(n.Id) && n.State == "ready") == added.Count);
        // More than two hosts hold, so the third has a part of it.
        var training = await cluster.Clients[0].SubmitAsync(Jobs.NewKey("wide"), Jobs.Training(96));
        await Until.HoldsAsync("the gang runs on all three", () => cluster.Clients[0].JobAsync(training),
            j => j.State == "running" && j.Allocations.Any(a => added.Contains(a.Node)));
        var service = await cluster.Clients[0].SubmitAsync(Jobs.NewKey("chat"), Jobs.Service(1));

        await ScaleAsync(2);
        var gone = await Until.HoldsAsync("the third host's nodes are lost",
            async () => (await cluster.Clients[2].NodesAsync()).Where(n => added.Contains(n.Id)).ToList(),
            nodes => nodes.All(n => n.State == "lost"));
        // It said that it leaves, so nobody had to find out by its silence.
        Assert.All(gone, n => Assert.Equal("its host stopped", n.Reason));
        await Until.HoldsAsync("what ran there waits again", () => cluster.Clients[0].JobAsync(training),
            j => j.Allocations.All(a => !added.Contains(a.Node)));
        Assert.Equal("running", (await cluster.Clients[1].JobAsync(service)).State);
    });

    private async Task ScaleAsync(int hosts) => await cluster.Compose.RunAsync(
        Compose.Patience, "up", "--detach", "--no-build", "--scale", $"node-frontier={hosts}");
}
