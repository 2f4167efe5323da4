using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace Stockpile.Scheduler.Hosting;

/// <summary>
/// Ends a member that runs no cells when the last scheduler has left its cluster, or was put out of it. Schedulers that
/// start later look for one another and form a cluster of their own, and would never hear of this member; started anew,
/// it joins them. Until it has seen a scheduler it waits.
/// </summary>
internal sealed class StrandedMember : ReceiveActor, IWithTimers
{
    public const string ActorName = "stranded-member";

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>By events alone: what <see cref="Cluster.State"/> says may be older than the event at hand. One that is
    /// out of sight counts, as long as nobody has decided that it is gone.</summary>
    private readonly HashSet<UniqueAddress> _schedulers = [];

    /// <param name="after">How long none has to be there.</param>
    public StrandedMember(TimeSpan after)
    {
        Receive<ClusterEvent.IMemberEvent>(e => Follow(e, after));
        Receive<Stranded>(_ =>
        {
            _log.Error("no scheduler is left in the cluster of {0}; it ends, to join those that start",
                _cluster.SelfAddress);
            CoordinatedShutdown.Get(Context.System).Run(NoSchedulerLeft.Instance);
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(TimeSpan after) => Akka.Actor.Props.Create(() => new StrandedMember(after));

    protected override void PreStart() => _cluster.Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    private void Follow(ClusterEvent.IMemberEvent e, TimeSpan after)
    {
        if (!e.Member.HasRole(SchedulerHostingExtensions.Role)) return;
        if (e is not (ClusterEvent.MemberDowned or ClusterEvent.MemberRemoved))
        {
            _schedulers.Add(e.Member.UniqueAddress);
            Timers.Cancel(Stranded.Instance);
        }
        else if (_schedulers.Remove(e.Member.UniqueAddress) && _schedulers.Count == 0)
        {
            Timers.StartSingleTimer(Stranded.Instance, Stranded.Instance, after);
        }
    }

    private sealed class Stranded
    {
        public static readonly Stranded Instance = new();
    }
}

/// <summary>Why a member ended: no scheduler was left in its cluster.</summary>
public sealed class NoSchedulerLeft : CoordinatedShutdown.Reason
{
    public static readonly NoSchedulerLeft Instance = new();

    /// <inheritdoc/>
    public override int ExitCode => 1;

    private NoSchedulerLeft()
    {
    }
}
