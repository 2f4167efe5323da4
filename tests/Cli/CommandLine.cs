using System.Text.Json;
using Stockpile.Cli.App;
using Stockpile.Core.Jobs;

namespace Stockpile.Cli.Tests;

/// <summary>What a run of the command left behind.</summary>
public sealed record Outcome(int Exit, string Out, string Error)
{
    /// <summary>Standard output as exactly one JSON document: anything before or after it does not parse.</summary>
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Out);

    /// <summary>One line on standard error, as scripts expect it with an exit code other than 0.</summary>
    public void Fails(int exit, params string[] inError)
    {
        Assert.True(exit == Exit, $"expected exit code {exit}, got {Exit}: {Error}{Out}");
        Assert.Equal(1, Error.Count(c => c == '\n'));
        Assert.StartsWith("stockpile: ", Error, StringComparison.Ordinal);
        foreach (var part in inError) Assert.Contains(part, Error, StringComparison.Ordinal);
    }
}

/// <summary>Runs the command in this process.</summary>
public sealed class CommandLine
{
    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    public FakeReader Reader { get; } = new();

    public bool IsTerminal { get; set; }

    public TimeSpan RetryFor { get; set; } = TimeSpan.Zero;

    public async Task<Outcome> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var context = new CliContext
        {
            Out = output,
            Error = error,
            IsTerminal = IsTerminal,
            Variables = Environment,
            Jobs = Reader,
            RetryFor = RetryFor,
            WaitInterval = TimeSpan.FromMilliseconds(10),
        };
        var exit = await CliApp.RunAsync(args, context);
        return new Outcome(exit, output.ToString(), error.ToString());
    }
}

/// <summary>Job files that exist only here.</summary>
public sealed class FakeReader : IJobReader
{
    public Dictionary<string, IReadOnlyList<JobSpec>> Files { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<JobSpec> Read(string source) => Files.TryGetValue(source, out var jobs)
        ? jobs
        : throw new CliException(ExitCodes.Refused, $"{source}:3: devices: -1 is not allowed");

    public static JobSpec Batch(string name) =>
        new() { Name = name, Kind = JobKind.Batch, Tasks = 4, Devices = 1, Duration = TimeSpan.FromHours(2) };
}
