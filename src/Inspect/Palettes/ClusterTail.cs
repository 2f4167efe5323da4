using System.Globalization;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Cluster;
using Stockpile.Core;
using Stockpile.Inspect.Catalogue;

namespace Stockpile.Inspect.Palettes;

/// <summary><c>cluster tail</c>: the state first, then every change of it.</summary>
internal static class ClusterTail
{
    public static async Task RunAsync(ActorSystem system, IAnswer answer, CancellationToken cancel)
    {
        // A reader that is too slow loses the oldest; a member that waits for it would be worse.
        var events = Channel.CreateBounded<object>(new BoundedChannelOptions(InspectLimits.LinesWaitingMax)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
        });
        var ear = system.ActorOf(Props.Create(() => new Ear(events.Writer)));
        try
        {
            await foreach (var change in events.Reader.ReadAllAsync(cancel))
            {
                foreach (var (what, member, detail) in Told(change))
                {
                    var at = DateTimeOffset.UtcNow;
                    var text = at.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)
                        + $" {what} {member}{(detail.Length > 0 ? " " + detail : "")}";
                    await answer.LineAsync(text, new { At = at, What = what, Member = member, Detail = detail });
                }
            }
        }
        finally
        {
            system.Stop(ear);
        }
    }

    private static IEnumerable<(string What, string Member, string Detail)> Told(object change)
    {
        switch (change)
        {
            case ClusterEvent.CurrentClusterState state:
                foreach (var member in state.Members.OrderBy(m => m.Address.ToString(), StringComparer.Ordinal))
                {
                    var what = state.Unreachable.Contains(member) ? "unreachable" : ClusterPalette.Status(member);
                    yield return (what, member.Address.ToString(), Roles(member));
                }

                yield return ("leader", state.Leader?.ToString() ?? "none", "");
                break;
            case ClusterEvent.MemberRemoved removed:
                var before = removed.PreviousStatus.ToString().ToLowerInvariant();
                yield return ("removed", removed.Member.Address.ToString(), $"{Roles(removed.Member)} after {before}");
                break;
            case ClusterEvent.IMemberEvent e:
                yield return (ClusterPalette.Status(e.Member), e.Member.Address.ToString(), Roles(e.Member));
                break;
            case ClusterEvent.UnreachableMember e:
                yield return ("unreachable", e.Member.Address.ToString(), Roles(e.Member));
                break;
            case ClusterEvent.ReachableMember e:
                yield return ("reachable", e.Member.Address.ToString(), Roles(e.Member));
                break;
            case ClusterEvent.LeaderChanged e:
                yield return ("leader", e.Leader?.ToString() ?? "none", "");
                break;
        }
    }

    private static string Roles(Member member) => $"[{string.Join(",", ClusterPalette.Roles(member))}]";

    private sealed class Ear : ReceiveActor
    {
        private readonly Cluster _cluster = Cluster.Get(Context.System);

        public Ear(ChannelWriter<object> events) => ReceiveAny(e => events.TryWrite(e));

        protected override void PreStart() => _cluster.Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot,
            typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent),
            typeof(ClusterEvent.LeaderChanged));

        protected override void PostStop() => _cluster.Unsubscribe(Self);
    }
}
