using System.CommandLine;
using System.CommandLine.Invocation;
using Stockpile.Cli.Commands;
using Stockpile.Core;

namespace Stockpile.Cli.App;

/// <summary>Parses, runs, and turns whatever happens into an exit code and at most one line of text.</summary>
public static class CliApp
{
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, CliContext context, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (own, passed) = InspectCommand.Split(args);
        var root = Verbs.Create(context, passed);
        var parsed = root.Parse(own);
        // Help asked for beside a fault is an action of its own and wins.
        if (parsed.Errors.Count > 0 && parsed.Action is null or ParseErrorAction)
        {
            var verb = parsed.CommandResult.Command;
            var path = PathOf(verb);
            if (verb == root && parsed.UnmatchedTokens is [var unknown, ..])
                return Fail(context, ExitCodes.Usage,
                    $"there is no verb '{Names.Shorten(unknown)}' (see stockpile --help)");
            return Fail(context, ExitCodes.Usage, $"{InWords(parsed.Errors[0].Message)} (see stockpile{path} --help)");
        }

        try
        {
            var configuration = new InvocationConfiguration
            {
                Output = context.Out,
                Error = context.Error,
                EnableDefaultExceptionHandler = false,
                // Program.cs handles the signals.
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, cancel);
        }
        catch (CliException failure)
        {
            return Fail(context, failure.ExitCode, failure.Message);
        }
        catch (OperationCanceledException)
        {
            return Fail(context, ExitCodes.Refused, "interrupted");
        }
        catch (Exception fault) when (context.Environment("STOCKPILE_TRACE") is null or "")
        {
            return Fail(context, ExitCodes.Refused,
                $"{fault.GetType().Name}: {fault.Message} (set STOCKPILE_TRACE=1 to see where)");
        }
    }

    /// <summary>The verb as it is typed after the program's name, such as <c> journal check</c>.</summary>
    private static string PathOf(Command verb) => verb is RootCommand
        ? ""
        : $"{string.Concat(verb.Parents.OfType<Command>().Take(1).Select(PathOf))} {verb.Name}";

    /// <summary>The parser names .NET types; users know numbers.</summary>
    private static string InWords(string message) => message
        .Replace("'System.Nullable`1[System.Int32]'", "a whole number", StringComparison.Ordinal)
        .Replace("'System.Nullable`1[System.Double]'", "a number", StringComparison.Ordinal)
        .Replace("'System.Int32'", "a whole number", StringComparison.Ordinal)
        .Replace("'System.UInt64'", "a whole number of 0 or more", StringComparison.Ordinal)
        .Replace("'System.Double'", "a number", StringComparison.Ordinal)
        .Replace("as expected type", "as", StringComparison.Ordinal)
        .TrimEnd('.');

    private static int Fail(CliContext context, int exitCode, string message)
    {
        context.Error.WriteLine($"stockpile: {Output.Screen.OneLine(message)}");
        return exitCode;
    }
}
