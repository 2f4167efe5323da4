using System.Diagnostics;

namespace Stockpile.Bench.Speed;

/// <summary>Time taken by one piece of work.</summary>
/// <param name="WallSeconds">On the clock.</param>
/// <param name="ProcessorSeconds">Of the whole process: collector and compiler included, other programs not.</param>
internal sealed record Timing(double WallSeconds, double ProcessorSeconds)
{
    public static Timing Of(Action work)
    {
        // What earlier runs left is not this run's to clean up.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        work();
        clock.Stop();
        process.Refresh();
        return new Timing(clock.Elapsed.TotalSeconds, (process.TotalProcessorTime - before).TotalSeconds);
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1
            ? sorted[sorted.Length / 2]
            : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
