using System.Globalization;
using System.Threading.Channels;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;
using Stockpile.Core;

namespace Stockpile.Inspect.Logs;

/// <summary>One line of the log.</summary>
/// <param name="At">In UTC.</param>
/// <param name="Message">One line; of an exception its type and message.</param>
public sealed record LogLine(DateTimeOffset At, LogEventLevel Level, string Source, string Message)
{
    public override string ToString() =>
        $"{At.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} {Short(Level)} {Source}: {Message}";

    private static string Short(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => "VRB",
        LogEventLevel.Debug => "DBG",
        LogEventLevel.Information => "INF",
        LogEventLevel.Warning => "WRN",
        LogEventLevel.Error => "ERR",
        _ => "FTL",
    };
}

/// <summary>
/// Keeps the last <see cref="InspectLimits.LogLinesKept"/> lines of the log in memory and hands new ones to whoever
/// follows.
/// Writing to it never waits: a follower that is too slow loses the oldest lines.
/// </summary>
public sealed class LogTail : ILogEventSink
{
    /// <summary>Texts without the quotes that mark them as such.</summary>
    private static readonly MessageTemplateTextFormatter Plain = new("{Message:lj}", CultureInfo.InvariantCulture);

    private readonly Lock _lock = new();
    private readonly LogLine[] _ring = new LogLine[InspectLimits.LogLinesKept];
    private readonly List<Channel<LogLine>> _followers = [];
    private long _count;

    public void Emit(LogEvent logEvent)
    {
        var line = Read(logEvent);
        lock (_lock)
        {
            _ring[_count++ % _ring.Length] = line;
            foreach (var follower in _followers) follower.Writer.TryWrite(line);
        }
    }

    /// <summary>The last lines at or above a level, oldest first.</summary>
    public IReadOnlyList<LogLine> Peek(int lines, LogEventLevel least)
    {
        var found = new List<LogLine>();
        lock (_lock)
        {
            var oldest = Math.Max(0, _count - _ring.Length);
            for (var i = _count - 1; i >= oldest && found.Count < lines; i--)
                if (_ring[i % _ring.Length] is { } line && line.Level >= least)
                    found.Add(line);
        }

        found.Reverse();
        return found;
    }

    /// <summary>New lines until it is cancelled.</summary>
    public async IAsyncEnumerable<LogLine> FollowAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var channel = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(InspectLimits.LogLinesWaitingMax)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
        });
        lock (_lock) _followers.Add(channel);
        try
        {
            await foreach (var line in channel.Reader.ReadAllAsync(cancel)) yield return line;
        }
        finally
        {
            lock (_lock) _followers.Remove(channel);
        }
    }

    private static LogLine Read(LogEvent e)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Plain.Format(e, text);
        var message = text.ToString();
        if (e.Exception is { } fault) message += $" ({fault.GetType().Name}: {fault.Message})";
        // Akka names the actor; everything in it has the actor system as its context.
        var source = Find(e, "LogSource") ?? Find(e, "ActorPath") ?? Find(e, "SourceContext") ?? "";
        return new LogLine(e.Timestamp.ToUniversalTime(), e.Level, source, Agent.AnswerLine.Cut(message));
    }

    private static string? Find(LogEvent e, string property) =>
        e.Properties.TryGetValue(property, out var value) && value is ScalarValue { Value: string text } ? text : null;
}
