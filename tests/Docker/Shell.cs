using System.Diagnostics;
using System.Text;

namespace Stockpile.Docker.Tests;

/// <summary>What a program left behind.</summary>
internal sealed record Outcome(string Command, int ExitCode, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The output of a program that did what it was asked.</summary>
    public string OrFail()
    {
        Assert.True(ExitCode == 0, $"{Command} ended with {ExitCode}:\n{Error}\n{Out}");
        return Out;
    }
}

internal static class Shell
{
    /// <summary>Runs a program to its end; one that takes longer is killed, and the test fails.</summary>
    public static async Task<Outcome> RunAsync(
        string program, IEnumerable<string> args, IReadOnlyDictionary<string, string> environment, TimeSpan limit)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var arg in args) start.ArgumentList.Add(arg);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var command = $"{program} {string.Join(' ', start.ArgumentList)}";
        using var process = new Process { StartInfo = start };
        var (output, error) = (new StringBuilder(), new StringBuilder());
        process.OutputDataReceived += (_, line) => Take(output, line.Data);
        process.ErrorDataReceived += (_, line) => Take(error, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var late = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            lock (output) lock (error) Assert.Fail($"{command} took longer than {limit}:\n{error}\n{output}");
        }

        lock (output) lock (error) return new Outcome(command, process.ExitCode, $"{output}", $"{error}");
    }

    private static void Take(StringBuilder text, string? line)
    {
        if (line is not null)
            lock (text) text.Append(line).Append('\n');
    }
}
