using System.Diagnostics;

namespace Stockpile.Tests.Shared.Faults;

/// <summary>The programs of the system that break things: kill, ip, iptables, mount.</summary>
internal static class Shell
{
    /// <summary>Runs a program to its end; what it printed.</summary>
    /// <exception cref="InvalidOperationException">It ended with something else than 0, or is not there.</exception>
    public static string Run(string program, params IEnumerable<string> args)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in args) start.ArgumentList.Add(arg);
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode == 0) return output;
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}: "
                + (error.Result + output).Trim());
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new InvalidOperationException($"{program}: {fault.Message}", fault);
        }
    }

    /// <summary>Runs a program whose failure does not matter: what it takes away may be gone already.</summary>
    public static void Try(string program, params IEnumerable<string> args)
    {
        try
        {
            Run(program, args);
        }
        catch (InvalidOperationException)
        {
            // Gone already.
        }
    }
}
