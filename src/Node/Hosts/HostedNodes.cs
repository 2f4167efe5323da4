using Stockpile.Core;
using Stockpile.Core.Fleets;

namespace Stockpile.Node.Hosts;

/// <summary>What nodes a host accepts, checked before it starts so that the fault is named where it was made.</summary>
public static class HostedNodes
{
    /// <exception cref="ArgumentException">The nodes cannot be hosted; the message says which and why.</exception>
    public static void Check(string hostName, IReadOnlyList<NodeSpec> nodes, Catalog catalog)
    {
        if (!Names.IsName(hostName))
            throw new ArgumentException($"the host name '{Names.Shorten(hostName)}' is not {Names.Rule}");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            if (!Names.IsName(node.Id) || !Names.IsName(node.Cell))
                throw new ArgumentException(
                    $"node '{Names.Shorten(node.Id)}' of cell '{Names.Shorten(node.Cell)}': a name is {Names.Rule}");
            if (!seen.Add(node.Id)) throw new ArgumentException($"node {node.Id} stands twice");
            if (node.Devices is < 0 or > Limits.DevicesPerNodeMax)
                throw new ArgumentException(
                    $"node {node.Id} has {node.Devices} devices; 0 to {Limits.DevicesPerNodeMax} are allowed");
            if (catalog.Find(node.Model) is not { } model || model.Model != node.Model || model.IsVariant)
                throw new ArgumentException(
                    $"node {node.Id} has the unknown model {node.Model}; known are {catalog.ModelNames}");
            if (node.Tier.Length > 0 && catalog.FindTier(node.Tier) is null)
                throw new ArgumentException(
                    $"node {node.Id} has the unknown tier {node.Tier}; known are {catalog.TierNames}");
        }
    }
}
