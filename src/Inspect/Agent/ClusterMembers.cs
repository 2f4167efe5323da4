using System.Text.Json;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Cluster;
using Stockpile.Inspect.Catalogue;

namespace Stockpile.Inspect.Agent;

/// <summary>The members as this one knows them, and its way to their agents.</summary>
/// <param name="answerTimeout">How long another member may take to say that it has a command; real time.</param>
public sealed class ClusterMembers(ActorSystem system, IActorRef agent, TimeSpan answerTimeout) : IMembers
{
    private readonly Cluster _cluster = Cluster.Get(system);

    public MemberName Self { get; } = new(
        Cluster.Get(system).SelfAddress.ToString(),
        [.. Cluster.Get(system).SelfRoles.Order(StringComparer.Ordinal)]);

    /// <summary>The name of a member, as all answers write it.</summary>
    public static MemberName NameOf(Member member) =>
        new(member.Address.ToString(), [.. member.Roles.Order(StringComparer.Ordinal)]);

    public IReadOnlyList<MemberName> All()
    {
        var known = _cluster.State.Members.Where(m => m.Status is not (MemberStatus.Removed or MemberStatus.Down))
            .Select(NameOf);
        // A member that has not joined yet answers for itself all the same.
        return [.. known.Append(Self).DistinctBy(m => m.Address).OrderBy(m => m.Address, StringComparer.Ordinal)];
    }

    public bool IsUp(MemberName member)
    {
        var state = _cluster.State;
        return state.Members.Any(m => m.Address.ToString() == member.Address && m.Status is MemberStatus.Up)
            && state.Unreachable.All(m => m.Address.ToString() != member.Address);
    }

    public async Task<CommandResult> RunAsync(
        MemberName member, IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel)
    {
        // The reader may give up while the actor still runs; then the actor has to hear of it.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // Unbounded by its type, but the other side sends one message at a time.
        var batches = Channel.CreateUnbounded<RemoteBatch>(new UnboundedChannelOptions { SingleReader = true });
        agent.Tell(new StartRemoteCommand(member, words, batches.Writer, answerTimeout, stop.Token));
        try
        {
            await foreach (var (lines, next) in batches.Reader.ReadAllAsync(cancel))
            {
                foreach (var line in lines.Lines) await answer.LineAsync(
                    line.Text, line.Data.Length == 0 ? null : JsonSerializer.Deserialize<JsonElement>(line.Data));
                if (lines.Done)
                    return new CommandResult(lines.Exit, lines.Error.Length > 0 ? lines.Error : null, member);
                next();
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return CommandResult.Done with { Member = member };
        }
        finally
        {
            await stop.CancelAsync();
        }

        return cancel.IsCancellationRequested
            ? CommandResult.Done with { Member = member }
            : new CommandResult(CommandResult.UnreachableExit, $"the call to {member.Address} broke off", member);
    }
}
