using System.Collections.Concurrent;
using HdrHistogram;

namespace Stockpile.Cli.Bench;

/// <summary>What became of the submissions. Any thread may write.</summary>
internal sealed class LoadTally
{
    /// <summary>Longest latency that is told from longer ones, in microseconds: an hour.</summary>
    private const long MicrosMax = 3_600_000_000;

    /// <summary>Of the recorded latencies: 0.1 %.</summary>
    private const int DigitsKept = 3;

    private readonly ConcurrentDictionary<int, (long Count, long Bare)> _refused = new();
    private readonly ConcurrentDictionary<string, long> _failed = new(StringComparer.Ordinal);
    private readonly LongConcurrentHistogram _accepted = NewHistogram();
    private readonly LongConcurrentHistogram _refusals = NewHistogram();
    private readonly LongConcurrentHistogram _placed = NewHistogram();
    private long _submitted;

    /// <summary>Requests that were sent.</summary>
    public long Submitted => Interlocked.Read(ref _submitted);

    public long Accepted => _accepted.TotalCount;

    public long Refused => _refused.Values.Sum(r => r.Count);

    public long Failed => _failed.Values.Sum();

    public void Sent() => Interlocked.Increment(ref _submitted);

    /// <param name="placed">The answer has devices for it already.</param>
    public void Accept(TimeSpan latency, bool placed)
    {
        _accepted.RecordValue(Micros(latency));
        if (placed) _placed.RecordValue(Micros(latency));
    }

    /// <param name="bare">The answer does not say when to come again.</param>
    public void Refuse(TimeSpan latency, int status, bool bare)
    {
        _refusals.RecordValue(Micros(latency));
        var one = bare ? 1 : 0;
        _refused.AddOrUpdate(status, (1, one), (_, r) => (r.Count + 1, r.Bare + one));
    }

    /// <summary>There is no answer.</summary>
    public void Fail(string why) => _failed.AddOrUpdate(why, 1, (_, n) => n + 1);

    public IReadOnlyList<RefusedReport> Refusals() =>
        [.. _refused.OrderBy(r => r.Key).Select(r => new RefusedReport(r.Key, r.Value.Count, r.Value.Bare))];

    public IReadOnlyList<FailedReport> Failures() =>
        [.. _failed.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => new FailedReport(f.Key, f.Value))];

    public LatencyReport? AcceptedLatency() => Report(_accepted);

    public LatencyReport? RefusedLatency() => Report(_refusals);

    public LatencyReport? PlacedLatency() => Report(_placed);

    public long PlacedAtOnce => _placed.TotalCount;

    private static LatencyReport? Report(LongConcurrentHistogram latencies) => latencies.TotalCount == 0
        ? null
        : new LatencyReport(
            latencies.TotalCount, Millis(latencies.GetValueAtPercentile(50)),
            Millis(latencies.GetValueAtPercentile(90)), Millis(latencies.GetValueAtPercentile(99)),
            Millis(latencies.GetValueAtPercentile(99.9)), Millis(latencies.GetMaxValue()));

    private static long Micros(TimeSpan latency) => Math.Clamp((long)latency.TotalMicroseconds, 1, MicrosMax);

    private static double Millis(long micros) => Math.Round(micros / 1_000.0, 3);

    private static LongConcurrentHistogram NewHistogram() => new(1, MicrosMax, DigitsKept);
}
