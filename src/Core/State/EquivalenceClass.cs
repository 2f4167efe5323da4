using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>
/// Jobs that are alike for placement: the same kind, priority, size and alternatives. If one of them finds no room,
/// none of them does until a device is freed, so a round costs as much as there are classes, not jobs.
/// </summary>
public sealed class EquivalenceClass
{
    internal EquivalenceClass(string key, JobSpec first, IReadOnlyList<Alternative> alternatives)
    {
        Key = key;
        First = first;
        Alternatives = alternatives;
        Home = [.. alternatives.Where(a => !a.Guest)];
        Guest = [.. alternatives.Where(a => a.Guest)];
        Models = ModelsOf(alternatives);
    }

    public string Key { get; }

    /// <summary>One of its jobs; they all have this shape.</summary>
    internal JobSpec First { get; }

    /// <summary>Models in order of preference.</summary>
    public IReadOnlyList<Alternative> Alternatives { get; }

    public IReadOnlyList<Alternative> Home { get; }

    public IReadOnlyList<Alternative> Guest { get; }

    /// <summary>The alternatives in a text.</summary>
    internal string Models { get; }

    /// <summary>Jobs of the cell that are of this class, ended ones included.</summary>
    internal int Members { get; set; }

    /// <summary>Tasks of those jobs; see <see cref="ExpectedWork"/>.</summary>
    internal long ExpectedTasks { get; set; }

    /// <summary>Waiting jobs by tenant; a tenant without any has no lane.</summary>
    internal SortedDictionary<string, TenantLane> Lanes { get; } = new(StringComparer.Ordinal);

    /// <summary>When it is tried again, if it found no room.</summary>
    public Retry Retry { get; private set; } = Retry.Now;

    /// <summary>What a cycle found. Only a round writes, so it takes one as a proof.</summary>
    public void Become(RoundWriter round, Retry next)
    {
        ArgumentNullException.ThrowIfNull(round);
        Retry = next;
    }

    internal void Joined() => Retry = Retry.Joined();

    public bool IsBlocked(CapacityIndex index, long promises, DateTimeOffset now) =>
        Retry.IsInVain(Alternatives, index, promises, now);

    internal static string KeyOf(JobSpec spec, IReadOnlyList<Alternative> alternatives)
    {
        // No name or label holds a line break, so no two sets of labels read the same.
        var labels = string.Join('\n', spec.Labels.OrderBy(l => l.Key, StringComparer.Ordinal)
            .Select(l => $"{l.Key}={l.Value}"));
        return $"{spec.Kind}|{spec.Priority}|{spec.Devices}|{spec.ShareMilli}|{spec.PerNode}|"
            + $"{spec.MinDevices}|{spec.MaxDevices}|"
            + $"{spec.TopologyRequired}|{spec.TopologyPreferred}|{spec.CpuMilli}|{spec.MemoryMiB}|"
            + $"{ModelsOf(alternatives)}|{labels}";
    }

    private static string ModelsOf(IReadOnlyList<Alternative> alternatives) =>
        string.Join(',', alternatives.Select(a => a.Guest ? a.Model + "*" : a.Model));
}
