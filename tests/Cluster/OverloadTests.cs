using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Stockpile.Core;
using Stockpile.Scheduler;

namespace Stockpile.Cluster.Tests;

/// <summary>A process that is asked for more than it can do, because its journal stands still.</summary>
public sealed class OverloadTests
{
    private const int Requests = 700;

    private const string Job = """{"name":"flood","kind":"batch","tasks":1,"share":10,"duration":"5m"}""";

    private sealed record Answer(HttpStatusCode Status, bool SaysWhen, string Id);

    [Fact]
    public async Task What_was_accepted_is_in_the_journal_and_the_rest_is_refused_with_a_time_to_come_again()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TempFolder();
        var data = folder.Sub("data");
        var answers = new ConcurrentBag<Answer>();
        await using (var up = await StockpileProcess.UpAsync(data, speed: 60))
        {
            up.Http.Timeout = StockpileProcess.Patience;
            for (var wave = 0; wave < 3; wave++) await FloodAsync(up, data, answers, cancel);
            using var fleet = JsonDocument.Parse(await up.Http.GetStringAsync("/api/v1/fleet", cancel));
            Assert.Equal(0, fleet.RootElement.GetProperty("nodesLost").GetInt32());
            var figures = await up.Http.GetStringAsync("/metrics", cancel);
            foreach (var kind in new[] { "submit", "journal" })
                Assert.Contains($"stockpile_http_in_flight{{kind=\"{kind}\"}} 0\n", figures, StringComparison.Ordinal);
            Assert.Contains("stockpile_http_body_kib 0\n", figures, StringComparison.Ordinal);
            Assert.Equal(0, (await up.TerminateAsync()).ExitCode);
        }

        Assert.All(answers, answer => Assert.True(
            answer.Status == HttpStatusCode.Created || (answer.SaysWhen
                && answer.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable),
            $"{answer}"));
        var accepted = answers.Where(a => a.Status == HttpStatusCode.Created).Select(a => a.Id).ToList();
        Assert.True(accepted.Count > 0, "nothing was accepted");
        var log = await File.ReadAllTextAsync(Path.Combine(data, "stockpile.log"), cancel);
        Assert.DoesNotContain("its nodes are lost", log, StringComparison.Ordinal);
        // A dead letter of the way down names a timer of Akka.Cluster, and nobody.
        Assert.DoesNotContain("unreachable", log.Replace("ReapUnreachableTick", "", StringComparison.Ordinal),
            StringComparison.OrdinalIgnoreCase);
        var journal = (await JournalAudit.ReadAsync(data, cancel)).Jobs.Values.Select(id => id.ToString()).ToHashSet();
        Assert.All(accepted, id => Assert.Contains(id, journal));
    }

    /// <summary>
    /// While somebody holds the file of the journal, no submission gets its answer. So as many are let in as may be,
    /// and all others must be refused: which are which the door decides, and no clock.
    /// </summary>
    private static async Task FloodAsync(
        StockpileProcess up, string data, ConcurrentBag<Answer> answers, CancellationToken cancel)
    {
        var refused = new SemaphoreSlim(0);
        Task[] requests;
        await using (var holder = new SqliteConnection($"Data Source={Path.Combine(data, "stockpile.db")}"))
        {
            await holder.OpenAsync(cancel);
            await using var command = holder.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE";
            await command.ExecuteNonQueryAsync(cancel);
            requests = [.. Enumerable.Range(0, Requests).Select(_ => SubmitAsync(up.Http, answers, refused, cancel))];
            for (var i = 0; i < Requests - SchedulerLimits.SubmissionsInFlightMax; i++)
                Assert.True(await refused.WaitAsync(StockpileProcess.Patience, cancel), $"{i} were refused");
            Assert.Equal("""{"status":"live"}""", await up.Http.GetStringAsync("/healthz/live", cancel));
            command.CommandText = "ROLLBACK";
            await command.ExecuteNonQueryAsync(cancel);
        }

        await Task.WhenAll(requests);
    }

    private static async Task SubmitAsync(
        HttpClient http, ConcurrentBag<Answer> answers, SemaphoreSlim refused, CancellationToken cancel)
    {
        using var content = new StringContent(Job, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync("/api/v1/jobs", content, cancel);
        using var text = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancel));
        var isTaken = response.StatusCode == HttpStatusCode.Created;
        answers.Add(new Answer(response.StatusCode, response.Headers.RetryAfter?.Delta > TimeSpan.Zero,
            isTaken ? text.RootElement.GetProperty("id").GetString()! : ""));
        if (!isTaken) refused.Release();
    }
}
