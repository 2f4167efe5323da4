using System.Diagnostics;
using System.Globalization;
using Stockpile.Tests.Shared;

namespace Stockpile.Simulation.Tests;

/// <summary>
/// Many seeds, millions of steps together. <c>STOCKPILE_SIM_SEED=17</c> repeats one, and
/// <c>STOCKPILE_SIM_TRACE=FILE</c> writes all its steps; <c>STOCKPILE_SIM_STEPS=100000000</c> takes a night, and
/// <c>STOCKPILE_SIM_FIRST=5000</c> begins with other seeds. See docs/simulation.md.
/// </summary>
public sealed class SimulationTests
{
    /// <summary>So many that every fault happens, with much to spare.</summary>
    private const long StepsDefault = 2_000_000;

    private const long StepsFast = 200_000;
    private const int RepeatedSeed = 7;

    /// <summary>Faults, and what they lead to: a kind that did not happen shows nothing.</summary>
    private static readonly string[] MustHappen =
    [
        "acknowledged", "acknowledged again", "adoption dropped", "answer of the journal lost", "arrays split",
        "ask timed out",
        "cancel acknowledged", "cell failed", "checkpoints", "client without an answer", "clock jumped", "cut off",
        "desk failed", "desk overtaken", "desk recovered from a snapshot",
        "drained with grace", "dropped", "ended Completed", "ended Drained", "ended GangBroken", "ended Moved",
        "ended NodeLost", "ended Preempted", "hand-over of a cell between schedulers",
        "hand-over of a desk between schedulers", "host crashed", "host left",
        "host paused", "images compared", "jobs adopted", "jobs cancelled", "jobs completed", "jobs forwarded",
        "journal stopped", "key conflict", "keys bound",
        "keys bound anew", "keys closed", "late", "node broke", "node failed", "node slowed", "nodes drained",
        "nodes lost", "nodes resumed", "older epoch at a host", "overtaken", "partition", "partition one way",
        "parts known to have ended",
        "recovered from a snapshot", "recovery failed", "recovery of a desk failed", "reordered", "repeated",
        "requeued",
        "row of a writer that is gone", "row taken", "scaled", "scheduler crashed", "scheduler paused", "snapshot lost",
        "snapshots", "two owners", "two owners of a desk", "write did not reach the journal", "write failed",
        "write failed after it was durable", "write hung", "write timed out",
    ];

    [Fact]
    public void Whatever_goes_wrong_nothing_is_lost_and_nothing_happens_twice()
    {
        if (Number("STOCKPILE_SIM_SEED", int.MaxValue) is { } only)
        {
            using var trace = Environment.GetEnvironmentVariable("STOCKPILE_SIM_TRACE") is { Length: > 0 } path
                ? new StreamWriter(path)
                : null;
            var result = SimulationRun.Of((int)only, trace: trace);
            Assert.True(result.Violation is null, result.Told);
            return;
        }

        var wanted = Number("STOCKPILE_SIM_STEPS", long.MaxValue / 2) ?? (Suite.IsFast ? StepsFast : StepsDefault);
        var first = (int)(Number("STOCKPILE_SIM_FIRST", int.MaxValue / 2) ?? 1);
        var began = Stopwatch.GetTimestamp();
        var results = Seeds(first, wanted);
        var failed = results.Where(r => r.Violation is not null).OrderBy(r => r.Seed).FirstOrDefault();
        Assert.True(failed is null, failed?.Told);
        var steps = results.Sum(r => r.Steps);
        Assert.True(steps >= wanted);
        var counts = results.SelectMany(r => r.Counts).GroupBy(c => c.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(c => c.Value), StringComparer.Ordinal);
        var lines = counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Value,9} {c.Key}");
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{results.Count} seeds, {steps} steps in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s\n")
            + string.Join('\n', lines));
        // One that was asked for fewer steps is after something else.
        if (wanted < StepsDefault) return;
        var never = MustHappen.Where(what => !counts.ContainsKey(what)).ToList();
        Assert.True(never.Count == 0, $"never happened, so nothing is shown of it: {string.Join(", ", never)}");
    }

    /// <summary>Also in another process, where the hash codes of strings are others.</summary>
    [Fact]
    public async Task A_seed_repeats_a_run_to_the_letter()
    {
        var path = Path.GetTempFileName();
        try
        {
            using var elsewhere = Process.Start(new ProcessStartInfo("dotnet")
            {
                ArgumentList =
                {
                    Path.Combine(AppContext.BaseDirectory, "Stockpile.Simulation.Tests.dll"), "-method",
                    $"*.{nameof(Whatever_goes_wrong_nothing_is_lost_and_nothing_happens_twice)}",
                },
                Environment =
                {
                    ["STOCKPILE_SIM_SEED"] = RepeatedSeed.ToString(CultureInfo.InvariantCulture),
                    ["STOCKPILE_SIM_TRACE"] = path,
                },
                RedirectStandardOutput = true,
            })!;
            var said = elsewhere.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var trace = new StringWriter();
            var (first, second) = (SimulationRun.Of(RepeatedSeed, trace: trace), SimulationRun.Of(RepeatedSeed));
            Assert.Equal(first.Steps, second.Steps);
            Assert.Equal(first.Hash, second.Hash);
            Assert.Equal(first.Counts, second.Counts);
            Assert.NotEqual(first.Hash, SimulationRun.Of(RepeatedSeed + 1).Hash);

            await elsewhere.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(elsewhere.ExitCode == 0, await said);
            var here = trace.ToString().Split('\n');
            var there = (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).Split('\n');
            for (var line = 0; line < Math.Min(here.Length, there.Length); line++)
                Assert.Equal(here[line], there[line]);
            Assert.Equal(here.Length, there.Length);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Seed after seed until there are steps enough, or one has failed.</summary>
    private static List<SimulationResult> Seeds(int first, long wanted)
    {
        var results = new List<SimulationResult>();
        var next = first - 1;
        long steps = 0;
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
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
        return results;
    }

    internal static long? Number(string variable, long most)
    {
        if (Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most
            ? number
            : throw new FormatException($"{variable} is '{text}'; it takes a whole number from 0 to {most}");
    }
}
