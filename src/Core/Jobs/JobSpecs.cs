namespace Stockpile.Core.Jobs;

/// <summary>Comparison by value, which records with lists and maps do not have by themselves.</summary>
public static class JobSpecs
{
    public static bool Same(JobSpec a, JobSpec b) =>
        a with { Tiers = b.Tiers, Models = b.Models, Labels = b.Labels } == b
        && a.Tiers.SequenceEqual(b.Tiers, StringComparer.Ordinal)
        && a.Models.SequenceEqual(b.Models, StringComparer.Ordinal)
        && SameMap(a.Labels, b.Labels);

    public static bool SameMap(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b)
    {
        if (a.Count != b.Count) return false;
        foreach (var (key, value) in a)
            if (!b.TryGetValue(key, out var other) || other != value) return false;
        return true;
    }

    /// <summary>Least that one step of the job needs: the smallest gang, or one task.</summary>
    public static int LeastMilli(JobSpec spec) => spec.Kind == JobKind.Training
        ? spec.LeastDevices * Limits.MilliPerDevice
        : spec.ShareMilli > 0 ? spec.ShareMilli : spec.Devices * Limits.MilliPerDevice;
}
