using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;

namespace Stockpile.Scheduler.Hosting;

/// <summary>
/// Ends a member when a scheduler of its cluster says that it was put out. A process that slept learns of that too
/// late: answers of before wait in its sockets, so others seem to be there when they have long gone on without it, and
/// with them it counts itself among the majority and puts out the rest. Two clusters would then write to one journal,
/// each taking the cells from the other for as long as both run.
/// </summary>
internal sealed class PutOutMember : ReceiveActor
{
    public const string ActorName = "put-out-member";

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public PutOutMember() => Receive<ThisActorSystemQuarantinedEvent>(OnQuarantined);

    public static Props Props { get; } = Akka.Actor.Props.Create(() => new PutOutMember());

    protected override void PreStart() =>
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    /// <summary>One that is no member any more has no say: it may be the one that slept.</summary>
    private void OnQuarantined(ThisActorSystemQuarantinedEvent e)
    {
        if (_cluster.IsTerminated || !_cluster.State.Members.Any(m =>
            m.Address.Equals(e.RemoteAddress) && m.HasRole(SchedulerHostingExtensions.Role))) return;
        _log.Error("{0} has put this member out ({1}); it ends, to join again", e.RemoteAddress, _cluster.SelfAddress);
        _cluster.Down(_cluster.SelfAddress);
        // Each of the others says it.
        Context.Stop(Self);
    }
}
