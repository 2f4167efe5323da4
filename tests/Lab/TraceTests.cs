using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Jobs;
using Stockpile.Lab.Virtual;

namespace Stockpile.Lab.Tests;

public sealed class TraceTests
{
    private static readonly Catalog Catalog = new(
        ["only"], [new Accelerator("A", "only", 1_024, 100, 100, 100, 100, "made up for a test", Assumed: true)]);

    private static readonly NodeSpec[] Node = [new("n", "lab", "A", 2, 64_000, 65_536, JobSpec.NoLabels)];

    [Fact]
    public void Jobs_arrive_wait_run_and_leave_at_the_times_that_follow()
    {
        // Two devices, three jobs of an hour at once, and one of half an hour a quarter of an hour later.
        ScheduledJob[] jobs = [Job(0, 60), Job(0, 60), Job(0, 60), Job(15, 30)];
        var run = TraceRun.Of(Catalog, TraceRun.PolicyOf("bestfit", Catalog, 0), Node, jobs, seed: 1);
        Assert.Equal((4, 0, 4, 4), (run.Jobs, run.Refused, run.Placed, run.Completed));

        // Waits 0, 0, 60 and 45 minutes; ends after 60, 60, 120 and 75.
        Assert.Equal((60 + 45) / 4.0 * 60, run.Waiting.MeanSeconds);
        Assert.Equal((0, 3_600, 3_600), (run.Waiting.P50Seconds, run.Waiting.P99Seconds, run.Waiting.MaxSeconds));
        Assert.Equal((60 + 60 + 120 + 75) / 4.0 * 60, run.Completion.MeanSeconds);
        Assert.Equal(2, run.MakespanHours);
        Assert.Equal(1, run.Utilisation["A"]);
    }

    [Fact]
    public void What_no_node_can_ever_hold_is_refused_and_the_rest_goes_on()
    {
        ScheduledJob[] jobs = [Job(0, 60) with { Spec = Spec(60) with { Devices = 3 } }, Job(5, 60)];
        var run = TraceRun.Of(Catalog, TraceRun.PolicyOf("stockpile", Catalog, 0), Node, jobs, seed: 1);
        Assert.Equal((1, 1), (run.Refused, run.Completed));
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        var random = new Random(3);
        var nodes = Enumerable.Range(0, 8).Select(i => Node[0] with { Id = $"n{i}", Devices = 1 + i % 4 }).ToList();
        var at = 0;
        var jobs = Enumerable.Range(0, 300).Select(_ => Job(at += random.Next(3), 10 + random.Next(90)) with
        {
            Spec = Spec(10 + random.Next(90)) with { Devices = 0, ShareMilli = 100 * random.Next(1, 10) },
        }).ToList();
        TraceResult Run(int seed) =>
            TraceRun.Of(Catalog, TraceRun.PolicyOf("stockpile", Catalog, 0.05), nodes, jobs, seed);
        var first = Run(42);
        Assert.Equal(first.Waiting, Run(42).Waiting);
        Assert.Equal(first.Utilisation, Run(42).Utilisation);
        Assert.Equal(300, first.Completed);
    }

    private static ScheduledJob Job(int minute, int minutes) => new(TimeSpan.FromMinutes(minute), Spec(minutes));

    private static JobSpec Spec(int minutes) => new()
    {
        Name = "job", Kind = JobKind.Batch, Tasks = 1, Devices = 1, Duration = TimeSpan.FromMinutes(minutes),
    };
}
