using System.Diagnostics;
using System.Globalization;

namespace Stockpile.Simulation.Tests;

/// <summary>
/// Many seeds, at least a million steps together. <c>STOCKPILE_SIM_SEED=17</c> repeats one, and
/// <c>STOCKPILE_SIM_TRACE=FILE</c> writes all its steps;
/// <c>STOCKPILE_SIM_STEPS=100000000</c> takes a night; <c>STOCKPILE_SIM_FIRST=5000</c> begins with other seeds.
/// </summary>
public sealed class SimulationTests
{
    private const long StepsDefault = 1_000_000;
    private const int Threads = 2;

    private static readonly string[] MustHappen =
    [
        "acknowledged", "acknowledged again", "adoption dropped", "answer of the journal lost", "ask timed out",
        "cancel acknowledged", "checkpoints", "client without an answer", "clock jumped", "cut off", "drained with grace",
        "dropped", "ended Completed", "ended Drained", "ended GangBroken", "ended Moved", "ended NodeLost",
        "ended Preempted", "hand-over of a cell between schedulers", "host crashed", "host left", "host paused",
        "images compared", "jobs adopted", "jobs cancelled", "jobs completed", "jobs forwarded", "journal stopped",
        "key conflict", "late", "node broke", "node failed", "node slowed", "nodes drained", "nodes lost",
        "nodes resumed", "older epoch at a host", "overtaken", "partition", "partition one way", "recovered from a snapshot",
        "recovery failed", "reordered", "repeated", "requeued", "row of a writer that is gone", "row taken", "scaled",
        "scheduler crashed", "scheduler paused", "snapshot lost", "snapshots", "two owners", "write did not reach the journal",
        "write failed", "write failed after it was durable", "write hung", "write timed out",
    ];

    [Fact]
    public void Whatever_goes_wrong_nothing_is_lost_and_nothing_happens_twice()
    {
        if (Number("STOCKPILE_SIM_SEED") is { } only)
        {
            using var trace = Environment.GetEnvironmentVariable("STOCKPILE_SIM_TRACE") is { } path
                ? new StreamWriter(path)
                : null;
            var result = SimulationRun.Of((int)only, trace: trace);
            Assert.True(result.Violation is null, result.Told);
            return;
        }

        var wanted = Number("STOCKPILE_SIM_STEPS") ?? StepsDefault;
        var (results, began) = (new List<SimulationResult>(), Stopwatch.GetTimestamp());
        var next = (int)(Number("STOCKPILE_SIM_FIRST") ?? 1) - 1;
        long steps = 0;
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            while (Interlocked.Read(ref steps) < wanted)
            {
                var result = SimulationRun.Of(Interlocked.Increment(ref next));
                lock (results) results.Add(result);
                Interlocked.Add(ref steps, result.Violation is null ? result.Steps : wanted);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());

        var failed = results.Where(r => r.Violation is not null).OrderBy(r => r.Seed).FirstOrDefault();
        Assert.True(failed is null, failed?.Told);
        Assert.True(results.Sum(r => r.Steps) >= wanted);
        var counts = results.SelectMany(r => r.Counts).GroupBy(c => c.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(c => c.Value), StringComparer.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{results.Count} seeds, {steps} steps in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s"));
        foreach (var (what, count) in counts.OrderBy(c => c.Key, StringComparer.Ordinal))
            TestContext.Current.TestOutputHelper?.WriteLine($"{count,9} {what}");
        var never = MustHappen.Where(what => !counts.ContainsKey(what)).ToList();
        Assert.True(never.Count == 0, $"never happened, so nothing is shown of it: {string.Join(", ", never)}");
    }

    [Fact]
    public void A_seed_repeats_a_run_to_the_letter()
    {
        var (first, second) = (SimulationRun.Of(7), SimulationRun.Of(7));
        Assert.Equal(first.Steps, second.Steps);
        Assert.Equal(first.Hash, second.Hash);
        Assert.Equal(first.Counts, second.Counts);
        Assert.NotEqual(first.Hash, SimulationRun.Of(8).Hash);
    }

    private static long? Number(string variable) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
