using System.Net;

namespace Stockpile.Docker.Tests;

public sealed class AccessTests(ClusterFixture cluster)
{
    [Fact]
    public Task The_published_api_asks_for_the_tokens_that_were_made_at_the_start() => cluster.ScenarioAsync(async () =>
    {
        using var client = new SchedulerClient(cluster.Compose.Ports[0]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.TrySubmitAsync(Jobs.NewKey("x"), Jobs.Batch)).Status);

        client.UseToken(await cluster.TokenAsync("viewer"));
        Assert.NotEmpty(await client.NodesAsync());
        Assert.Equal(HttpStatusCode.Forbidden, (await client.TrySubmitAsync(Jobs.NewKey("x"), Jobs.Batch)).Status);

        client.UseToken(await cluster.TokenAsync("submitter"));
        await client.SubmitAsync(Jobs.NewKey("x"), Jobs.Batch);

        // The command in a scheduler's container finds its token by itself.
        (await cluster.Compose.ExecAsync("scheduler-2", "stockpile", "cells")).OrFail();
    });

    [Fact]
    public Task Tokens_are_in_files_of_one_user_and_in_no_log_and_not_in_what_the_engine_tells() =>
        cluster.ScenarioAsync(async () =>
        {
            var modes = await cluster.Compose.ExecAsync("scheduler-1", "stat", "-c", "%u %a %n", "/secrets/operator");
            Assert.Equal("1654 600 /secrets/operator", modes.OrFail().Trim());
            var token = await cluster.TokenAsync("operator");
            Assert.True(token.Length >= 32);
            foreach (var container in await cluster.Compose.ContainersAsync())
            {
                Assert.DoesNotContain(token, await cluster.Compose.LogsAsync(container, 100_000));
                Assert.DoesNotContain(token, await cluster.Compose.DockerAsync("inspect", container.Id));
            }

            var config = await cluster.Compose.ExecAsync("scheduler-1", "stockpile", "config");
            Assert.Contains("(hidden)", config.OrFail(), StringComparison.Ordinal);
            Assert.DoesNotContain(token, config.Out, StringComparison.Ordinal);
        });
}
