using System.Diagnostics;

namespace Stockpile.Cluster.Tests;

/// <summary>
/// The program as the image has it, compiled ahead of time, so that a process which has just started does not take the
/// processors from those beside it. It is published when the first test asks, from the sources as they are: what has
/// not changed since the last time is not built again. Its builds lie apart from those of the tests.
/// </summary>
internal static class PublishedProgram
{
    /// <summary>Compiling everything ahead of time for the first time, on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly Lazy<string> Program = new(Publish);

    /// <summary>The <c>stockpile.dll</c> to run.</summary>
    public static string FullPath => Program.Value;

    private static string Publish()
    {
        var root = Root();
        var builds = Path.Combine(root, "tests", "Cluster", "obj", "published");
        var output = Path.Combine(builds, "stockpile");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in new[]
        {
            "publish", Path.Combine(root, "src", "Cli"), "-c", "Release", "-o", output, "--artifacts-path", builds,
            "-p:UseCurrentRuntimeIdentifier=true", "-p:PublishReadyToRun=true", "-v", "quiet", "-nodeReuse:false",
        })
            start.ArgumentList.Add(arg);
        // What `dotnet test` tells its own build is not meant for this one.
        foreach (var name in start.Environment.Keys.Where(IsOfABuild).ToList()) start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"publishing takes longer than {Patience}");
        }

        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"publishing ended with {process.ExitCode}: {said.Result}{error.Result}");
        return Path.Combine(output, "stockpile.dll");
    }

    private static bool IsOfABuild(string name) =>
        name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase);

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Stockpile.slnx")))
                return folder.FullName;
        throw new DirectoryNotFoundException("no Stockpile.slnx above the tests");
    }
}
