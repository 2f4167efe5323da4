using Akka.Actor;
using Akka.Cluster.Sharding;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Hosting;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Hosting;

/// <summary>Key desks that move between members: what they have answered, they know afterwards.</summary>
public sealed class MovingDeskTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly string[] Keys = [.. Enumerable.Range(0, 300).Select(i => $"key-{i}")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_binding_is_known_after_a_scheduler_has_left_and_after_another_was_killed()
    {
        await using var members = new Members();
        var first = await members.StartSchedulerAsync();
        var second = await members.StartSchedulerAsync();
        var third = await members.StartSchedulerAsync();
        var bound = await BindAsync(first, "north");
        Assert.All(bound.Values, b => Assert.Equal(("north", 1), (b.Cell, b.Generation)));
        Assert.All((await BindAsync(second, "south")).Values,
            b => Assert.Equal(("north", 1, false), (b.Cell, b.Generation, b.IsNew)));

        await first.LeaveAsync();
        Assert.All((await BindAsync(second, "south")).Values,
            b => Assert.Equal(("north", 1, false), (b.Cell, b.Generation, b.IsNew)));

        // Two of three are a majority, so the last one needs company to go on.
        var fourth = await members.StartSchedulerAsync();
        await BindAsync(fourth, "south");
        await second.KillAsync();
        Assert.All((await BindAsync(third, "south")).Values,
            b => Assert.Equal(("north", 1, false), (b.Cell, b.Generation, b.IsNew)));
        Assert.Equal(Keys.Length, (await DirectoryOf(fourth).LookUpAsync(Keys)).Count);
        Assert.Empty(await DirectoryOf(fourth).LookUpAsync(["unknown"]));
        // Nothing but the desks' own rows is read and written as they move.
        Assert.All(members.Writers(), writer => Assert.DoesNotContain("sharding/key-desk", writer));
    }

    private static Task<IReadOnlyDictionary<string, KeyBinding>> BindAsync(Members.Scheduler member, string cell) =>
        DirectoryOf(member).BindAsync(Keys.Select(key => new KeyWish { Key = key, Cell = cell }));

    /// <summary>As a router asks: again, when no answer comes.</summary>
    private static KeyDirectory DirectoryOf(Members.Scheduler member)
    {
        var region = ClusterSharding.Get(member.System).ShardRegion(SchedulerHostingExtensions.DeskRegionName);
        return new KeyDirectory(async message =>
        {
            var since = TimeProvider.System.GetTimestamp();
            while (true)
            {
                try
                {
                    var reply = await region.Ask<IWireMessage>(message, TimeSpan.FromSeconds(1), Cancel);
                    if (reply is BindKeysReply) return reply;
                    await Task.Delay(100, Cancel);
                }
                catch (AskTimeoutException) when (TimeProvider.System.GetElapsedTime(since) < Patience)
                {
                    // It moves, or its process is gone.
                }
            }
        });
    }
}
