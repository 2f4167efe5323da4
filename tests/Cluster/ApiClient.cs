using System.Net;
using System.Text;
using System.Text.Json;

namespace Stockpile.Cluster.Tests;

/// <summary>The HTTP API as a user sees it: texts in, JSON out.</summary>
internal static class ApiClient
{
    public static async Task<(HttpStatusCode Status, string Id)> SubmitAsync(
        this HttpClient http, string key, string job, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/jobs")
        {
            Content = new StringContent(job, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await http.SendAsync(request, cancel);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancel));
        return (response.StatusCode, response.IsSuccessStatusCode
            ? answer.RootElement.GetProperty("id").GetString()!
            : answer.RootElement.ToString());
    }

    public static async Task<IReadOnlyList<(string Id, string Kind, string State)>> JobsAsync(
        this HttpClient http, CancellationToken cancel)
    {
        using var answer = JsonDocument.Parse(await http.GetStringAsync("/api/v1/jobs?limit=20000", cancel));
        // Parts of arrays are no submissions.
        return [.. answer.RootElement.GetProperty("jobs").EnumerateArray()
            .Where(j => !j.TryGetProperty("partOf", out _)).Select(j => (
            j.GetProperty("id").GetString()!, j.GetProperty("kind").GetString()!,
            j.GetProperty("state").GetString()!))];
    }

    /// <summary>Asks again until it holds; the last answer is in the failure.</summary>
    public static async Task<IReadOnlyList<(string Id, string Kind, string State)>> UntilAsync(
        this HttpClient http, string what,
        Func<IReadOnlyList<(string Id, string Kind, string State)>, bool> holds, CancellationToken cancel)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var jobs = await http.JobsAsync(cancel);
            if (holds(jobs)) return jobs;
            if (TimeProvider.System.GetElapsedTime(since) > StockpileProcess.Patience * 2)
                Assert.Fail($"{what}: not within the time; " + string.Join(", ", jobs
                    .CountBy(j => (j.Kind, j.State)).Select(c => $"{c.Value} {c.Key.Kind} {c.Key.State}")));
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancel);
        }
    }
}
