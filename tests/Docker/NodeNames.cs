namespace Stockpile.Docker.Tests;

/// <summary>The nodes that the compose file brings: groups of two hosts with four nodes each.</summary>
internal static class NodeNames
{
    private static readonly string[] Tiers = ["frontier", "advanced", "standard", "basic"];

    public static IReadOnlySet<string> All { get; } =
        Tiers.SelectMany(tier => new[] { 1, 2 }.SelectMany(host => Of(tier, host))).ToHashSet();

    public static IEnumerable<string> Of(string tier, int host) =>
        Enumerable.Range(1, 4).Select(node => $"{tier}-{host}-{node:00}");
}
