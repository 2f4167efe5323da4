using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Jobs;

/// <summary>Reads one job object; the rules on its values are those of <see cref="JobValidator"/>.</summary>
internal static class JobReader
{
    private static readonly string[] Kinds = ["training", "inference", "batch"];
    private static readonly string[] Levels = ["rack", "pod"];
    private static readonly string[] Priorities = ["low", "normal", "high", "critical"];

    public static JobSpec Read(ConfigSection job, Catalog catalog, Policy policy)
    {
        var replicas = job.GetOptionalSection("replicas");
        var topology = job.GetOptionalSection("topology");
        var spec = new JobSpec
        {
            Name = job.GetText("name"),
            Kind = (JobKind)Choice(job, "kind", Kinds, absent: null),
            Tenant = job.GetText("tenant", "default"),
            Priority = (Priority)Choice(job, "priority", Priorities, absent: (int)Priority.Normal),
            Tiers = job.GetTexts("tiers", Limits.AlternativesMax),
            Models = job.GetTexts("models", Limits.AlternativesMax),
            MinMemoryMiB = (int)job.GetSizeMiB("min-memory", int.MaxValue, absent: 0),
            CpuMilli = CpuMilli(job),
            MemoryMiB = job.GetSizeMiB("memory", Limits.MemoryMiBMax, absent: 0),
            Labels = Labels(job),
            Devices = job.GetInt("devices", 1, Limits.GangDevicesMax, absent: 0, orZero: true),
            ShareMilli = job.GetInt("share", 1, Limits.MilliPerDevice - 1, absent: 0),
            PerNode = job.GetInt("per-node", 1, Limits.DevicesPerNodeMax, absent: 0),
            MinDevices = job.GetInt("min-devices", 1, Limits.GangDevicesMax, absent: 0),
            MaxDevices = job.GetInt("max-devices", 1, Limits.GangDevicesMax, absent: 0),
            TopologyRequired = Level(topology, "required"),
            TopologyPreferred = Level(topology, "preferred"),
            WorkHours = job.GetDouble("work", double.MinValue, double.MaxValue, absent: 0),
            Checkpoint = job.GetDuration("checkpoint", TimeSpan.Zero),
            Generation = job.GetInt("generation", 0, Limits.GenerationMax, absent: 0),
            MinReplicas = replicas?.GetInt("min", 0, Limits.TasksPerJobMax) ?? 0,
            MaxReplicas = replicas?.GetInt("max", 1, Limits.TasksPerJobMax) ?? 0,
            Demand = Demand(job),
            Serving = Serving(job),
            LatencyClass = job.GetText("latency-class", ""),
            Guest = job.GetBool("guest", absent: true),
            Tasks = job.GetInt("tasks", 1, Limits.TasksPerJobMax, absent: 0),
            Duration = Duration(job),
            Retries = job.GetInt("retries", 0, Limits.RetriesMax, absent: Limits.RetriesDefault),
        };
        RefuseZeros(job, spec);
        replicas?.Done();
        topology?.Done();
        job.Done();
        foreach (var refusal in JobValidator.Validate(spec, catalog, policy))
            throw job.ErrorAt(refusal.Field, refusal.Message);
        return spec;
    }

    public static IReadOnlyDictionary<string, string> Labels(ConfigSection section)
    {
        var labels = section.GetTextMap("labels", Limits.LabelsMax);
        foreach (var (key, value) in labels)
        {
            if (!Names.IsName(key))
                throw section.Error("labels", $"'{InputException.Show(key)}' is not a name; {Names.Rule}");
            if (JobNames.WhyNot(value) is { } refused)
                throw section.Error("labels", $"the value of the label '{key}': {refused}");
        }
        return labels.Count == 0 ? JobSpec.NoLabels : labels;
    }

    private static int CpuMilli(ConfigSection job)
    {
        var cores = job.GetDouble("cpu", 0, Limits.CpuMilliMax / 1000.0, absent: 0);
        return cores is > 0 and < 0.001
            ? throw job.Error("cpu", $"{InputException.Show(job.GetText("cpu"))} is not allowed; 0, or "
                + $"0.001..{Limits.CpuMilliMax / 1000}")
            : (int)Math.Round(cores * 1000);
    }

    /// <summary>The validator takes a zero for what is missing; one that somebody wrote is not.</summary>
    private static void RefuseZeros(ConfigSection job, JobSpec spec)
    {
        var (most, isNeeded) = spec.Kind switch
        {
            JobKind.Training => (Limits.GangDevicesMax, true),
            JobKind.Inference => (Limits.DevicesPerNodeMax, spec.ShareMilli == 0),
            _ => (Limits.DevicesPerNodeMax, spec is { ShareMilli: 0, CpuMilli: 0 }),
        };
        if (isNeeded && spec.Devices == 0 && job.Has("devices"))
            throw job.Error("devices", $"0 is not allowed; 1..{most}");
        if (spec is { Kind: JobKind.Training or JobKind.Batch, WorkHours: 0 } && job.Has("work"))
            throw job.Error("work", "0 is not allowed; a number of device-hours above 0");
    }

    /// <summary>What is absent has a default; a zero that somebody wrote is a slip.</summary>
    private static TimeSpan Duration(ConfigSection job)
    {
        var duration = job.GetDuration("duration", TimeSpan.Zero);
        return duration == TimeSpan.Zero && job.Has("duration")
            ? throw job.Error("duration", $"{InputException.Show(job.GetText("duration"))} is not allowed; above 0s")
            : duration;
    }

    private static TopologyLevel Level(ConfigSection? topology, string key) =>
        topology is null ? TopologyLevel.None : (TopologyLevel)(1 + Choice(topology, key, Levels, absent: -1));

    /// <summary>A number of requests per second, or a day's curve.</summary>
    private static Demand? Demand(ConfigSection job)
    {
        if (!job.Has("demand")) return null;
        if (!job.IsSection("demand"))
        {
            var steady = job.GetDouble("demand", 0, Limits.RequestsPerSecondMax);
            return new Demand(steady, steady, 0);
        }
        var section = job.GetSection("demand");
        var demand = new Demand(
            section.GetDouble("base", 0, Limits.RequestsPerSecondMax),
            section.GetDouble("peak", 0, Limits.RequestsPerSecondMax),
            section.GetDouble("peak-hour", 0, 24),
            section.GetDouble("weekend", 0, Limits.WeekendFactorMax, absent: 1),
            section.GetText("zone", ""));
        section.Done();
        return demand;
    }

    private static ServingRate? Serving(ConfigSection job)
    {
        if (job.GetOptionalSection("serving") is not { } section) return null;
        var rate = new ServingRate(
            section.GetDouble("requests-per-device", 0, Limits.RequestsPerSecondMax),
            section.GetDouble("decode-share", 0, 1),
            section.GetDouble("utilisation", 0, 1));
        section.Done();
        return rate;
    }

    private static int Choice(ConfigSection job, string key, string[] choices, int? absent)
    {
        if (absent is { } value && !job.Has(key)) return value;
        var text = job.GetText(key);
        var index = Array.IndexOf(choices, text);
        if (index >= 0) return index;
        throw job.Error(key, $"'{InputException.Show(text)}' is not allowed{Suggestion.Hint(text, choices)}; " +
            string.Join(", ", choices));
    }
}
