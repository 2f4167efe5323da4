using Akka.Actor;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;
using Catalogue = Stockpile.Inspect.Catalogue;
using Props = Akka.Actor.Props;

namespace Stockpile.Pbm;

/// <summary>Takes the calls of one palette; each runs in a child, so that a long one holds up no other.</summary>
internal sealed class PaletteActor : CommandHandlerActor
{
    public PaletteActor(Catalogue.Palette palette, CommandPalette translated, Catalogue.CommandRunner runner)
        : base(translated)
    {
        foreach (var command in palette.Commands) Process(command.Name, call => Start(palette, call, runner));
    }

    private static void Start(Catalogue.Palette palette, Command call, Catalogue.CommandRunner runner)
    {
        var words = new List<string> { palette.Name, call.Name };
        foreach (var argument in call.Arguments)
        {
            words.Add(argument.Item1);
            // A switch that stands alone has no value, or an empty one.
            if (!string.IsNullOrEmpty(argument.Item2)) words.Add(argument.Item2);
        }

        var asker = Context.Sender;
        Context.ActorOf(Props.Create(() => new CallActor(words, asker, runner)));
    }
}

/// <summary>
/// One call: its lines go to whoever asked as they come, then one last response that names the member which answered.
/// The call is cancelled when whoever asked is gone, as after Ctrl+C.
/// </summary>
internal sealed class CallActor : ReceiveActor, IDisposable
{
    private readonly IReadOnlyList<string> _words;
    private readonly IActorRef _asker;
    private readonly Catalogue.CommandRunner _runner;
    private readonly CancellationTokenSource _cancel = new();

    public CallActor(IReadOnlyList<string> words, IActorRef asker, Catalogue.CommandRunner runner)
    {
        _words = words;
        _asker = asker;
        _runner = runner;
        Receive<Catalogue.CommandResult>(result =>
        {
            _asker.Tell(Last(result));
            Context.Stop(Self);
        });
        Receive<Status.Failure>(failure =>
        {
            _asker.Tell(new ErroredCommandResponse(failure.Cause.Message));
            Context.Stop(Self);
        });
        Receive<Terminated>(_ => Context.Stop(Self));
    }

    protected override void PreStart()
    {
        Context.Watch(_asker);
        _runner.RunAsync(_words, new Lines(_asker, Self), _cancel.Token).PipeTo(Self);
    }

    protected override void PostStop()
    {
        _cancel.Cancel();
        Dispose();
    }

    public void Dispose() => _cancel.Dispose();

    private static CommandResponse Last(Catalogue.CommandResult result) => result.Error is { } error
        ? new ErroredCommandResponse(error)
        : new CommandResponse($"answered by {result.Member}", true);

    /// <summary>A message may be told from any thread, so a line waits for no turn of the actor.</summary>
    private sealed class Lines(IActorRef asker, IActorRef self) : Catalogue.IAnswer
    {
        public ValueTask LineAsync(string text, object? data = null)
        {
            asker.Tell(new CommandResponse(text, false), self);
            return ValueTask.CompletedTask;
        }
    }
}
