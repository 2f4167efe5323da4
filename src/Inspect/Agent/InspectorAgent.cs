using System.Threading.Channels;
using Akka.Actor;
using Stockpile.Core;
using Stockpile.Inspect.Catalogue;
using Stockpile.Protocol.V1;

namespace Stockpile.Inspect.Agent;

/// <summary>
/// The inspector of one member towards the others, at <c>/user/inspector</c>: it runs commands that they send, and is
/// the parent of the actors that wait for answers of theirs. It only passes messages on; commands run on the thread
/// pool, so no dispatcher of the scheduler ever waits for one.
/// </summary>
public sealed class InspectorAgent : ReceiveActor
{
    public const string ActorName = "inspector";

    private readonly HashSet<IActorRef> _sessions = [];

    public InspectorAgent(Func<CommandRunner> runner)
    {
        Receive<RunCommand>(run =>
        {
            if (Refusal(run) is { } refusal)
            {
                Sender.Tell(new CommandLines
                {
                    Id = run.Id, Done = true, Exit = CommandResult.RefusedExit, Error = refusal,
                });
                return;
            }

            var session = Context.ActorOf(CommandSession.Props(runner(), run, Sender));
            _sessions.Add(session);
            Context.Watch(session);
        });
        Receive<Terminated>(gone => _sessions.Remove(gone.ActorRef));
        Receive<StartRemoteCommand>(start => Context.ActorOf(RemoteCommand.Props(start)));
        // Of a command that ended meanwhile.
        Receive<MoreLines>(_ => { });
        Receive<CancelCommand>(_ => { });
    }

    public static Props Props(Func<CommandRunner> runner) =>
        Akka.Actor.Props.Create(() => new InspectorAgent(runner));

    // A session or a call that broke is not worth a second try: whoever asked is told or runs into its time-out.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private string? Refusal(RunCommand run)
    {
        if (_sessions.Count >= InspectLimits.SessionsMax)
            return $"this member runs {_sessions.Count} commands for others already, which is the most it does";
        return run.Words.Count > InspectLimits.WordsMax
            ? $"the command has {run.Words.Count} words; allowed: at most {InspectLimits.WordsMax}"
            : null;
    }
}

/// <summary>Asks the agent of this member to run a command on another one.</summary>
/// <param name="Batches">Gets each message of lines; the next comes after <see cref="RemoteBatch.Next"/>.</param>
/// <param name="AnswerTimeout">How long the first message may take, in real time.</param>
internal sealed record StartRemoteCommand(
    MemberName Member, IReadOnlyList<string> Words, ChannelWriter<RemoteBatch> Batches, TimeSpan AnswerTimeout,
    CancellationToken Cancel) : INoSerializationVerificationNeeded;

internal sealed record RemoteBatch(CommandLines Lines, Action Next);
