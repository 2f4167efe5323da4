namespace Stockpile.Docker.Tests;

public sealed class InspectTests(ClusterFixture cluster)
{
    [Fact]
    public Task Pbm_answers_in_a_scheduler_and_in_a_node_container() => cluster.ScenarioAsync(async () =>
    {
        var id = await cluster.Clients[0].SubmitAsync(Jobs.NewKey("pretrain"), Jobs.Training(8));
        await Until.HoldsAsync($"{id} runs", () => cluster.Clients[0].JobAsync(id), j => j.State == "running");
        foreach (var service in new[] { "scheduler-1", "node-frontier" })
        {
            var members = await PbmAsync(service, "cluster", "show");
            Assert.Contains("Count: 11 nodes", members[^1], StringComparison.Ordinal);
            Assert.Equal(11, members.Count(l => l.Contains("| up |", StringComparison.Ordinal)));
            Assert.Equal(3, members.Count(l => l.Contains("[scheduler] | up", StringComparison.Ordinal)));

            var regions = await PbmAsync(service, "cluster-sharding", "region-stats", "-r", "cell");
            Assert.Equal(3, regions.Count(l => l.Contains("| shards: ", StringComparison.Ordinal)));
            Assert.Single(regions, l => l.Contains("[coordinator]", StringComparison.Ordinal));
            Assert.Equal(3, regions.Where(l => l.Contains("| entities: ", StringComparison.Ordinal))
                .Sum(l => int.Parse(l[(l.LastIndexOf(' ') + 1)..])));

            var hierarchy = await PbmAsync(service, "actor", "hierarchy", "-s", "/user/host", "-d", "3");
            Assert.All(NodeNames.All, name =>
                Assert.Single(hierarchy, l => l.EndsWith($"/user/host/{name}", StringComparison.Ordinal)));

            Assert.Contains(await PbmAsync(service, "job", "why", id),
                l => l.Contains("running", StringComparison.Ordinal));
        }
    });

    [Fact]
    public Task A_schedulers_inspector_asks_for_a_token_and_for_its_role() => cluster.ScenarioAsync(async () =>
    {
        var nobody = await cluster.Compose.ExecAsync(
            "scheduler-1", "env", "-u", "STOCKPILE_TOKEN_FILE", "pbm", "cluster", "show");
        Assert.Equal(1, nobody.ExitCode);
        Assert.Contains("an access token is needed", nobody.Error, StringComparison.Ordinal);
        var viewer = await cluster.Compose.ExecAsync(
            "scheduler-1", "env", "STOCKPILE_TOKEN_FILE=/secrets/viewer", "pbm", "cluster", "down-unreachable");
        Assert.Equal(1, viewer.ExitCode);
        Assert.Contains("this needs the role operator", viewer.Error, StringComparison.Ordinal);
    });

    /// <summary>The lines of an answer that succeeded; one names the member that gave it.</summary>
    private async Task<string[]> PbmAsync(string service, params string[] words)
    {
        var outcome = await cluster.Compose.ExecAsync(service, ["pbm", .. words]);
        outcome.OrFail();
        Assert.Contains(outcome.Lines, l => l.StartsWith("# akka.tcp://stockpile@", StringComparison.Ordinal));
        return outcome.Lines;
    }
}
