using System.CommandLine;
using Stockpile.Cli.Output;

namespace Stockpile.Cli.Client;

/// <summary>What a verb that talks to the cluster works with.</summary>
internal sealed record Session(StockpileClient Client, Screen Screen, bool Json, CliContext Context)
{
    /// <summary>The server's own document with <c>--json</c>, else the view for people.</summary>
    public int Show<T>(Answer<T> answer, Action<Screen, T> view)
    {
        if (Json) Screen.Json(answer.Raw);
        else view(Screen, answer.Value);
        return ExitCodes.Done;
    }
}

/// <summary>A verb over HTTP: its command, and the options that all of them have.</summary>
internal sealed class ClientVerb
{
    private readonly ServerOptions _server = new();

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON document" };

    private readonly CliContext _context;

    public ClientVerb(CliContext context, string name, string description)
    {
        _context = context;
        Command = new Command(name, description);
    }

    public Command Command { get; }

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Ends the definition: adds the shared options after the verb's own, and what the verb does.</summary>
    public Command Runs(Func<ParseResult, Session, CancellationToken, Task<int>> run)
    {
        _server.AddTo(Command);
        Command.Add(_json);
        Command.SetAction(async (parsed, cancel) =>
        {
            using var client = new StockpileClient(_server.Read(parsed, _context), _context, Patience);
            var session = new Session(client, new Screen(_context), parsed.GetValue(_json), _context);
            return await run(parsed, session, cancel);
        });
        return Command;
    }

    /// <summary>A verb that takes one id.</summary>
    public static Command ForId(
        CliContext context, string name, string description, string what,
        Func<string, Session, CancellationToken, Task<int>> run)
    {
        var verb = new ClientVerb(context, name, description);
        var id = new Argument<string>("id") { Description = what };
        verb.Command.Add(id);
        return verb.Runs((parsed, session, cancel) =>
            run(Uri.EscapeDataString(parsed.GetRequiredValue(id)), session, cancel));
    }
}
