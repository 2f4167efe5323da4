using System.Collections.Concurrent;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>The rules on where a job may run, written a second time and more plainly than in the core.</summary>
public static class Rules
{
    private static readonly ConcurrentDictionary<(string Model, string Tier), Accelerator> Chips = new();
    private static readonly List<string> TierNames = [.. RandomFleet.Catalog.Tiers.Select(t => t.Name)];

    /// <summary>The chip of a node: of the catalogue's tier, or a variant that is called after its own.</summary>
    public static Accelerator ChipOf(NodeAdmitted node)
    {
        return Chips.GetOrAdd((node.Model, node.Tier), key =>
        {
            var chip = RandomFleet.Catalog.Models.Single(m => m.Model == key.Model);
            return key.Tier.Length == 0 || key.Tier == chip.Tier
                ? chip
                : chip with { Model = $"{key.Model}@{key.Tier}", Tier = key.Tier };
        });
    }

    /// <summary>Whether the job may use the model at all, by its own wishes and the policy.</summary>
    public static bool Allows(JobSpec spec, Accelerator model, Policy policy)
    {
        if (model.MemoryMiB < spec.MinMemoryMiB) return false;
        if (spec.Kind != JobKind.Training && !spec.Guest && IsGuest(spec, model, policy)) return false;
        if (spec.Models.Count > 0)
            return spec.Models.Contains(model.Model) || spec.Models.Contains(model.Model.Split('@')[0]);
        if (spec.Tiers.Count > 0) return spec.Tiers.Contains(model.Tier);
        var kind = policy.For(spec.Kind);
        return kind.Tiers.Contains(model.Tier) || kind.GuestTiers.Contains(model.Tier);
    }

    /// <summary>A better tier than the best one at which its kind is at home; training is a guest nowhere.</summary>
    public static bool IsGuest(JobSpec spec, Accelerator model, Policy policy)
    {
        if (spec.Kind == JobKind.Training) return false;
        return policy.For(spec.Kind).Tiers.All(home => TierNames.IndexOf(model.Tier) < TierNames.IndexOf(home));
    }

    public static bool HasLabels(JobSpec spec, NodeAdmitted node) =>
        spec.Labels.All(l => node.Labels.TryGetValue(l.Key, out var value) && value == l.Value);

    /// <summary>The part of the cell that the whole gang has to share; empty: the node is in none.</summary>
    public static string Domain(JobSpec spec, NodeAdmitted node) => spec.TopologyRequired switch
    {
        TopologyLevel.Rack when node.Labels.ContainsKey("rack") =>
            $"{node.Labels.GetValueOrDefault("pod")}/{node.Labels["rack"]}",
        TopologyLevel.Rack => "",
        TopologyLevel.Pod => node.Labels.GetValueOrDefault("pod", ""),
        _ => "the cell",
    };

    public static int Least(JobSpec spec) => spec.MinDevices > 0 ? spec.MinDevices : spec.Devices;

    public static int Most(JobSpec spec) => Math.Max(spec.MaxDevices, spec.Devices);

    public static IEnumerable<int> DevicesOf(PlacedAllocation placed)
    {
        for (var device = 0; device < 32; device++)
            if ((placed.DeviceMask >> device & 1) == 1)
                yield return device;
    }

    public static int MilliOf(PlacedAllocation placed) => placed.ShareMilli > 0 ? placed.ShareMilli : 1_000;
}
