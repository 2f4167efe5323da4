namespace Stockpile.Docker.Tests;

public sealed class StartTests(ClusterFixture cluster)
{
    private static readonly Dictionary<string, string> CellOfTier = new()
    {
        ["frontier"] = "north", ["basic"] = "north", ["advanced"] = "south", ["standard"] = "east",
    };

    [Fact]
    public Task One_command_brings_up_the_whole_cluster() => cluster.ScenarioAsync(async () =>
    {
        foreach (var client in cluster.Clients)
        {
            var nodes = (await client.NodesAsync()).Where(n => n.State == "ready").ToList();
            Assert.Equal(NodeNames.All.Order(), nodes.Select(n => n.Id).Order());
            Assert.All(nodes, n =>
            {
                Assert.StartsWith(n.Tier + "-", n.Id, StringComparison.Ordinal);
                Assert.Equal(CellOfTier[n.Tier], n.Cell);
            });
        }

        Assert.Equal(["east", "north", "south"], (await cluster.CellsAsync()).Keys.Order());
        Assert.All(await cluster.Compose.ContainersAsync(), c => Assert.False(c.OutOfMemory, c.Name));
    });

    [Fact]
    public Task No_process_is_root_or_can_write_beside_itself() => cluster.ScenarioAsync(async () =>
    {
        foreach (var container in await cluster.Compose.ContainersAsync())
        {
            if (container.Service is "postgres" or ClusterFixture.TokensService) continue;
            Assert.True(container.ReadOnly, container.Name);
            // Of the process itself, not of a shell beside it: real and effective user, and what it may do.
            var status = await cluster.Compose.DockerAsync("exec", container.Id, "cat", "/proc/1/status");
            Assert.Contains("Uid:\t1654\t1654", status, StringComparison.Ordinal);
            Assert.Contains("CapEff:\t0000000000000000", status, StringComparison.Ordinal);
            var written = await cluster.Compose.TryAsync(
                Compose.Patience, "exec", "-T", container.Service, "touch", "/app/x");
            Assert.NotEqual(0, written.ExitCode);
        }
    });

    [Fact]
    public Task Jobs_go_where_the_policy_says_whichever_scheduler_takes_them() => cluster.ScenarioAsync(async () =>
    {
        var (one, two, three) = (cluster.Clients[0], cluster.Clients[1], cluster.Clients[2]);
        var key = Jobs.NewKey("pretrain");
        var training = await one.SubmitAsync(key, Jobs.Training(16, "[]"));
        var service = await two.SubmitAsync(Jobs.NewKey("chat"), Jobs.Service(2));
        var small = await three.SubmitAsync(Jobs.NewKey("embed"), Jobs.SmallService(1));
        // A keyed submission that is repeated elsewhere is the same job.
        Assert.Equal(training, await three.SubmitAsync(key, Jobs.Training(16, "[]")));
        Assert.Equal(training, await two.SubmitAsync(key, Jobs.Training(16, "[]")));

        // The best train and the others serve; the service needs the memory of an H20.
        await RunsAsync(two, training, 2, "frontier", "advanced");
        await RunsAsync(three, service, 2, "standard");
        await RunsAsync(one, small, 1, "basic", "standard");
    });

    [Fact]
    public Task Gangs_use_up_the_best_chips_of_whichever_cell_and_move_up_when_some_come_free() =>
        cluster.ScenarioAsync(async () =>
        {
            var (one, two, three) = (cluster.Clients[0], cluster.Clients[1], cluster.Clients[2]);
            // The 64 H800 are all in north: 24 and 32 of them by the API, the last 8 by pbm.
            var first = await one.SubmitAsync(Jobs.NewKey("best"), Jobs.Training(24, "[]"));
            await RunsAsync(two, first, 3, "frontier");
            await RunsAsync(one, await two.SubmitAsync(Jobs.NewKey("best"), Jobs.Training(32, "[]")), 4, "frontier");
            var by = await cluster.Compose.ExecAsync("scheduler-2",
                "pbm", "job", "submit", "-n", "by-pbm", "-k", "training", "-d", "8", "-w", "20000");
            by.OrFail();
            var id = by.Lines.SelectMany(l => l.Split(' '))
                .First(word => word.StartsWith("north-", StringComparison.Ordinal));
            await RunsAsync(one, id, 1, "frontier");

            var lesser = await three.SubmitAsync(Jobs.NewKey("lesser"), Jobs.Training(24, "[]"));
            await RunsAsync(three, lesser, 3, "advanced");
            await one.CancelAsync(first);
            var moved = await Until.HoldsAsync($"{lesser} has moved up", () => two.JobAsync(lesser),
                j => j.State == "running" && j.Allocations.All(a => a.Tier == "frontier"));
            Assert.Equal(("north", 3), (moved.Cell, moved.Allocations.Count));
        });

    private static async Task RunsAsync(SchedulerClient client, string id, int allocations, params string[] tiers)
    {
        var job = await Until.HoldsAsync($"{id} runs", () => client.JobAsync(id), j => j.State == "running");
        Assert.Equal(allocations, job.Allocations.Count);
        Assert.All(job.Allocations, a => Assert.Contains(a.Tier, tiers));
    }
}
