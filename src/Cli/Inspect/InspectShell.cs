using System.Text.Json;
using Stockpile.Cli.Output;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Inspect;

/// <summary>
/// Interactive mode: one command per line until <c>exit</c> or the end of the input. On a terminal with history and
/// completion, and Ctrl+C ends the running command; elsewhere it reads lines as they are.
/// </summary>
internal sealed class InspectShell(CliContext context, InspectorClient client)
{
    private static readonly TimeSpan KeyInterval = TimeSpan.FromMilliseconds(50);

    private readonly InspectPrinter _printer = new(context);

    /// <returns>The exit code of the last command.</returns>
    /// <exception cref="CliException">Nobody answers at the start, or not to this user.</exception>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        var commands = new List<CommandHelp>();
        await client.RunAsync(["help"], json: true, reply =>
        {
            if (reply.Data?.Deserialize<CommandHelp>(ApiJson.Options) is { } command) commands.Add(command);
        }, cancel);
        var completion = new InspectCompletion(commands);
        using var terminal = context.IsInteractive ? new Terminal() : null;
        var editor = terminal is null
            ? null
            : new LineEditor(
                terminal.ReadKey, context.Out, Terminal.Width, completion.Find);
        if (editor is not null)
            context.Out.WriteLine("'help' lists the commands, Tab completes, Ctrl+C ends a command, 'exit' ends this");
        var exit = ExitCodes.Done;
        while (!cancel.IsCancellationRequested)
        {
            var line = editor is null ? await context.In.ReadLineAsync(cancel) : editor.Read($"{client.Where}> ");
            if (line is null) break;
            var words = CommandWords.Split(line).ToList();
            if (words.Count == 0) continue;
            if (words is ["exit" or "quit"]) break;
            var json = words.RemoveAll(word => word == "--json") > 0;
            exit = await RunOneAsync(words, json, terminal, cancel);
        }

        return exit;
    }

    private async Task<int> RunOneAsync(List<string> words, bool json, Terminal? terminal, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            var running = _printer.RunAsync(client, words, json, stop.Token);
            while (terminal is not null && !running.IsCompleted)
            {
                if (terminal.IsInterrupted()) await stop.CancelAsync();
                await Task.WhenAny(running, Task.Delay(KeyInterval, CancellationToken.None));
            }

            return await running;
        }
        catch (CliException fault)
        {
            // The member may come back.
            context.Error.WriteLine($"stockpile: {Screen.OneLine(fault.Message)}");
            return fault.ExitCode;
        }
    }
}
