using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;
using Akka.Actor;
using Stockpile.Inspect.Catalogue;
using static Stockpile.Inspect.Catalogue.InspectCommand;

namespace Stockpile.Inspect.Palettes;

/// <summary>The process of this member.</summary>
public static class SystemPalette
{
    public static Palette Create(ActorSystem system) => new("system", "The process of a member",
    [
        Look("uptime", "Since when the process and its actor system run", [],
            (_, answer, _) => UptimeAsync(system, answer)),
        Look("version", "Versions of Stockpile, Akka.NET, .NET and the operating system", [],
            (_, answer, _) => TellAsync(answer, Versions())),
        Look("memory", "Memory of the process, in MiB", [], (_, answer, _) => TellAsync(answer, Memory())),
        Look("gc", "What the garbage collector did", [], (_, answer, _) => TellAsync(answer, Collections())),
        Look("threads", "Threads and the thread pool", [], (_, answer, _) => TellAsync(answer, Threads())),
        Look("settings", "The effective settings of the actor system; secrets are masked",
            [new("path", "Only settings below this path, such as akka.cluster", "-p")],
            async (call, answer, _) =>
            {
                foreach (var (key, value) in EffectiveSettings.Of(system.Settings.Config, call.Find("path")))
                    await answer.LineAsync($"{key} = {value}", new { Key = key, Value = value });
            }),
    ]);

    /// <summary>The two largest units, such as <c>3d 4h</c>.</summary>
    internal static string Duration(TimeSpan time)
    {
        (long Count, string Unit)[] parts =
            [((long)time.TotalDays, "d"), (time.Hours, "h"), (time.Minutes, "m"), (time.Seconds, "s")];
        var shown = parts.SkipWhile(p => p.Count == 0).Take(2).Select(p => $"{p.Count}{p.Unit}").ToArray();
        return shown.Length == 0 ? "0s" : string.Join(' ', shown);
    }

    private static async Task UptimeAsync(ActorSystem system, IAnswer answer)
    {
        using var process = Process.GetCurrentProcess();
        var started = new DateTimeOffset(process.StartTime).ToUniversalTime();
        var uptime = DateTimeOffset.UtcNow - started;
        var data = new
        {
            Started = started,
            UptimeSeconds = Math.Floor(uptime.TotalSeconds),
            ActorSystemSeconds = Math.Floor(system.Uptime.TotalSeconds),
        };
        var text = started.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        await answer.LineAsync($"started       {text} UTC", data);
        await answer.LineAsync($"process       {Duration(uptime)}");
        await answer.LineAsync($"actor system  {Duration(system.Uptime)}");
    }

    private static IEnumerable<(string, object)> Versions() =>
    [
        ("stockpile", typeof(SystemPalette).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown"),
        ("akka", typeof(ActorSystem).Assembly.GetName().Version?.ToString(3) ?? "unknown"),
        ("runtime", RuntimeInformation.FrameworkDescription),
        ("os", RuntimeInformation.OSDescription),
        ("architecture", RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()),
    ];

    private static IEnumerable<(string, object)> Memory()
    {
        using var process = Process.GetCurrentProcess();
        var gc = GC.GetGCMemoryInfo();
        return
        [
            ("workingSetMiB", MiB(process.WorkingSet64)),
            ("privateMiB", MiB(process.PrivateMemorySize64)),
            ("heapMiB", MiB(GC.GetTotalMemory(forceFullCollection: false))),
            ("committedMiB", MiB(gc.TotalCommittedBytes)),
            ("fragmentedMiB", MiB(gc.FragmentedBytes)),
            ("availableMiB", MiB(gc.TotalAvailableMemoryBytes)),
            ("allocatedSinceStartMiB", MiB(GC.GetTotalAllocatedBytes())),
        ];
    }

    private static IEnumerable<(string, object)> Collections() =>
    [
        ("mode", GCSettings.IsServerGC ? "server" : "workstation"),
        ("latencyMode", GCSettings.LatencyMode.ToString()),
        ("gen0", GC.CollectionCount(0)),
        ("gen1", GC.CollectionCount(1)),
        ("gen2", GC.CollectionCount(2)),
        ("pauseMilliseconds", Math.Round(GC.GetTotalPauseDuration().TotalMilliseconds, 1)),
        ("pausePercent", GC.GetGCMemoryInfo().PauseTimePercentage),
    ];

    private static IEnumerable<(string, object)> Threads()
    {
        using var process = Process.GetCurrentProcess();
        ThreadPool.GetMaxThreads(out var most, out _);
        return
        [
            ("threads", process.Threads.Count),
            ("processors", Environment.ProcessorCount),
            ("poolThreads", ThreadPool.ThreadCount),
            ("poolThreadsMax", most),
            ("poolQueue", ThreadPool.PendingWorkItemCount),
            ("poolDone", ThreadPool.CompletedWorkItemCount),
            ("lockContentions", Monitor.LockContentionCount),
            ("timers", Timer.ActiveCount),
        ];
    }

    private static long MiB(long bytes) => bytes / (1024 * 1024);

    /// <summary>A line for each fact, and one row of all of them.</summary>
    private static async Task TellAsync(IAnswer answer, IEnumerable<(string Name, object Value)> facts)
    {
        var all = facts.ToArray();
        var width = all.Max(f => f.Name.Length) + 2;
        object? data = all.ToDictionary(f => f.Name, f => f.Value);
        foreach (var (name, value) in all)
        {
            var text = Convert.ToString(value, CultureInfo.InvariantCulture);
            await answer.LineAsync($"{name.PadRight(width)}{text}", data);
            data = null;
        }
    }
}
