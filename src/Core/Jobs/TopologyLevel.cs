namespace Stockpile.Core.Jobs;

/// <summary>Parts of a cell inside which nodes are close to each other, the smaller first.</summary>
public enum TopologyLevel
{
    /// <summary>Nowhere in particular.</summary>
    None,

    /// <summary>The nodes with the same labels <c>rack</c> and <c>pod</c>.</summary>
    Rack,

    /// <summary>The nodes with the same label <c>pod</c>.</summary>
    Pod,
}

/// <summary>Which rack and pod a node is in, by its labels.</summary>
public static class Topology
{
    public const string RackLabel = "rack";
    public const string PodLabel = "pod";

    /// <summary>Whether a label says where a node is, and not what it is.</summary>
    public static bool IsDomainLabel(string key) => key is RackLabel or PodLabel;

    /// <summary>
    /// A name of the domain that is the same for two nodes exactly when they share it; empty when the node's labels do
    /// not say. Racks of the same name in two pods are two racks.
    /// </summary>
    public static string DomainOf(IReadOnlyDictionary<string, string> labels, TopologyLevel level)
    {
        var pod = labels.GetValueOrDefault(PodLabel, "");
        if (level == TopologyLevel.Pod) return pod;
        return labels.TryGetValue(RackLabel, out var rack) && rack.Length > 0 ? $"{pod}\n{rack}" : "";
    }

    /// <summary>The level as files and answers write it.</summary>
    public static string Name(TopologyLevel level) => level switch
    {
        TopologyLevel.Rack => "rack",
        TopologyLevel.Pod => "pod",
        _ => "none",
    };
}
