using System.Text.Json;

namespace Stockpile.Cluster.Tests;

/// <summary><c>demo --json</c>, and its journal in the hands of another process.</summary>
public sealed class DemoTests
{
    private const string SmallScenario = """
        scenario {
          name = small
          jobs = [
            { count = 6, start = 0s, every = 10m
              job { name = tune, kind = training, devices = 8, per-node = 8, work = 8, checkpoint = 10m
                    generation = 1 } }
            { job { name = chat, kind = inference, replicas { min = 2, max = 8 }, share = 250
                    demand { base = 10, peak = 80, peak-hour = 3 } } }
            { count = 10, start = 0s, every = 5m
              job { name = eval, kind = batch, tasks = 8, devices = 1, duration = 20m } }
          ]
        }
        """;

    [Fact]
    public async Task The_report_of_a_small_demo_is_one_document_that_the_journal_agrees_with()
    {
        using var folder = new TempFolder();
        var scenario = folder.Write("small.conf", SmallScenario);
        var demo = await StockpileProcess.RunAsync(
            "demo", "--json", "--fleet", StockpileProcess.Shipped("fleets/small.conf"), "--scenario", scenario,
            "--speed", "1200", "--for", "60s", "--seed", "7", "--data", folder.Sub("data"));

        Assert.True(demo.ExitCode == 0, demo.Error);
        using var report = JsonDocument.Parse(demo.Out);
        var root = report.RootElement;
        foreach (var path in new[]
        {
            "seed", "wallSeconds", "simulatedHours", "cells", "nodes", "devices", "jobs.submitted", "jobs.placed",
            "jobs.completed", "jobs.pending", "jobs.failed", "jobs.requeued", "jobs.preempted",
            "allocations.persisted", "allocations.perSecond", "generations.completed",
            "generations.forecast",
            "inference.services", "inference.demandServed",
        })
            Assert.True(Find(root, path) is not null, $"the report lacks {path}");
        foreach (var tier in root.GetProperty("tiers").EnumerateArray())
            foreach (var field in new[] { "tier", "devices", "utilisation", "trainingShare", "inferenceShare" })
                Assert.True(tier.TryGetProperty(field, out _), $"a tier lacks {field}");
        Assert.Equal(7, Number(root, "seed"));
        Assert.Equal(12, Number(root, "nodes"));
        Assert.Equal(2, Number(root, "cells"));
        Assert.Equal(17, Number(root, "jobs.submitted"));
        Assert.Equal(16, Number(root, "jobs.completed"));
        Assert.Equal(1, Number(root, "inference.services"));
        Assert.Equal("all work is done", root.GetProperty("endedBecause").GetString());
        Assert.All(root.GetProperty("journal").EnumerateArray(),
            j => Assert.True(j.GetProperty("agrees").GetBoolean()));
        await CheckAsync(folder, demo.Out);
    }

    [Fact]
    public async Task The_whole_openb_trace_is_completed_or_waits_for_a_reason_and_a_fresh_process_reads_the_same()
    {
        var openb = Openb();
        using var folder = new TempFolder();
        var demo = await StockpileProcess.RunAsync(
            "demo", "--json", "--fleet", $"openb:{Path.Combine(openb, "openb_node_list_gpu_node.csv")}",
            "--jobs", $"openb:{Path.Combine(openb, "openb_pod_list_default.csv")}",
            "--speed", "2000000", "--for", "120s", "--fault-hours", "0", "--data", folder.Sub("data"));

        Assert.True(demo.ExitCode == 0, demo.Error);
        using var report = JsonDocument.Parse(demo.Out);
        var root = report.RootElement;
        Assert.Equal(8_152, Number(root, "jobs.submitted"));
        Assert.Equal(8_152, Number(root, "jobs.completed") + Number(root, "jobs.pending"));
        Assert.Equal(Number(root, "jobs.pending"),
            root.GetProperty("pending").EnumerateArray().Sum(p => p.GetProperty("jobs").GetInt64()));
        Assert.All(root.GetProperty("pending").EnumerateArray(),
            p => Assert.NotEmpty(p.GetProperty("reason").GetString()!));
        Assert.All(root.GetProperty("journal").EnumerateArray(),
            j => Assert.True(j.GetProperty("agrees").GetBoolean()));
        await CheckAsync(folder, demo.Out);
    }

    /// <summary>A process that knows the journal and the report, and nothing else.</summary>
    private static async Task CheckAsync(TempFolder folder, string report)
    {
        var check = await StockpileProcess.RunAsync(
            "journal", "check", "--data", folder.Sub("data"), "--report", folder.Write("report.json", report));
        Assert.True(check.ExitCode == 0, check.Error + check.Out);

        // The same with one digest changed must not agree, or the check would be worth nothing.
        using var document = JsonDocument.Parse(report);
        var digest = document.RootElement.GetProperty("journal")[0].GetProperty("digest").GetString()!;
        var other = (digest[0] == '0' ? '1' : '0') + digest[1..];
        var wrong = folder.Write("wrong.json", report.Replace(digest, other, StringComparison.Ordinal));
        Assert.Equal(1, (await StockpileProcess.RunAsync(
            "journal", "check", "--data", folder.Sub("data"), "--report", wrong)).ExitCode);
    }

    private static JsonElement? Find(JsonElement element, string path)
    {
        foreach (var name in path.Split('.'))
            if (!element.TryGetProperty(name, out element)) return null;
        return element;
    }

    private static long Number(JsonElement root, string path) => Find(root, path)!.Value.GetInt64();

    private static string Openb()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var openb = Path.Combine(folder.FullName, "shared", "data", "openb");
            if (Directory.Exists(openb)) return openb;
        }

        Assert.Skip("the openb trace is not at shared/data/openb above the repository");
        return "";
    }
}
