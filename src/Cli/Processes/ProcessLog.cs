using System.Globalization;
using Serilog;
using Serilog.Events;

namespace Stockpile.Cli.Processes;

/// <summary>Where a process writes what happens in it. Standard output belongs to the verb's answer.</summary>
internal static class ProcessLog
{
    /// <param name="level">As <c>stockpile.log.level</c> has it.</param>
    public static ILogger ToStandardError(string level) => MemberApp.Log(Enum.Parse<LogEventLevel>(level, true))
        .WriteTo.Console(
            formatProvider: CultureInfo.InvariantCulture,
            standardErrorFromLevel: LogEventLevel.Verbose,
            outputTemplate: "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}")
        .CreateLogger();

    public static ILogger ToFile(string path) => MemberApp.Log(LogEventLevel.Information)
        .WriteTo.File(
            path, fileSizeLimitBytes: 64 * 1024 * 1024, rollOnFileSizeLimit: true, retainedFileCountLimit: 4,
            formatProvider: CultureInfo.InvariantCulture)
        .CreateLogger();
}
