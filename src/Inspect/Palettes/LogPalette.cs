using Akka.Actor;
using Akka.Event;
using Serilog.Core;
using Serilog.Events;
using Stockpile.Core;
using Stockpile.Hosting.Access;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Logs;
using static Stockpile.Inspect.Catalogue.InspectCommand;

namespace Stockpile.Inspect.Palettes;

/// <summary>The log of this member.</summary>
public static class LogPalette
{
    private const int PeekDefault = 20;

    private static readonly Dictionary<string, LogEventLevel> Levels =
        Enum.GetValues<LogEventLevel>().ToDictionary(Name, StringComparer.OrdinalIgnoreCase);

    private static readonly CommandArgument Level = new(
        "level", $"Least severe level shown: {string.Join(", ", Levels.Keys)}", "-l");

    public static Palette Create(ActorSystem system, LogTail log, LoggingLevelSwitch level) =>
        new("log", "The log of a member",
        [
            Look("tail", "New lines as they are written", [Level], async (call, answer, cancel) =>
            {
                var least = Read(call) ?? LogEventLevel.Verbose;
                await foreach (var line in log.FollowAsync(cancel))
                    if (line.Level >= least)
                        await TellAsync(answer, line);
            }) with { Streams = true },
            Look("peek", "The last lines", [
                new("lines", $"How many, 1 to {InspectLimits.LogLinesKept}; by default {PeekDefault}", "-n"), Level,
            ], async (call, answer, _) =>
            {
                var lines = call.GetInt("lines", 1, InspectLimits.LogLinesKept, PeekDefault);
                foreach (var line in log.Peek(lines, Read(call) ?? LogEventLevel.Verbose))
                    await TellAsync(answer, line);
            }),
            Look("level", "Show the level at which this member logs, or set it until it ends",
                [Level with
                {
                    Description = $"The level to set: {string.Join(", ", Levels.Keys)}", Role = AccessRole.Operator,
                }],
                (call, answer, _) => LevelAsync(system, level, call, answer)),
        ]);

    private static ValueTask TellAsync(IAnswer answer, LogLine line) => answer.LineAsync(
        line.ToString(), new { line.At, Level = Name(line.Level), line.Source, line.Message });

    private static async Task LevelAsync(
        ActorSystem system, LoggingLevelSwitch level, CommandCall call, IAnswer answer)
    {
        var before = level.MinimumLevel;
        if (Read(call) is { } wanted)
        {
            level.MinimumLevel = wanted;
            // Actors ask Akka before they build a line, so both have to agree.
            system.EventStream.SetLogLevel(wanted switch
            {
                LogEventLevel.Verbose or LogEventLevel.Debug => LogLevel.DebugLevel,
                LogEventLevel.Information => LogLevel.InfoLevel,
                LogEventLevel.Warning => LogLevel.WarningLevel,
                _ => LogLevel.ErrorLevel,
            });
        }

        var now = level.MinimumLevel;
        await answer.LineAsync(
            $"level: {Name(now)}{(now == before ? "" : $" (was {Name(before)})")}",
            new { Level = Name(now), Was = Name(before) });
    }

    private static LogEventLevel? Read(CommandCall call)
    {
        if (call.Find(Level.Name) is not { } text) return null;
        return Levels.TryGetValue(text, out var level)
            ? level
            : throw new CommandRefusedException(
                $"level is '{Names.Shorten(text)}'; allowed: {string.Join(", ", Levels.Keys)}");
    }

    private static string Name(LogEventLevel level) => level.ToString().ToLowerInvariant();
}
