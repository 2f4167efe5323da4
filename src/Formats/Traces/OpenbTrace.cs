using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;

namespace Stockpile.Formats.Traces;

/// <summary>
/// Reads the openb trace (Alibaba cluster-trace-gpu-v2023; Weng et al., USENIX ATC'23). Every pod becomes a batch job
/// of one task, a guest wherever it runs. The service class becomes the priority: <c>Guaranteed</c> is high, <c>LS</c>
/// (latency sensitive) normal, <c>Burstable</c> and <c>BE</c> (best effort) low.
/// </summary>
public static class OpenbTrace
{
    public const int CellsDefault = 3;

    /// <summary>A cell is named by one letter.</summary>
    public const int CellsMax = 26;

    /// <summary>What a source starts with to be read as this trace.</summary>
    public const string Prefix = "openb:";

    /// <summary>Run time of a pod in the lists that have no times.</summary>
    public static readonly TimeSpan DurationDefault = TimeSpan.FromHours(1);

    /// <summary>Time from one pod to the next in the lists that have no times.</summary>
    public static readonly TimeSpan ArrivalStepDefault = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DurationMin = TimeSpan.FromSeconds(1);
    private static readonly string[] NodeColumns = ["sn", "cpu_milli", "memory_mib", "gpu", "model"];
    private static readonly string[] PodColumns = ["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"];
    private static readonly string[] AnyTier = ["basic", "standard", "advanced", "frontier"];

    /// <summary>The file after the prefix; false when the source is no openb trace.</summary>
    public static bool TryPath(string source, out string path)
    {
        var found = source.StartsWith(Prefix, StringComparison.Ordinal);
        path = found ? source[Prefix.Length..] : "";
        return found;
    }

    /// <summary>
    /// Reads a node list. The trace knows no cells, so the nodes of each model and device count are dealt out in turn,
    /// which makes every cell a fair slice of the whole.
    /// </summary>
    /// <param name="path">The CSV file.</param>
    /// <param name="cells">How many cells: <c>openb-a</c>, <c>openb-b</c>, …</param>
    /// <param name="catalog">Where given, models it lacks are refused.</param>
    public static FleetSpec ReadNodes(string path, int cells = CellsDefault, Catalog? catalog = null)
    {
        using var table = CsvTable.Open(path, NodeColumns);
        return Nodes(table, cells, catalog);
    }

    public static FleetSpec ParseNodes(
        string text, int cells = CellsDefault, Catalog? catalog = null, string file = "nodes.csv")
    {
        using var table = CsvTable.Parse(file, text, NodeColumns);
        return Nodes(table, cells, catalog);
    }

    /// <summary>
    /// Reads a pod list, in the order of arrival. A pod without <c>gpu_spec</c> may run on any tier, the least capable
    /// first. It runs from its scheduling to its deletion, or from its creation where it never was scheduled, and for
    /// one second at least. In a list without times pods arrive one second apart and run for one hour.
    /// </summary>
    /// <param name="path">The CSV file.</param>
    /// <param name="catalog">Where given, models it lacks are refused, and its tiers are those of a free pod.</param>
    public static IReadOnlyList<ScheduledJob> ReadJobs(string path, Catalog? catalog = null)
    {
        using var table = CsvTable.Open(path, PodColumns);
        return Jobs(table, catalog);
    }

    public static IReadOnlyList<ScheduledJob> ParseJobs(
        string text, Catalog? catalog = null, string file = "pods.csv")
    {
        using var table = CsvTable.Parse(file, text, PodColumns);
        return Jobs(table, catalog);
    }

    private static FleetSpec Nodes(CsvTable table, int cells, Catalog? catalog)
    {
        if (cells is < 1 or > CellsMax) throw new ArgumentOutOfRangeException(nameof(cells), cells, $"1..{CellsMax}");
        var nodes = new List<NodeSpec>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var dealt = new Dictionary<(string Model, int Devices), int>();
        while (table.Next())
        {
            var id = table.Name("sn");
            if (!seen.Add(id)) throw table.Error("sn", $"two nodes are named '{id}'");
            if (nodes.Count == FormatLimits.FleetNodesMax)
                throw table.Error("sn", $"more than {FormatLimits.FleetNodesMax} nodes");
            var model = table.Name("model");
            CheckModel(table, "model", model, catalog);
            var devices = (int)table.Long("gpu", 1, Limits.DevicesPerNodeMax);

            // Each kind of node starts at another cell, so that rare kinds do not all land in the first one.
            if (!dealt.TryGetValue((model, devices), out var turn)) turn = dealt.Count;
            dealt[(model, devices)] = turn + 1;
            nodes.Add(new NodeSpec(
                id,
                $"openb-{(char)('a' + turn % cells)}",
                model,
                devices,
                (int)table.Long("cpu_milli", 1, Limits.CpuMilliMax),
                table.Long("memory_mib", 1, Limits.MemoryMiBMax),
                JobSpec.NoLabels));
        }
        if (nodes.Count == 0) throw table.Error("sn", "the file has no node");
        return new FleetSpec("openb", nodes);
    }

    private static List<ScheduledJob> Jobs(CsvTable table, Catalog? catalog)
    {
        IReadOnlyList<string> anyTier = catalog is null ? AnyTier : [.. catalog.Tiers.Reverse().Select(t => t.Name)];
        var hasTimes = table.Has("creation_time") && table.Has("deletion_time");
        var jobs = new List<ScheduledJob>();
        while (table.Next())
        {
            if (jobs.Count == FormatLimits.ScenarioJobsMax)
                throw table.Error("name", $"more than {FormatLimits.ScenarioJobsMax} pods");
            var (arrival, duration) = hasTimes
                ? Times(table)
                : (ArrivalStepDefault * jobs.Count, DurationDefault);
            jobs.Add(new ScheduledJob(arrival, Pod(table, duration, anyTier, catalog)));
        }
        if (jobs.Count == 0) throw table.Error("name", "the file has no pod");

        // OrderBy is stable, so pods of one second stay in the order of the file.
        return [.. jobs.OrderBy(j => j.Arrival)];
    }

    private static JobSpec Pod(CsvTable table, TimeSpan duration, IReadOnlyList<string> anyTier, Catalog? catalog)
    {
        var devices = (int)table.Long("num_gpu", 0, Limits.DevicesPerNodeMax);
        var milli = devices == 0 ? 0 : (int)table.Long("gpu_milli", 1, Limits.MilliPerDevice);
        if (devices > 1 && milli < Limits.MilliPerDevice)
            throw table.Error("gpu_milli", $"{milli} is not allowed with num_gpu {devices}; several devices are whole");
        var shares = devices == 1 && milli < Limits.MilliPerDevice;
        var cpu = (int)table.Long("cpu_milli", devices == 0 ? 1 : 0, Limits.CpuMilliMax);
        var models = Models(table, catalog);
        return new JobSpec
        {
            Name = table.Name("name"),
            Kind = JobKind.Batch,
            Tenant = "openb",
            Priority = table.Text("qos") switch
            {
                "Guaranteed" => Priority.High,
                "BE" or "Burstable" => Priority.Low,
                _ => Priority.Normal,
            },
            Models = models,
            Tiers = models.Length > 0 ? [] : anyTier,
            CpuMilli = cpu,
            MemoryMiB = table.Long("memory_mib", 0, Limits.MemoryMiBMax),
            Devices = shares ? 0 : devices,
            ShareMilli = shares ? milli : 0,
            Guest = true,
            Tasks = 1,
            Duration = duration,
        };
    }

    /// <summary>The models of <c>A|B</c>; the published lists name some of them twice.</summary>
    private static string[] Models(CsvTable table, Catalog? catalog)
    {
        var text = table.Text("gpu_spec");
        if (text.Length == 0) return [];
        var models = text.Split('|').Distinct(StringComparer.Ordinal).ToArray();
        if (models.Length > Limits.AlternativesMax)
            throw table.Error("gpu_spec", $"{models.Length} models are too many; at most {Limits.AlternativesMax}");
        foreach (var model in models)
        {
            if (!Names.IsName(model))
                throw table.Error("gpu_spec", $"'{InputException.Show(model)}' is not a name; {Names.Rule}");
            CheckModel(table, "gpu_spec", model, catalog);
        }
        return models;
    }

    private static (TimeSpan Arrival, TimeSpan Duration) Times(CsvTable table)
    {
        const long SecondsMax = Limits.RunDaysMax * 86_400L;
        var created = table.Long("creation_time", 0, SecondsMax);
        if (table.OptionalLong("deletion_time", 0, SecondsMax) is not { } deleted)
            return (TimeSpan.FromSeconds(created), DurationDefault);
        var scheduled = table.OptionalLong("scheduled_time", 0, SecondsMax) ?? created;
        var duration = TimeSpan.FromSeconds(deleted - scheduled);
        return (TimeSpan.FromSeconds(created), duration < DurationMin ? DurationMin : duration);
    }

    private static void CheckModel(CsvTable table, string column, string model, Catalog? catalog)
    {
        if (catalog is not null && catalog.Find(model) is null)
            throw table.Error(column, $"'{InputException.Show(model)}' is not a known model; {catalog.ModelNames}");
    }
}
