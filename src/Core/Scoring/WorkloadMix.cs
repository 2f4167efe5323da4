namespace Stockpile.Core.Scoring;

/// <summary>Tasks that are alike, and how much of the work they are.</summary>
/// <param name="Models">Models they may run on; empty: any.</param>
/// <param name="Weight">Share of all tasks, 0..1.</param>
public sealed record MixEntry(TaskShape Shape, IReadOnlyList<string> Models, double Weight)
{
    public bool Allows(string model) => Models.Count == 0 || Models.Contains(model);
}

/// <summary>
/// What kind of tasks the future will bring, estimated from those of now: distinct (CPU, share, devices, models) by
/// frequency. Memory is left out. The term and the cut at 95 % are those of Weng et al., "Beware of Fragmentation",
/// USENIX ATC'23.
/// </summary>
public sealed class WorkloadMix
{
    public const double TypicalShare = 0.95;

    private WorkloadMix(IReadOnlyList<MixEntry> all, IReadOnlyList<MixEntry> typical)
    {
        All = all;
        Typical = typical;
        double cpu = 0;
        double milli = 0;
        foreach (var entry in all)
        {
            if (entry.Shape.DeviceMilli == 0) continue;
            cpu += entry.Weight * entry.Shape.CpuMilli;
            milli += entry.Weight * entry.Shape.DeviceMilli;
        }

        CpuPerDevice = milli > 0 ? cpu / milli * Limits.MilliPerDevice : 0;
    }

    public static WorkloadMix Empty { get; } = new([], []);

    /// <summary>All kinds of tasks, most frequent first; weights add up to 1.</summary>
    public IReadOnlyList<MixEntry> All { get; }

    /// <summary>The most frequent ones that are at least 95 % of the tasks; their weights add up to 1.</summary>
    public IReadOnlyList<MixEntry> Typical { get; }

    /// <summary>Milli-CPU that goes with one whole device of work, on average.</summary>
    public double CpuPerDevice { get; }

    /// <param name="tasks">Shape, allowed models (empty: any), and how many of them.</param>
    public static WorkloadMix Of(IEnumerable<(TaskShape Shape, IReadOnlyList<string> Models, long Count)> tasks)
    {
        var counts = new Dictionary<(TaskShape, string), (IReadOnlyList<string> Models, long Count)>();
        long total = 0;
        foreach (var (shape, models, count) in tasks)
        {
            var sorted = models.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
            var key = (shape with { MemoryMiB = 0 }, string.Join('|', sorted));
            counts[key] = counts.TryGetValue(key, out var known)
                ? (known.Models, known.Count + count)
                : (sorted, count);
            total += count;
        }

        if (total == 0) return Empty;
        var all = counts
            .OrderByDescending(c => c.Value.Count)
            .ThenBy(c => c.Key.Item1.CpuMilli)
            .ThenBy(c => c.Key.Item1.DeviceMilli)
            .ThenBy(c => c.Key.Item2, StringComparer.Ordinal)
            .Select(c => new MixEntry(c.Key.Item1, c.Value.Models, c.Value.Count / (double)total))
            .ToList();
        var typical = new List<MixEntry>();
        double sum = 0;
        foreach (var entry in all)
        {
            typical.Add(entry);
            sum += entry.Weight;
            if (sum >= TypicalShare - 1e-12) break;
        }

        return new WorkloadMix(all, typical.ConvertAll(e => e with { Weight = e.Weight / sum }));
    }
}
