using System.Text.Json;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Stockpile.Inspect.Agent;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Inspect.Palettes;

/// <summary><c>cluster-sharding entities</c>: only a region knows its entities, so each member is asked.</summary>
internal static class ShardingEntities
{
    public static async Task RunAsync(
        ActorSystem system, IMembers members, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var region = ShardingPalette.Find(system, call);
        if (call.Has("local"))
        {
            foreach (var row in await LocalAsync(system, region, cancel)) await TellAsync(answer, row);
            return;
        }

        var regions = await ShardingPalette.AskAsync<CurrentRegions>(region, GetCurrentRegions.Instance, cancel);
        var addresses = regions.Regions.Select(a => a.ToString()).ToHashSet(StringComparer.Ordinal);
        var hosts = members.All().Where(m => addresses.Contains(m.Address)).ToArray();
        string[] words = [call.Palette.Name, call.Command.Name, "-r", call.Get("region"), "-l"];
        var asked = hosts.Select(async host =>
        {
            if (host.Address == members.Self.Address)
                return new Asked(host, await LocalAsync(system, region, cancel), null);
            var rows = new Rows();
            var result = await members.RunAsync(host, words, rows, cancel);
            return new Asked(host, rows.All, result.Error);
        });
        var answers = await Task.WhenAll(asked);
        var all = answers.SelectMany(a => a.Rows).OrderBy(r => r.Entity, StringComparer.Ordinal).ToArray();
        foreach (var row in all) await TellAsync(answer, row);
        await answer.LineAsync($"Count: {all.Length} entities on {answers.Count(a => a.Error is null)} members");
        foreach (var (host, _, error) in answers.Where(a => a.Error is not null))
            await answer.LineAsync($"missing: those of {host.Address}: {error}",
                new { Missing = host.Address, Error = error });
    }

    private static async Task<IReadOnlyList<Row>> LocalAsync(
        ActorSystem system, IActorRef region, CancellationToken cancel)
    {
        var state = await ShardingPalette.AskAsync<CurrentShardRegionState>(
            region, GetShardRegionState.Instance, cancel);
        var self = Cluster.Get(system).SelfAddress.ToString();
        return [.. state.Shards.SelectMany(s => s.EntityIds.Select(id => new Row(id, s.ShardId, self)))
            .OrderBy(r => r.Entity, StringComparer.Ordinal)];
    }

    private static ValueTask TellAsync(IAnswer answer, Row row) =>
        answer.LineAsync($"{row.Entity} | shard: {row.Shard} | {row.Member}", row);

    private sealed record Asked(MemberName Host, IReadOnlyList<Row> Rows, string? Error);

    private sealed record Row(string Entity, string Shard, string Member);

    private sealed class Rows : IAnswer
    {
        public List<Row> All { get; } = [];

        public ValueTask LineAsync(string text, object? data = null)
        {
            if (data is JsonElement json && json.Deserialize<Row>(ApiJson.Options) is { } row) All.Add(row);
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>The regions and proxies of a member.</summary>
internal static class ShardingRegions
{
    private const string ProxySuffix = "Proxy";

    /// <summary>By name; of a type with both, the region.</summary>
    public static IReadOnlyList<(string Name, bool IsProxy)> Of(ActorSystem system)
    {
        var regions = ClusterSharding.Get(system).ShardTypeNames;
        // The extension lists no proxies; their actors stand beside the regions and carry the type's name.
        var proxies = ActorTree.ChildrenOf(ActorTree.Find(system, "/system/sharding"))
            .Select(child => Uri.UnescapeDataString(child.Path.Name))
            .Where(name => name.EndsWith(ProxySuffix, StringComparison.Ordinal))
            .Select(name => name[..^ProxySuffix.Length]);
        return [.. regions.Select(name => (name, false))
            .Concat(proxies.Where(name => !regions.Contains(name)).Select(name => (name, true)))
            .OrderBy(r => r.Item1, StringComparer.Ordinal)];
    }
}
