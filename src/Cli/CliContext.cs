using System.Collections;

namespace Stockpile.Cli;

/// <summary>All that the command touches outside itself, so that tests run it in process.</summary>
public sealed record CliContext
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Whether someone types: both standard input and standard output are a terminal.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>Whether standard output is a terminal: colours, borders and the terminal's width.</summary>
    public required bool IsTerminal { get; init; }

    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    /// <summary>One variable; null: it is not set.</summary>
    public string? Environment(string name) => Variables.GetValueOrDefault(name);

    public required IJobReader Jobs { get; init; }

    /// <summary>How long a request that finds the cluster busy or unavailable is repeated.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often <c>--wait</c> looks.</summary>
    public TimeSpan WaitInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public static CliContext OfProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        In = Console.In,
        IsInteractive = !Console.IsInputRedirected && !Console.IsOutputRedirected,
        IsTerminal = !Console.IsOutputRedirected,
        Variables = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? ""),
        Jobs = new FileJobReader(),
    };
}
