using System.Globalization;
using Serilog;
using Serilog.Events;
using Stockpile.Inspect.Hosting;

namespace Stockpile.Cli.Processes;

/// <summary>Where a process writes what happens in it. Standard output belongs to the verb's answer.</summary>
internal static class ProcessLog
{
    public static ILogger ToStandardError(InspectorLog log) => MemberApp.Log(log)
        .WriteTo.Console(
            formatProvider: CultureInfo.InvariantCulture,
            standardErrorFromLevel: LogEventLevel.Verbose,
            outputTemplate: "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}")
        .CreateLogger();

    public static ILogger ToFile(string path, InspectorLog log) => MemberApp.Log(log)
        .WriteTo.File(
            path, fileSizeLimitBytes: 64 * 1024 * 1024, rollOnFileSizeLimit: true, retainedFileCountLimit: 4,
            formatProvider: CultureInfo.InvariantCulture)
        .CreateLogger();
}
