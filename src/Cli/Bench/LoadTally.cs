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
    private readonly Latencies _accepted = new();
    private readonly Latencies _refusals = new();
    private readonly Latencies _placed = new();
    private long _submitted;

    /// <summary>Requests that were sent.</summary>
    public long Submitted => Interlocked.Read(ref _submitted);

    public long Accepted => _accepted.Count;

    public long Refused => _refused.Values.Sum(r => r.Count);

    public long Failed => _failed.Values.Sum();

    public void Sent() => Interlocked.Increment(ref _submitted);

    /// <param name="placed">The answer has devices for it already.</param>
    public void Accept(TimeSpan latency, bool placed)
    {
        _accepted.Record(latency);
        if (placed) _placed.Record(latency);
    }

    /// <param name="bare">The answer does not say when to come again.</param>
    public void Refuse(TimeSpan latency, int status, bool bare)
    {
        _refusals.Record(latency);
        var one = bare ? 1 : 0;
        _refused.AddOrUpdate(status, (1, one), (_, r) => (r.Count + 1, r.Bare + one));
    }

    /// <summary>There is no answer.</summary>
    public void Fail(string why) => _failed.AddOrUpdate(why, 1, (_, n) => n + 1);

    public IReadOnlyList<RefusedReport> Refusals() =>
        [.. _refused.OrderBy(r => r.Key).Select(r => new RefusedReport(r.Key, r.Value.Count, r.Value.Bare))];

    public IReadOnlyList<FailedReport> Failures() =>
        [.. _failed.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => new FailedReport(f.Key, f.Value))];

    public LatencyReport? AcceptedLatency() => _accepted.Report();

    public LatencyReport? RefusedLatency() => _refusals.Report();

    public LatencyReport? PlacedLatency() => _placed.Report();

    public long PlacedAtOnce => _placed.Count;

    /// <summary>A histogram that may be read while others write: HdrHistogram's own must not be.</summary>
    private sealed class Latencies
    {
        private readonly Lock _lock = new();
        private readonly LongHistogram _micros = new(1, MicrosMax, DigitsKept);

        public long Count
        {
            get
            {
                lock (_lock) return _micros.TotalCount;
            }
        }

        public void Record(TimeSpan latency)
        {
            lock (_lock) _micros.RecordValue(Math.Clamp((long)latency.TotalMicroseconds, 1, MicrosMax));
        }

        public LatencyReport? Report()
        {
            lock (_lock)
                return _micros.TotalCount == 0 ? null : new LatencyReport(
                    _micros.TotalCount, Millis(_micros.GetValueAtPercentile(50)),
                    Millis(_micros.GetValueAtPercentile(90)), Millis(_micros.GetValueAtPercentile(99)),
                    Millis(_micros.GetValueAtPercentile(99.9)), Millis(_micros.GetMaxValue()));
        }

        private static double Millis(long micros) => Math.Round(micros / 1_000.0, 3);
    }
}
