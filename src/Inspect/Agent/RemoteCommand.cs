using Akka.Actor;
using Stockpile.Inspect.Catalogue;
using Stockpile.Protocol.V1;

namespace Stockpile.Inspect.Agent;

/// <summary>One command that runs on another member, as the asking member sees it.</summary>
internal sealed class RemoteCommand : ReceiveActor, IWithTimers
{
    private readonly StartRemoteCommand _start;
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly ActorSelection _agent;
    private CancellationTokenRegistration _registration;
    private IActorRef? _session;
    private bool _done;

    public RemoteCommand(StartRemoteCommand start)
    {
        _start = start;
        _agent = Context.ActorSelection($"{start.Member.Address}/user/{InspectorAgent.ActorName}");
        Receive<CommandLines>(lines => lines.Id == _id, Take);
        Receive<TakeNext>(_ => _session?.Tell(new MoreLines { Id = _id }));
        Receive<Cancelled>(_ => Context.Stop(Self));
        Receive<Silent>(_ => End(
            $"no answer within {start.AnswerTimeout.TotalSeconds:0.#} s from {start.Member.Address}"));
        Receive<Terminated>(_ => End($"{start.Member.Address} went away while it answered"));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(StartRemoteCommand start) => Akka.Actor.Props.Create(() => new RemoteCommand(start));

    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(Silent), new Silent(), _start.AnswerTimeout);
        var self = Self;
        _registration = _start.Cancel.Register(() => self.Tell(new Cancelled()));
        var run = new RunCommand { Id = _id };
        run.Words.AddRange(_start.Words);
        _agent.Tell(run);
    }

    protected override void PostStop()
    {
        _registration.Dispose();
        if (!_done) _session?.Tell(new CancelCommand { Id = _id });
        _start.Batches.TryComplete();
    }

    private void Take(CommandLines lines)
    {
        if (_session is null)
        {
            Timers.Cancel(nameof(Silent));
            _session = Sender;
            Context.Watch(_session);
        }

        var self = Self;
        _start.Batches.TryWrite(new RemoteBatch(lines, () => self.Tell(new TakeNext())));
        if (!lines.Done) return;
        _done = true;
        Context.Unwatch(_session);
        Context.Stop(Self);
    }

    private void End(string error)
    {
        var last = new CommandLines { Id = _id, Done = true, Exit = CommandResult.UnreachableExit, Error = error };
        _start.Batches.TryWrite(new RemoteBatch(last, () => { }));
        Context.Stop(Self);
    }

    private sealed record TakeNext;

    private sealed record Cancelled;

    private sealed record Silent;
}
