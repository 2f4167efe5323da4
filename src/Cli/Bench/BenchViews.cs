using Spectre.Console;
using Stockpile.Cli.Output;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Bench;

/// <summary>A run for people.</summary>
internal static class BenchViews
{
    public static void Report(Screen screen, BenchReport report)
    {
        screen.Facts(
        [
            ("server", report.Server),
            ("load", $"{Rate(report.Rate)} from {report.Clients} clients, {report.Seconds:0.0} s"),
            ("submitted", Amount(report.Submitted, report.PerSecond.Submitted)),
            ("accepted", Amount(report.Accepted, report.PerSecond.Accepted)),
            ("refused", report.Refused.Count == 0 ? null
                : Amount(report.Refused.Sum(r => r.Count), report.PerSecond.Refused)),
            ("placed", $"{Show.Number(report.PerSecond.Placed)}/s; "
                + $"{Show.Number(report.Placement.AtOnce)} with their acceptance"),
            ("not sent", report.Unsent == 0 ? null
                : $"{Show.Number(report.Unsent)}: all clients were waiting for answers; --clients gives more"),
            ("cancelled", report.Cancelled is null or 0 ? null : $"{Show.Number(report.Cancelled.Value)} afterwards"),
        ]);
        if (report.Refused.Count > 0)
        {
            screen.Heading("Refused");
            screen.Table([">status", ">count", ">without Retry-After"],
                report.Refused.Select(r => new object?[]
                {
                    r.Status, Show.Number(r.Count), Show.Number(r.WithoutRetryAfter),
                }));
        }

        if (report.Failed.Count > 0)
        {
            screen.Heading("Without an answer");
            screen.Table(["why", ">count"], report.Failed.Select(f => new object?[] { f.Why, Show.Number(f.Count) }));
        }

        screen.Heading("From when it was due to the answer");
        screen.Table(["", ">count", ">p50", ">p90", ">p99", ">p99.9", ">max"], new[]
        {
            Row("accepted, ms", report.LatencyMs.Accepted),
            Row("refused, ms", report.LatencyMs.Refused),
            Row("placed with it, ms", report.Placement.AtOnceMs),
            Row("started, simulated s", report.Placement.StartedAfterSimulatedSeconds),
        }.OfType<IReadOnlyList<object?>>());
    }

    public static Table Progress(LoadPlan plan, LoadTally tally, TimeSpan elapsed)
    {
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey) };
        table.Title = new TableTitle($"{Rate(plan.Rate)} from {plan.Clients} clients, {elapsed.TotalSeconds:0} s");
        foreach (var head in new[] { "submitted", "accepted", "refused", "failed", "p50 ms", "p99 ms" })
            table.AddColumn(new TableColumn(head).RightAligned());
        var latency = tally.AcceptedLatency();
        table.AddRow(Show.Number(tally.Submitted), Show.Number(tally.Accepted), Show.Number(tally.Refused),
            Show.Number(tally.Failed), latency is null ? "" : Show.Number(latency.P50),
            latency is null ? "" : Show.Number(latency.P99));
        return table;
    }

    private static string Rate(double? rate) => rate is { } r ? $"{Show.Number(r)}/s" : "as fast as it goes";

    private static string Amount(long count, double perSecond) =>
        $"{Show.Number(count)}, {Show.Number(perSecond)}/s";

    private static object?[]? Row(string name, LatencyReport? latency) => latency is null
        ? null
        : [name, Show.Number(latency.Count), Show.Number(latency.P50), Show.Number(latency.P90),
            Show.Number(latency.P99), Show.Number(latency.P999), Show.Number(latency.Max)];
}
