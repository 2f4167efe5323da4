using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Stockpile.Cluster.Tests;

/// <summary>What a process left behind.</summary>
internal sealed record Outcome(int ExitCode, string Out, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The one line that a refusal is.</summary>
    public string Refused(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}: {Error}{Out}");
        Assert.Empty(Out);
        return Assert.Single(ErrorLines);
    }
}

/// <summary>The real program, <c>dotnet stockpile.dll</c>, as it is published.</summary>
internal sealed class StockpileProcess : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();
    private readonly TaskCompletionSource<Uri> _up = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StockpileProcess(IEnumerable<string> args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add(PublishedProgram.FullPath);
        foreach (var arg in args) start.ArgumentList.Add(arg);
        start.Environment.Remove("STOCKPILE_SERVER");
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(_out, line.Data);
        _process.ErrorDataReceived += (_, line) => Take(_error, line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Url { get; private set; } = "";

    public HttpClient Http { get; private set; } = new();

    /// <summary>Runs a command to its end.</summary>
    public static async Task<Outcome> RunAsync(params string[] args)
    {
        await using var process = new StockpileProcess(args);
        return await process.EndAsync(TimeSpan.FromMinutes(5));
    }

    /// <summary>Starts <c>up</c> on the small fleet and waits until it says where it listens.</summary>
    public static async Task<StockpileProcess> UpAsync(string data, double speed, string http = "http://127.0.0.1:0")
    {
        var process = new StockpileProcess(
        [
            "up", "--data", data, "--http", http, "--fleet", Shipped("fleets/small.conf"),
            "--speed", speed.ToString(CultureInfo.InvariantCulture),
        ]);
        var ended = process._process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (await Task.WhenAny(process._up.Task, ended).WaitAsync(Patience) == ended)
            Assert.Fail($"up ended with {process._process.ExitCode}: {process._error}");
        process.Url = (await process._up.Task).ToString().TrimEnd('/');
        process.Http = new HttpClient { BaseAddress = new Uri(process.Url), Timeout = TimeSpan.FromSeconds(30) };
        return process;
    }

    public static string Shipped(string file) => Path.Combine(AppContext.BaseDirectory, "hocon", file);

    /// <summary>As the kernel ends a process that has no say in it.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Asks it to end, and waits until it has.</summary>
    public async Task<Outcome> TerminateAsync()
    {
        using var kill = Process.Start("sh", ["-c", $"kill -TERM {_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        // Twenty seconds for the host to stop, and as much again for a busy machine.
        return await EndAsync(TimeSpan.FromSeconds(40));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        Http.Dispose();
        _process.Dispose();
    }

    private async Task<Outcome> EndAsync(TimeSpan patience)
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(patience);
        lock (_out) lock (_error) return new Outcome(_process.ExitCode, _out.ToString(), _error.ToString());
    }

    private void Take(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (text) text.Append(line).Append('\n');
        var at = line.IndexOf("http://", StringComparison.Ordinal);
        if (line.StartsWith("stockpile is up", StringComparison.Ordinal) && at >= 0)
            _up.TrySetResult(new Uri(line[at..].Split(' ')[0]));
    }
}
