using System.Globalization;
using System.Runtime.InteropServices;

namespace Stockpile.Bench;

/// <summary>What a figure was measured under.</summary>
/// <param name="LoadAverage">Of the last minute when the bench began; −1 where the system does not tell.</param>
internal sealed record Conditions(
    string Date, int Cores, string Cpu, string Os, string Dotnet, string Build, double LoadAverage)
{
    public static Conditions Now() => new(
        DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture),
        Environment.ProcessorCount,
        Line("/proc/cpuinfo", "model name") is { } line ? line[(line.IndexOf(':') + 1)..].Trim() : "unknown",
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
#if DEBUG
        "Debug",
#else
        "Release",
#endif
        Line("/proc/loadavg", "") is { } load
            ? double.Parse(load.Split(' ')[0], CultureInfo.InvariantCulture)
            : -1);

    private static string? Line(string file, string start) =>
        File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(start, StringComparison.Ordinal))
            : null;
}
