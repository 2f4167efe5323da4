using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>What makes nodes of a cell alike for routing.</summary>
/// <param name="Labels">Without those of <see cref="TopologyLevel"/>: every rack would be a group of its own.</param>
public sealed record NodeShape(
    string Model, string Tier, int Devices, int CpuMilli, long MemoryMiB, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>The labels of a node that tell shapes apart, in a fixed order.</summary>
    public static IReadOnlyDictionary<string, string> LabelsOf(IReadOnlyDictionary<string, string> labels)
    {
        if (labels.Count == 0) return JobSpec.NoLabels;
        var kept = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in labels)
            if (!Topology.IsDomainLabel(key)) kept.Add(key, value);
        return kept.Count == 0 ? JobSpec.NoLabels : kept;
    }
}
