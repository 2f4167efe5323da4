using System.Text.Json;
using Stockpile.Cli.Output;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Client;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Inspect;

/// <summary>
/// Interactive mode: one command per line until <c>exit</c> or the end of the input. On a terminal with history and
/// completion, and Ctrl+C ends the running command; elsewhere it reads lines as they are.
/// </summary>
internal sealed class InspectShell(CliContext context, string host, int port)
{
    private static readonly TimeSpan KeyInterval = TimeSpan.FromMilliseconds(50);

    private readonly InspectPrinter _printer = new(context);
    private InspectorClient? _client;
    private InspectCompletion _completion = new([]);

    /// <returns>The exit code of the last command; 3 where nobody could be reached at the start.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        try
        {
            await ConnectAsync(cancel);
        }
        catch (InspectorUnreachableException fault)
        {
            throw new CliException(ExitCodes.Unreachable, fault.Message);
        }

        try
        {
            return await LoopAsync(cancel);
        }
        finally
        {
            if (_client is not null) await _client.DisposeAsync();
        }
    }

    private async Task<int> LoopAsync(CancellationToken cancel)
    {
        using var terminal = context.IsInteractive ? new Terminal() : null;
        var editor = terminal is null
            ? null
            : new LineEditor(
                terminal.ReadKey, context.Out, Terminal.Width, (before, word) => _completion.Find(before, word));
        if (editor is not null)
            context.Out.WriteLine("'help' lists the commands, Tab completes, Ctrl+C ends a command, 'exit' ends this");
        var exit = ExitCodes.Done;
        while (!cancel.IsCancellationRequested)
        {
            var line = editor is null ? await context.In.ReadLineAsync(cancel) : editor.Read($"{host}:{port}> ");
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
            await ConnectAsync(cancel);
            var running = _printer.RunAsync(_client!, words, json, stop.Token);
            while (terminal is not null && !running.IsCompleted)
            {
                if (terminal.IsInterrupted()) await stop.CancelAsync();
                await Task.WhenAny(running, Task.Delay(KeyInterval, CancellationToken.None));
            }

            return await running;
        }
        catch (InspectorUnreachableException fault)
        {
            // The member may come back; the next command connects anew.
            if (_client is not null) await _client.DisposeAsync();
            _client = null;
            context.Error.WriteLine($"stockpile: {Screen.OneLine(fault.Message)}");
            return ExitCodes.Unreachable;
        }
    }

    /// <summary>Connects where there is no connection, and learns what can be completed.</summary>
    private async Task ConnectAsync(CancellationToken cancel)
    {
        if (_client is not null) return;
        var client = await InspectorClient.ConnectAsync(host, port, cancel);
        var commands = new List<CommandHelp>();
        await client.RunAsync(["help"], json: true, reply =>
        {
            if (reply.Data?.Deserialize<CommandHelp>(ApiJson.Options) is { } command) commands.Add(command);
        }, cancel);
        _completion = new InspectCompletion(commands);
        _client = client;
    }
}
