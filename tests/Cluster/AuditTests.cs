using System.Text.Json;

namespace Stockpile.Cluster.Tests;

/// <summary>The audit of a real process, busy and at rest.</summary>
public sealed class AuditTests
{
    /// <summary>An hour of simulated time is three seconds.</summary>
    private const double Speed = 1_200;

    private static string Job(int i) => (i % 3) switch
    {
        0 => $$"""{"name":"gang-{{i}}","kind":"training","devices":8,"perNode":8,"work":4,"checkpoint":"10m"}""",
        1 => $$"""{"name":"eval-{{i}}","kind":"batch","tasks":8,"devices":1,"duration":"5m"}""",
        _ => $$"""{"name":"serve-{{i}}","kind":"inference","replicas":{"min":1,"max":1},"share":250,"guest":true}""",
    };

    [Fact]
    public async Task An_audit_is_clean_under_load_at_rest_and_after_a_restart()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TempFolder();
        var data = folder.Sub("data");
        await using (var up = await StockpileProcess.UpAsync(data, Speed))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var load = Task.Run(() => LoadAsync(up.Http, stop.Token), cancel);
            await up.Http.UntilAsync("work ends while other work runs",
                jobs => jobs.Count(j => j.State == "completed") >= 5 && jobs.Any(j => j.State == "running"), cancel);
            for (var i = 0; i < 3; i++) Clean(await AuditAsync(up, cancel));
            await stop.CancelAsync();
            await load;

            await up.Http.UntilAsync("everything that can end has ended", jobs => jobs.All(
                j => j.State == (j.Kind == "inference" ? "running" : "completed")), cancel);
            var rest = await AuditAsync(up, cancel);
            Clean(rest);
            var held = rest.GetProperty("cells").EnumerateArray().Sum(c => c.GetProperty("allocations").GetInt32());
            Assert.True(held > 0, "nothing was held, so nothing was compared");
            Assert.Equal(0, (await up.TerminateAsync()).ExitCode);
        }

        await using var again = await StockpileProcess.UpAsync(data, Speed);
        await again.Http.UntilAsync("the services run again",
            jobs => jobs.Where(j => j.Kind == "inference").All(j => j.State == "running"), cancel);
        Clean(await AuditAsync(again, cancel));
        var cli = await StockpileProcess.RunAsync("audit", "--server", again.Url);
        Assert.True(cli.ExitCode == 0, cli.Error + cli.Out);
        Assert.Contains("clean after ", cli.Out, StringComparison.Ordinal);
        Assert.Equal(0, (await again.TerminateAsync()).ExitCode);
        Assert.Equal(3, (await StockpileProcess.RunAsync("audit", "--server", again.Url)).ExitCode);
    }

    private static async Task LoadAsync(HttpClient http, CancellationToken cancel)
    {
        try
        {
            for (var i = 0; i < 400; i++)
            {
                await http.SubmitAsync($"job-{i}", Job(i % 30 == 2 || i % 3 != 2 ? i : 1), cancel);
                await Task.Delay(100, cancel);
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    private static async Task<JsonElement> AuditAsync(StockpileProcess up, CancellationToken cancel)
    {
        using var answer = JsonDocument.Parse(await up.Http.GetStringAsync("/api/v1/audit", cancel));
        return answer.RootElement.Clone();
    }

    private static void Clean(JsonElement audit) =>
        Assert.True(audit.GetProperty("clean").GetBoolean(), audit.GetRawText());
}
