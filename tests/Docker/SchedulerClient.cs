using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Stockpile.Docker.Tests;

/// <param name="Progress">As nodes last said it, 0..1: what no checkpoint holds yet is lost with them.</param>
/// <param name="SafeHours">Device-hours of the work that a checkpoint holds.</param>
/// <param name="Allocations">Id, node and tier of each.</param>
internal sealed record Job(
    string Id, string State, string Cell, double Progress, double SafeHours, int Requeues,
    IReadOnlyList<(string Id, string Node, string Tier)> Allocations);

internal sealed record Node(string Id, string Cell, string Tier, string State, string Reason);

/// <summary>An answer to a submission.</summary>
/// <param name="Id">Of the job; empty when it was not taken.</param>
/// <param name="RetryAfter">Whether the answer says when to try again.</param>
internal sealed record Answer(HttpStatusCode Status, string Id, bool RetryAfter, string Body)
{
    public bool Taken => Status is HttpStatusCode.Created or HttpStatusCode.OK;
}

/// <summary>The HTTP API of one scheduler, from outside.</summary>
internal sealed class SchedulerClient(int port) : IDisposable
{
    private readonly HttpClient _http = new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/"), Timeout = TimeSpan.FromSeconds(40),
    };

    /// <param name="token">Null: none.</param>
    public void UseToken(string? token) => _http.DefaultRequestHeaders.Authorization =
        token is null ? null : new AuthenticationHeaderValue("Bearer", token);

    /// <summary>As it is answered the first time.</summary>
    /// <exception cref="HttpRequestException">Nobody answers.</exception>
    public async Task<Answer> TrySubmitAsync(string key, string job)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "jobs")
        {
            Content = new StringContent(job, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await _http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        using var json = response.IsSuccessStatusCode ? JsonDocument.Parse(body) : null;
        return new Answer(
            response.StatusCode, json?.RootElement.GetProperty("id").GetString() ?? "",
            response.Headers.RetryAfter is not null, body);
    }

    /// <summary>Tries again while the answer is that the cluster is busy or in motion.</summary>
    public async Task<string> SubmitAsync(string key, string job)
    {
        var answer = await Until.HoldsAsync(
            $"{key} is taken", () => TrySubmitAsync(key, job),
            a => a.Status is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests));
        Assert.True(answer.Taken, $"{answer.Status}: {answer.Body}");
        return answer.Id;
    }

    public async Task<Job> JobAsync(string id)
    {
        using var json = await GetAsync($"jobs/{id}");
        return ReadJob(json.RootElement);
    }

    public async Task<IReadOnlyDictionary<string, Job>> JobsAsync()
    {
        using var json = await GetAsync("jobs?limit=20000");
        return json.RootElement.GetProperty("jobs").EnumerateArray().Select(ReadJob).ToDictionary(j => j.Id);
    }

    public async Task<IReadOnlyList<Node>> NodesAsync()
    {
        using var json = await GetAsync("nodes?limit=20000");
        return [.. json.RootElement.GetProperty("nodes").EnumerateArray().Select(n => new Node(
            Text(n, "id"), Text(n, "cell"), Text(n, "tier"), Text(n, "state"), Text(n, "reason")))];
    }

    /// <summary>Cancels it, if it has not ended by itself.</summary>
    public async Task CancelAsync(string id)
    {
        using var response = await _http.DeleteAsync($"jobs/{id}");
        Assert.True(response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.Conflict,
            $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Reads again while a cell is moving.</summary>
    private async Task<JsonDocument> GetAsync(string path)
    {
        var body = "";
        await Until.HoldsAsync($"GET {path}", async () =>
        {
            using var response = await _http.GetAsync(path);
            body = await response.Content.ReadAsStringAsync();
            return response.StatusCode;
        }, status => status == HttpStatusCode.OK);
        return JsonDocument.Parse(body);
    }

    private static Job ReadJob(JsonElement j) => new(
        Text(j, "id"), Text(j, "state"), Text(j, "cell"), j.GetProperty("progress").GetDouble(),
        j.TryGetProperty("hours", out var hours) ? hours.GetProperty("useful").GetDouble() : 0,
        j.GetProperty("requeues").GetInt32(),
        j.TryGetProperty("allocations", out var all)
            ? [.. all.EnumerateArray().Select(a => (Text(a, "id"), Text(a, "node"), Text(a, "tier")))]
            : []);

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
