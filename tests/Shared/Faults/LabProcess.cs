using System.Diagnostics;
using System.Globalization;

namespace Stockpile.Tests.Shared.Faults;

/// <summary>
/// One member of a lab's cluster: a place on the network, and the process of the built program that runs there now.
/// </summary>
/// <param name="program">The <c>stockpile.dll</c> that runs.</param>
internal sealed class LabProcess(
    string name, string program, IReadOnlyList<string> enter, IReadOnlyList<string> args,
    IReadOnlyDictionary<string, string> environment, Uri url) : IDisposable
{
    /// <summary>Lines kept of each life.</summary>
    private const int LinesMax = 20_000;

    private readonly Queue<string> _lines = new();
    private Process? _process;

    public string Name { get; } = name;

    public Uri Url { get; } = url;

    /// <summary>Sees every line of its log, with its time.</summary>
    public Action<LabProcess, string>? OnLine { get; init; }

    public bool IsRunning => _process is { HasExited: false };

    public bool HasStarted => _process is not null;

    public int ExitCode => _process!.ExitCode;

    /// <summary>The last lines of its log and of what it printed, over all its lives.</summary>
    public IReadOnlyList<string> Lines
    {
        get { lock (_lines) return [.. _lines]; }
    }

    public void Start()
    {
        Dispose();
        string[] command = [.. enter, "dotnet", program, .. args];
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var arg in command.Skip(1)) start.ArgumentList.Add(arg);
        foreach (var (variable, value) in environment) start.Environment[variable] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        Take("---- started");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>As the kernel ends a process that has no say in it.</summary>
    public void Kill() => Signal("KILL");

    public void Pause() => Signal("STOP");

    public void Resume() => Signal("CONT");

    public void Terminate() => Signal("TERM");

    /// <summary>Waits until it has ended.</summary>
    /// <exception cref="TimeoutException">It did not within the time.</exception>
    public async Task<int> EndAsync(TimeSpan patience, CancellationToken cancel)
    {
        try
        {
            await _process!.WaitForExitAsync(cancel).WaitAsync(patience, cancel);
            return ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} still runs after {patience}:\n{Tail(30)}");
        }
    }

    public string Tail(int lines) => string.Join('\n', Lines.TakeLast(lines));

    public void Dispose()
    {
        if (_process is null) return;
        if (!_process.HasExited)
        {
            // SIGKILL ends a stopped process too.
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        _process = null;
    }

    private void Signal(string signal) =>
        Shell.Run("sh", "-c", string.Create(CultureInfo.InvariantCulture, $"kill -{signal} {_process!.Id}"));

    private void Take(string? line)
    {
        if (line is null) return;
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > LinesMax) _lines.Dequeue();
        }

        OnLine?.Invoke(this, line);
    }
}
