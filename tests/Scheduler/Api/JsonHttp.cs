using System.Text;
using System.Text.Json;

namespace Stockpile.Scheduler.Tests.Api;

/// <summary>Sends JSON texts and reads JSON answers.</summary>
public static class JsonHttp
{
    public const string Training = """{"name":"gen-9","kind":"training","devices":64,"work":1000}""";

    public static async Task<Reply> PostJsonAsync(
        this HttpClient http, string path, string body, string? key = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, type),
        };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await http.ReplyAsync(request);
    }

    public static async Task<Reply> SendAsync(this HttpClient http, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        return await http.ReplyAsync(request);
    }

    public static async Task<Reply> ReplyAsync(this HttpClient http, HttpRequestMessage request)
    {
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        return new Reply(
            (int)response.StatusCode,
            type,
            type.EndsWith("json", StringComparison.Ordinal) ? JsonSerializer.Deserialize<JsonElement>(text) : default,
            text,
            response.Headers.Location?.ToString(),
            response.Headers.RetryAfter?.Delta);
    }
}

public sealed record Reply(
    int Status, string Type, JsonElement Json, string Text, string? Location, TimeSpan? RetryAfter)
{
    public string? this[string field] => Json.TryGetProperty(field, out var value) ? value.ToString() : null;

    /// <summary>Checks the form that all errors have.</summary>
    public void IsProblem(int status, string code, string? field, params string[] inDetail)
    {
        Assert.True(Status == status, $"expected {status}, got {Status}: {Text}");
        Assert.Equal("application/problem+json", Type);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.Equal(code, this["code"]);
        Assert.Equal(field, this["field"]);
        foreach (var part in inDetail) Assert.Contains(part, this["detail"], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Text, StringComparison.Ordinal);
    }
}
