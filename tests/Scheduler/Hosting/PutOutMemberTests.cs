using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;

namespace Stockpile.Scheduler.Tests.Hosting;

/// <summary>
/// A member that was put out while it slept: what it sees of the others may be from before, so it believes the first
/// scheduler that says so, and no decision of its own.
/// </summary>
public sealed class PutOutMemberTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_member_whom_a_scheduler_has_put_out_ends()
    {
        await using var members = new Members();
        var first = (await members.StartSchedulerAsync()).System;
        var second = (await members.StartSchedulerAsync()).System;
        await members.StartNodeHostAsync("host-1", []);
        var host = members.Systems[2];

        // As the first does with each member that it removes.
        ((IRemoteActorRefProvider)((ExtendedActorSystem)first).Provider).Transport.Quarantine(
            Cluster.Get(second).SelfAddress, AddressUidExtension.Uid(second));
        await EndsAsPutOutAsync(second);
        host.EventStream.Publish(new ThisActorSystemQuarantinedEvent(
            Cluster.Get(host).SelfAddress, Cluster.Get(first).SelfAddress));
        await EndsAsPutOutAsync(host);
        Assert.False(first.WhenTerminated.IsCompleted);
    }

    [Fact]
    public async Task One_that_is_no_member_and_one_that_is_no_scheduler_have_no_say()
    {
        await using var members = new Members();
        var scheduler = (await members.StartSchedulerAsync()).System;
        await members.StartNodeHostAsync("host-1", []);
        var host = Cluster.Get(members.Systems[1]).SelfAddress;
        var self = Cluster.Get(scheduler).SelfAddress;

        foreach (var address in new[] { host, self.WithPort(1) })
            scheduler.EventStream.Publish(new ThisActorSystemQuarantinedEvent(self, address));
        await scheduler.ActorSelection("/user/put-out-member").ResolveOne(Patience, Cancel);
        // Nobody can join by a member that ends.
        await members.StartSchedulerAsync();
        Assert.False(scheduler.WhenTerminated.IsCompleted);
    }

    private static async Task EndsAsPutOutAsync(ActorSystem member)
    {
        await member.WhenTerminated.WaitAsync(Patience, Cancel);
        Assert.IsType<CoordinatedShutdown.ClusterDowningReason>(CoordinatedShutdown.Get(member).ShutdownReason);
    }
}
