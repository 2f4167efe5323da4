using System.Collections.Concurrent;
using System.Net;

namespace Stockpile.Cluster.Tests;

/// <summary>A cluster whose process is killed in the middle of its work.</summary>
public sealed class KillTests
{
    /// <summary>An hour of simulated time is three seconds.</summary>
    private const double Speed = 1_200;

    private static string Job(int i) => (i % 4) switch
    {
        0 => $$"""{"name":"gang-{{i}}","kind":"training","devices":8,"perNode":8,"work":6,"checkpoint":"10m"}""",
        1 => $$"""{"name":"eval-{{i}}","kind":"batch","tasks":6,"devices":1,"duration":"40m"}""",
        2 => $$"""{"name":"embed-{{i}}","kind":"batch","tasks":8,"share":250,"duration":"30m"}""",
        _ => $$"""{"name":"serve-{{i}}","kind":"inference","replicas":{"min":1,"max":2},"share":250,"guest":true}""",
    };

    [Fact]
    public async Task Nothing_acknowledged_is_lost_and_nothing_runs_twice_when_the_process_is_killed_three_times()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TempFolder();
        var data = folder.Sub("data");
        var acknowledged = new ConcurrentDictionary<int, string>();
        var tried = 0;
        for (var life = 0; life < 3; life++)
        {
            await using var up = await StockpileProcess.UpAsync(data, Speed);
            await RepeatAsync(up.Http, acknowledged, cancel);
            var before = acknowledged.Count;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(() => SubmitUntilDeadAsync(up.Http), cancel));
            var submitting = clients.ToList();
            await up.Http.UntilAsync("work runs while jobs come in",
                jobs => acknowledged.Count >= before + 25 && jobs.Any(j => j is { Kind: "training", State: "running" })
                    && jobs.Any(j => j is { Kind: "batch", State: "running" }), cancel);
            await up.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(submitting);

            async Task SubmitUntilDeadAsync(HttpClient http)
            {
                // Submissions go on until the server is gone, so the kill meets some in flight; what a small fleet can
                // do in the time of a test is the bound.
                while (!stop.IsCancellationRequested)
                {
                    var i = Interlocked.Increment(ref tried);
                    try
                    {
                        var (status, id) = await http.SubmitAsync($"job-{i}", Job(i), cancel);
                        Assert.Equal(HttpStatusCode.Created, status);
                        acknowledged[i] = id;
                        if (acknowledged.Count > before + 60) await Task.Delay(200, cancel);
                    }
                    catch (HttpRequestException)
                    {
                        return;
                    }
                }
            }
        }

        await using (var last = await StockpileProcess.UpAsync(data, Speed))
        {
            await RepeatAsync(last.Http, acknowledged, cancel);
            // What was in flight is acknowledged now, whether or not it had been taken then.
            for (var i = 1; i <= tried; i++)
            {
                if (acknowledged.ContainsKey(i)) continue;
                var (status, id) = await last.Http.SubmitAsync($"job-{i}", Job(i), cancel);
                Assert.True(status is HttpStatusCode.Created or HttpStatusCode.OK, $"{status}: {id}");
                acknowledged[i] = id;
            }

            var jobs = await last.Http.UntilAsync("everything that can end has ended", all => all.All(
                j => j.Kind == "inference" ? j.State == "running" : j.State == "completed"), cancel);
            Assert.Equal(acknowledged.Values.Order(), jobs.Select(j => j.Id).Order());
            Assert.Equal(0, (await last.TerminateAsync()).ExitCode);
        }

        var audit = await JournalAudit.ReadAsync(data, cancel);
        Assert.Equal(acknowledged.Count, audit.Jobs.Count);
        foreach (var (i, id) in acknowledged) Assert.Equal(id, audit.Jobs[$"job-{i}"].ToString());
        Assert.Equal(4 * audit.States.Count, audit.Epochs);
        // The kills met running work, or this test would show little.
        Assert.True(audit.States.Values.Sum(s => s.Counters.Requeued) > 0, "no work was interrupted");
        var check = await StockpileProcess.RunAsync("journal", "check", "--data", data);
        Assert.True(check.ExitCode == 0, check.Error + check.Out);
    }

    private static async Task RepeatAsync(
        HttpClient http, ConcurrentDictionary<int, string> acknowledged, CancellationToken cancel)
    {
        foreach (var (i, id) in acknowledged)
            Assert.Equal((HttpStatusCode.OK, id), await http.SubmitAsync($"job-{i}", Job(i), cancel));
    }
}
