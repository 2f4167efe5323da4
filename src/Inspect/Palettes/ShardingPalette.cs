using System.Globalization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Stockpile.Core;
using Stockpile.Formats.Hocon;
using Stockpile.Inspect.Agent;
using Stockpile.Inspect.Catalogue;
using static Stockpile.Inspect.Catalogue.InspectCommand;

namespace Stockpile.Inspect.Palettes;

/// <summary>
/// Where shards and entities are, over the whole cluster. The counts of a region are its own: the coordinator asks all
/// regions, so every member gives the same answer, also one that has only a proxy.
/// </summary>
public static class ShardingPalette
{
    private static readonly TimeSpan StatsTimeout = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(5);

    private static readonly CommandArgument Region = new("region", "Name of the entity type, such as cell", "-r")
    {
        Mandatory = true,
    };

    public static Palette Create(ActorSystem system, IMembers members) => new(
        "cluster-sharding", "Regions, shards and entities of cluster sharding",
        [
            Look("list-regions", "The entity types that this member knows, with a region or a proxy", [],
                (_, answer, _) => ListAsync(system, answer)),
            Look("region-stats", "Each member's region: its shards and entities", [Region],
                (call, answer, cancel) => StatsAsync(system, call, answer, cancel)),
            Look("shards", "Each shard with its member and entities", [Region],
                (call, answer, cancel) => ShardsAsync(system, call, answer, cancel)),
            Look("entities", "Each entity with its shard and member",
                [Region, new("local", "Only those of the member that answers", "-l") { Flag = true }],
                (call, answer, cancel) => ShardingEntities.RunAsync(system, members, call, answer, cancel)),
        ]);

    /// <exception cref="CommandRefusedException">This member knows no such type.</exception>
    internal static IActorRef Find(ActorSystem system, CommandCall call)
    {
        var name = call.Get(Region.Name);
        var known = ShardingRegions.Of(system);
        if (known.All(r => r.Name != name))
            throw new CommandRefusedException($"{Cluster.Get(system).SelfAddress} knows no region "
                + $"'{Names.Shorten(name)}'{CommandCatalogue.Hint(name, known.Select(r => r.Name))}");
        var sharding = ClusterSharding.Get(system);
        return known.First(r => r.Name == name).IsProxy ? sharding.ShardRegionProxy(name) : sharding.ShardRegion(name);
    }

    internal static async Task<T> AskAsync<T>(IActorRef region, object question, CancellationToken cancel)
    {
        try
        {
            return await region.Ask<T>(question, AskTimeout, cancel);
        }
        catch (AskTimeoutException)
        {
            throw new CommandRefusedException(
                $"the region did not answer within {AskTimeout.TotalSeconds:0} s; its coordinator may be moving");
        }
    }

    private static async Task ListAsync(ActorSystem system, IAnswer answer)
    {
        foreach (var (name, isProxy) in ShardingRegions.Of(system))
        {
            var kind = isProxy ? "proxy" : "region";
            await answer.LineAsync($"{name} | {kind}", new { Region = name, Kind = kind });
        }
    }

    private static async Task StatsAsync(
        ActorSystem system, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var (stats, coordinator) = await RegionsAsync(system, call, cancel);
        foreach (var (address, region) in stats)
        {
            var (shards, entities) = (region.Stats.Count, region.Stats.Values.Sum());
            var isCoordinator = address.Equals(coordinator);
            var mark = isCoordinator ? "[coordinator] " : "";
            var failed = region.Failed.Count > 0 ? $" | {region.Failed.Count} shards did not answer" : "";
            await answer.LineAsync(
                $"{address} | {mark}| shards: {shards} | entities: {entities}{failed}",
                new
                {
                    Member = address.ToString(), Coordinator = isCoordinator, Shards = shards, Entities = entities,
                    ShardsSilent = region.Failed.Count,
                });
        }

        await answer.LineAsync($"Counts of {stats.Length} regions, each by itself; asked through the coordinator"
            + (coordinator is null ? "" : $" on {coordinator}"));
    }

    private static async Task ShardsAsync(
        ActorSystem system, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var (stats, _) = await RegionsAsync(system, call, cancel);
        var shards = stats.SelectMany(s => s.Value.Stats.Select(x => (Shard: x.Key, Member: s.Key, Count: x.Value)))
            .OrderBy(s => int.TryParse(s.Shard, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1)
            .ThenBy(s => s.Shard, StringComparer.Ordinal).ToArray();
        foreach (var (shard, member, count) in shards)
            await answer.LineAsync($"{shard} | {member} | entities: {count}",
                new { Shard = shard, Member = member.ToString(), Entities = count });
        await answer.LineAsync($"Count: {shards.Length} shards");
    }

    /// <summary>Every region's counts by its member, and where the coordinator is.</summary>
    private static async Task<(KeyValuePair<Address, ShardRegionStats>[] Regions, Address? Coordinator)> RegionsAsync(
        ActorSystem system, CommandCall call, CancellationToken cancel)
    {
        var region = Find(system, call);
        var stats = await AskAsync<ClusterShardingStats>(region, new GetClusterShardingStats(StatsTimeout), cancel);
        var regions = stats.Regions.OrderBy(r => r.Key.ToString(), StringComparer.Ordinal).ToArray();
        if (regions.Length == 0)
            throw new CommandRefusedException(
                "no region answered: the coordinator is not known here yet, or it is moving; ask again");
        // The coordinator is a singleton, and a singleton runs on the oldest member of those that may run it.
        var coordinator = Cluster.Get(system).State.Members
            .Where(m => regions.Any(r => r.Key.Equals(m.Address)))
            .Where(m => m.Status is MemberStatus.Up or MemberStatus.Leaving)
            .Order(Member.AgeOrdering).FirstOrDefault();
        return (regions, coordinator?.Address);
    }
}
