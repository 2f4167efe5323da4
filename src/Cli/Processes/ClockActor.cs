using Akka.Actor;
using Akka.Cluster;
using Stockpile.Hosting.Data;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Hosting;

namespace Stockpile.Cli.Processes;

/// <summary>Tells node processes the simulated time; at <c>/user/clock</c> of every scheduler process.</summary>
internal sealed class ClockActor : ReceiveActor
{
    public const string ActorName = "clock";

    public ClockActor(ScaledTimeProvider clock) => Receive<GetClock>(_ => Sender.Tell(new ClockReply
    {
        RealStartTicks = clock.RealStart.UtcTicks,
        SimulatedStartTicks = clock.SimulatedStart.UtcTicks,
        Speed = clock.Speed,
    }));

    public static Props Props(ScaledTimeProvider clock) => Akka.Actor.Props.Create(() => new ClockActor(clock));

    /// <summary>Asks the schedulers of the cluster, one after the other, until one answers.</summary>
    public static async Task<ScaledTimeProvider> AskAsync(ActorSystem system, CancellationToken cancel)
    {
        var cluster = Cluster.Get(system);
        while (true)
        {
            foreach (var member in cluster.State.Members)
            {
                if (member.Status != MemberStatus.Up || !member.HasRole(SchedulerHostingExtensions.Role)) continue;
                if (await TryAskAsync(system, member.Address, cancel) is { } clock) return clock;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
        }
    }

    private static async Task<ScaledTimeProvider?> TryAskAsync(
        ActorSystem system, Address scheduler, CancellationToken cancel)
    {
        try
        {
            var reply = await system.ActorSelection(new RootActorPath(scheduler) / "user" / ActorName)
                .Ask<ClockReply>(new GetClock(), TimeSpan.FromSeconds(2), cancel);
            return new ScaledTimeProvider(
                new DateTimeOffset(reply.RealStartTicks, TimeSpan.Zero),
                new DateTimeOffset(reply.SimulatedStartTicks, TimeSpan.Zero), reply.Speed);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
