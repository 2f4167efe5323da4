using System.Text;
using Stockpile.Fuzz.Tests.Files;
using Stockpile.Fuzz.Tests.Harness;

namespace Stockpile.Fuzz.Tests.Http;

/// <summary>Requests that are nearly right: a valid route with a changed id, query, header or body.</summary>
internal static class RequestMutator
{
    private static readonly (string Method, string Path)[] Routes =
    [
        ("POST", "jobs"), ("POST", "jobs"), ("POST", "jobs"), ("POST", "jobs"), ("POST", "jobs/batch"),
        ("POST", "jobs/batch"), ("GET", "jobs"), ("GET", "jobs/{job}"), ("DELETE", "jobs/{job}"),
        ("GET", "jobs/{job}/why"), ("GET", "jobs/{job}/history"), ("GET", "nodes"), ("GET", "nodes/{node}"),
        ("POST", "nodes/{node}/drain"), ("POST", "nodes/{node}/resume"), ("POST", "nodes/{node}/fault"),
        ("GET", "fleet"), ("GET", "cells"), ("GET", "audit"),
    ];

    private static readonly string[] Ids =
    [
        "north-1", "north-2", "north-9999999", "north-0", "north--1", "north-1.5", "north-99999999999999999999",
        "south-1", "-1", "north", "n0", "n1", "n3", "n99", "%", "a b", "..", "é", "\uD800", "x%00y", "north-1/why",
        new('a', 128), new('a', 5_000), "_-1", "NORTH-1", "0-0",
    ];

    private static readonly string[] Parameters =
    [
        "state", "kind", "tenant", "cell", "limit", "model", "tier", "at", "dryRun", "deadline", "cordon", "colour",
        "LIMIT", "", "state[]",
    ];

    private static readonly string[] Values =
    [
        "pending", "running", "batch", "x", "north", "1", "0", "-1", "20000", "20001", "2147483648", "1e3", "NaN", "",
        "true", "false", "TRUE", "30m", "0s", "99999999d", "2026-01-01T00:00:00Z", "2026-13-45", "0001-01-01",
        "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-14:00", "%00", "é", "%uD800", "%E0%A4%A",
        "+", new('9', 3_000), "a&limit=5&limit=6", "frontier", "ready",
    ];

    private static readonly string[] HeaderNames =
    [
        "Idempotency-Key", "Content-Type", "Sec-Fetch-Site", "Accept", "Content-Encoding", "X-Forwarded-For", "Host",
        "Transfer-Encoding", "Expect", "Authorization", "Range", "If-None-Match",
    ];

    private static readonly string[] HeaderValues =
    [
        "k-1", "k-2", "", " ", "a b", "stockpile-x", "é", new('k', 124), new('k', 125), new('k', 20_000), "cross-site",
        "same-origin", "text/plain", "application/json; charset=utf-16", "application/json; charset=nonsense",
        "multipart/form-data; boundary=x", "gzip", "chunked", "100-continue", "Bearer x", "bytes=0-", "*/*;q=9",
    ];

    private static readonly string[] JobSeeds =
    [
        """{"name":"gen-9","kind":"training","devices":8,"work":1000,"checkpoint":"30m","perNode":8,"minDevices":4}""",
        """
        {"name":"chat","kind":"inference","tenant":"web","priority":"high","replicas":{"min":1,"max":4},"share":250,
         "demand":{"base":10,"peak":100,"peakHour":20},"latencyClass":"fast","guest":true,"minMemory":"16GiB",
         "cpu":2.5,"memory":"64GiB"}
        """,
        """
        {"name":"eval","kind":"batch","tasks":4,"devices":1,"duration":"2h","models":["T4","H800"],
         "labels":{"rack":"r1"},"topology":{"preferred":"rack"}}
        """,
        """{"name":"b","kind":"batch","tasks":10,"share":500,"work":3,"tiers":["frontier"],"generation":4}""",
    ];

    private static readonly string[] BatchSeeds =
        [$"{{\"jobs\":[{JobSeeds[0]},{JobSeeds[2]}]}}", $"{{\"jobs\":[{JobSeeds[1]}]}}", "{\"jobs\":[]}"];

    private static readonly string[] FaultSeeds =
        ["""{"kind":"slow","factor":2}""", """{"kind":"fail"}""", """{"kind":"recover"}"""];

    private static readonly TextMutator Job = new(JobSeeds, Seeds.WordsOf(JobSeeds));
    private static readonly TextMutator Batch = new(BatchSeeds, Seeds.WordsOf(JobSeeds));
    private static readonly TextMutator Fault = new(FaultSeeds, Seeds.WordsOf(FaultSeeds));

    public static DirectRequest Next(Random random)
    {
        var (method, template) = Routes[random.Next(Routes.Length)];
        var path = "/api/v1/" + template
            .Replace("{job}", IdOf(random, "north-1"), StringComparison.Ordinal)
            .Replace("{node}", IdOf(random, "n1"), StringComparison.Ordinal);
        if (random.Next(40) == 0) path = Odd(random, path);
        if (random.Next(60) == 0) method = Pick(random, ["PUT", "PATCH", "HEAD", "OPTIONS", "get", "X", "TRACE"]);
        return new DirectRequest(method, path, QueryOf(random), HeadersOf(random), BodyOf(random, method, template));
    }

    private static string IdOf(Random random, string valid) => random.Next(3) == 0 ? valid : Pick(random, Ids);

    private static string Odd(Random random, string path) => random.Next(4) switch
    {
        0 => path + "/",
        1 => path.Replace("/v1/", "/v2/", StringComparison.Ordinal),
        2 => path + new string('/', random.Next(1, 2_000)),
        _ => "/" + Pick(random, Ids),
    };

    private static string QueryOf(Random random)
    {
        if (random.Next(2) == 0) return "";
        var pairs = Enumerable.Range(0, random.Next(40) == 0 ? 1_000 : random.Next(1, 4))
            .Select(_ => $"{Pick(random, Parameters)}={Pick(random, Values)}");
        return "?" + string.Join('&', pairs);
    }

    private static List<(string, string)> HeadersOf(Random random)
    {
        var headers = new List<(string, string)>();
        if (random.Next(20) > 0) headers.Add(("Content-Type", "application/json"));
        if (random.Next(4) == 0) headers.Add(("Idempotency-Key", $"k-{random.Next(6)}"));
        while (random.Next(4) == 0) headers.Add((Pick(random, HeaderNames), Pick(random, HeaderValues)));
        return headers;
    }

    private static byte[] BodyOf(Random random, string method, string template)
    {
        if (method != "POST" && random.Next(10) > 0) return [];
        var text = template switch
        {
            "jobs/batch" => Batch.Next(random),
            "nodes/{node}/fault" => Fault.Next(random),
            _ => Job.Next(random),
        };
        var bytes = Encoding.UTF8.GetBytes(text);
        // Broken UTF-8 now and then.
        if (bytes.Length > 0 && random.Next(12) == 0) bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
        return bytes;
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
}
