using System.Runtime.Serialization;

namespace Stockpile.Protocol.Mapping;

/// <summary>
/// Instants and durations as the wire has them: whole milliseconds. Where an instant may be missing, 0 stands for
/// "none", so the very first millisecond of 1970 cannot be told from it.
/// </summary>
public static class WireTime
{
    private const long DurationMsMax = long.MaxValue / TimeSpan.TicksPerMillisecond;

    private static readonly long FirstMs = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LastMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Milliseconds since 1970, UTC; a part of a millisecond is cut off.</summary>
    public static long ToWireMs(this DateTimeOffset instant) => instant.ToUnixTimeMilliseconds();

    /// <summary>Milliseconds since 1970, UTC; 0 for none.</summary>
    public static long ToWireMs(this DateTimeOffset? instant) => instant?.ToUnixTimeMilliseconds() ?? 0;

    /// <summary>
    /// Whole milliseconds, halves away from zero. What is not zero stays at least one millisecond long, because a
    /// zero duration has a meaning of its own: a run without an end, a job without checkpoints.
    /// </summary>
    public static long ToWireMs(this TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return 0;
        var half = duration.Ticks > 0 ? TimeSpan.TicksPerMillisecond / 2 : -TimeSpan.TicksPerMillisecond / 2;
        var whole = duration.Ticks / TimeSpan.TicksPerMillisecond;
        var rest = duration.Ticks % TimeSpan.TicksPerMillisecond;
        var rounded = whole + (rest + half) / TimeSpan.TicksPerMillisecond;
        return rounded != 0 ? rounded : Math.Sign(duration.Ticks);
    }

    /// <exception cref="SerializationException">No calendar has the instant: the bytes are damaged.</exception>
    public static DateTimeOffset Instant(long ms) => ms >= FirstMs && ms <= LastMs
        ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
        : throw new SerializationException($"{ms} ms since 1970 is not an instant");

    /// <summary>The instant, or null for 0.</summary>
    public static DateTimeOffset? InstantOrNone(long ms) => ms == 0 ? null : Instant(ms);

    /// <exception cref="SerializationException">It is longer than a duration can be: the bytes are damaged.</exception>
    public static TimeSpan Duration(long ms) => Math.Abs((decimal)ms) <= DurationMsMax
        ? TimeSpan.FromMilliseconds(ms)
        : throw new SerializationException($"{ms} ms is not a duration");
}
