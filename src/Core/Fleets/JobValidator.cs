using System.Globalization;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Fleets;

/// <summary>
/// Says what is allowed in a job. Files and the HTTP API both ask it, so a job that one refuses the other refuses with
/// the same words. A field that does not belong to the job's kind is refused rather than ignored: it shows that the
/// submitter expects something that will not happen.
/// </summary>
public static class JobValidator
{
    /// <summary>All that is wrong with a job, in the order of its fields; empty: it is valid.</summary>
    public static IReadOnlyList<Refusal> Validate(JobSpec spec, Catalog catalog, Policy policy)
    {
        var found = new Findings();
        CheckNames(spec, found);
        CheckAlternatives(spec, catalog, policy, found);
        CheckPerTask(spec, catalog, policy, found);
        switch (spec.Kind)
        {
            case JobKind.Training:
                CheckTraining(spec, found);
                break;
            case JobKind.Inference:
                CheckInference(spec, found);
                break;
            case JobKind.Batch:
                CheckBatch(spec, found);
                break;
            default:
                found.Add("kind", $"{(int)spec.Kind} is not a kind; training, inference or batch");
                break;
        }
        found.Range("retries", spec.Retries, 0, Limits.RetriesMax);
        CheckForeignFields(spec, found);
        return found.All;
    }

    private static void CheckNames(JobSpec spec, Findings found)
    {
        if (JobNames.WhyNot(spec.Name) is { } refused) found.Add("name", refused);
        if (!Names.IsName(spec.Tenant)) found.Add("tenant", $"{Quote(spec.Tenant)} is not allowed; {Names.Rule}");
        if (!Enum.IsDefined(spec.Priority))
            found.Add("priority", $"{(int)spec.Priority} is not a priority; low, normal, high or critical");
        if (spec.LatencyClass.Length > 0 && !Names.IsName(spec.LatencyClass))
            found.Add("latency-class", $"{Quote(spec.LatencyClass)} is not allowed; {Names.Rule}");
        if (spec.Labels.Count > Limits.LabelsMax)
            found.Add("labels", $"{spec.Labels.Count} labels are too many; at most {Limits.LabelsMax}");
        foreach (var (key, value) in spec.Labels)
        {
            if (!Names.IsName(key)) found.Add("labels", $"the label {Quote(key)} is not allowed; {Names.Rule}");
            else if (JobNames.WhyNot(value) is { } no) found.Add("labels", $"the value of the label '{key}': {no}");
        }
    }

    private static void CheckAlternatives(JobSpec spec, Catalog catalog, Policy policy, Findings found)
    {
        CheckList("tiers", "tier", spec.Tiers, t => catalog.FindTier(t) is not null, catalog.TierNames, found);
        CheckList("models", "model", spec.Models, m => catalog.Find(m) is not null, catalog.ModelNames, found);
        if (spec.Tiers.Count > 0 && spec.Models.Count > 0)
            found.Add("models", "cannot stand beside tiers; give one of the two");
        if (spec.Tiers.Count == 0 && spec.Models.Count == 0 && policy.For(spec.Kind).Tiers.Count == 0)
        {
            found.Add("tiers", $"is missing, and the policy '{policy.Name}' has none for this kind; " +
                catalog.TierNames);
        }
    }

    private static void CheckList(
        string field, string noun, IReadOnlyList<string> names, Func<string, bool> known, string all, Findings found)
    {
        if (names.Count > Limits.AlternativesMax)
            found.Add(field, $"{names.Count} entries are too many; at most {Limits.AlternativesMax}");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names.Take(Limits.AlternativesMax))
        {
            if (!known(name)) found.Add(field, $"{Quote(name)} is not a known {noun}; {all}");
            else if (!seen.Add(name)) found.Add(field, $"'{name}' stands twice");
        }
    }

    private static void CheckPerTask(JobSpec spec, Catalog catalog, Policy policy, Findings found)
    {
        found.Range("cpu", spec.CpuMilli / 1000.0, 0, Limits.CpuMilliMax / 1000.0);
        found.Range("memory", spec.MemoryMiB, 0, Limits.MemoryMiBMax);
        found.Range("min-memory", spec.MinMemoryMiB, 0, int.MaxValue);
        if (spec.MinMemoryMiB <= 0) return;
        var allowed = catalog.Models.Where(m => Allows(spec, policy, m));
        var largest = allowed.Select(m => m.MemoryMiB).DefaultIfEmpty().Max();
        if (largest > 0 && spec.MinMemoryMiB > largest)
            found.Add("min-memory", $"{spec.MinMemoryMiB}MiB is more than any allowed model has; at most {largest}MiB");
    }

    private static bool Allows(JobSpec spec, Policy policy, Accelerator model)
    {
        if (spec.Models.Count > 0) return spec.Models.Contains(model.Model);
        if (spec.Tiers.Count > 0) return spec.Tiers.Contains(model.Tier);
        var kind = policy.For(spec.Kind);
        return kind.Tiers.Contains(model.Tier) || (spec.Guest && kind.GuestTiers.Contains(model.Tier));
    }

    private static void CheckTraining(JobSpec spec, Findings found)
    {
        if (spec.Devices == 0) found.Add("devices", $"is missing; 1..{Limits.GangDevicesMax}");
        else found.Range("devices", spec.Devices, 1, Limits.GangDevicesMax);
        found.Range("per-node", spec.PerNode, 0, Limits.DevicesPerNodeMax);
        found.Range("min-devices", spec.MinDevices, 0, Limits.GangDevicesMax);
        found.Range("max-devices", spec.MaxDevices, 0, Limits.GangDevicesMax);
        if (spec.MinDevices > 0 && spec.MinDevices > spec.Devices)
            found.Add("min-devices", $"{spec.MinDevices} is more than devices ({spec.Devices})");
        if (spec.MaxDevices > 0 && spec.MaxDevices < spec.Devices)
            found.Add("max-devices", $"{spec.MaxDevices} is less than devices ({spec.Devices})");
        if (spec.PerNode > 0)
        {
            CheckDivides(spec.PerNode, "devices", spec.Devices, found);
            CheckDivides(spec.PerNode, "min-devices", spec.MinDevices, found);
            CheckDivides(spec.PerNode, "max-devices", spec.MaxDevices, found);
        }
        CheckTopology("topology.required", spec.TopologyRequired, found);
        CheckTopology("topology.preferred", spec.TopologyPreferred, found);
        if (spec is { TopologyRequired: TopologyLevel.Rack, TopologyPreferred: TopologyLevel.Pod })
            found.Add("topology.preferred", "pod says nothing beside the required rack; rack, or none");
        if (spec.WorkHours == 0) found.Add("work", "is missing; a number of device-hours above 0");
        else if (!(spec.WorkHours > 0) || !double.IsFinite(spec.WorkHours))
            found.Add("work", $"{Text(spec.WorkHours)} is not allowed; a number of device-hours above 0");
        else CheckRunTime(spec.WorkHours, Math.Max(1, spec.Devices), found);
        if (spec.Checkpoint < TimeSpan.Zero || spec.Checkpoint > TimeSpan.FromDays(Limits.RunDaysMax))
            found.Add("checkpoint", $"{Text(spec.Checkpoint)} is not allowed; 0s..{Limits.RunDaysMax}d");
        found.Range("generation", spec.Generation, 0, Limits.GenerationMax);
    }

    private static void CheckTopology(string field, TopologyLevel level, Findings found)
    {
        if (!Enum.IsDefined(level)) found.Add(field, $"{(int)level} is not a part of a cell; rack or pod");
    }

    private static void CheckDivides(int perNode, string field, int devices, Findings found)
    {
        if (devices > 0 && devices % perNode != 0)
            found.Add(field, $"{devices} is not a multiple of per-node ({perNode})");
    }

    private static void CheckInference(JobSpec spec, Findings found)
    {
        found.Range("replicas.max", spec.MaxReplicas, 1, Limits.TasksPerJobMax);
        found.Range("replicas.min", spec.MinReplicas, 0, Limits.TasksPerJobMax);
        if (spec.MinReplicas > spec.MaxReplicas)
            found.Add("replicas.min", $"{spec.MinReplicas} is more than replicas.max ({spec.MaxReplicas})");
        CheckDevicesOrShare(spec, found);
        if (spec.Devices == 0 && spec.ShareMilli == 0)
            found.Add("devices", $"is missing; 1..{Limits.DevicesPerNodeMax}, or a share of 1..999");
        CheckDemand(spec.Demand, found);
        CheckServing(spec, found);
    }

    private static void CheckServing(JobSpec spec, Findings found)
    {
        if (spec.Serving is not { } serving) return;
        if (spec.Demand is null) found.Add("serving", "needs a demand; replicas follow it");
        if (!(serving.RequestsPerDevice > 0) || serving.RequestsPerDevice > Limits.RequestsPerSecondMax)
        {
            found.Add("serving", $"requests-per-device of {Text(serving.RequestsPerDevice)} is not allowed; above 0 " +
                $"and up to {Limits.RequestsPerSecondMax:F0}");
        }
        if (!InRange(serving.DecodeShare, 0, 1))
            found.Add("serving", $"a decode-share of {Text(serving.DecodeShare)} is not allowed; 0..1");
        if (!(serving.Utilisation > 0) || serving.Utilisation > 1)
            found.Add("serving", $"a utilisation of {Text(serving.Utilisation)} is not allowed; above 0 and up to 1");
    }

    private static void CheckDemand(Demand? given, Findings found)
    {
        if (given is not { } demand) return;
        if (!InRange(demand.Base, 0, Limits.RequestsPerSecondMax))
            found.Add("demand", $"a base of {Text(demand.Base)} is not allowed; 0..{Limits.RequestsPerSecondMax:F0}");
        else if (!InRange(demand.Peak, 0, Limits.RequestsPerSecondMax))
            found.Add("demand", $"a peak of {Text(demand.Peak)} is not allowed; 0..{Limits.RequestsPerSecondMax:F0}");
        else if (demand.Peak < demand.Base)
            found.Add("demand", $"a peak of {Text(demand.Peak)} is less than the base of {Text(demand.Base)}");
        if (!InRange(demand.PeakHour, 0, 24))
            found.Add("demand", $"a peak-hour of {Text(demand.PeakHour)} is not allowed; 0..24");
        if (!InRange(demand.Weekend, 0, Limits.WeekendFactorMax))
            found.Add("demand", $"a weekend of {Text(demand.Weekend)} is not allowed; 0..{Limits.WeekendFactorMax}");
        if (demand.Zone.Length > 0 && !TimeZones.IsKnown(demand.Zone))
        {
            found.Add("demand", $"a zone of {Quote(demand.Zone)} is not known here; the IANA name of a time zone, such "
                + "as Asia/Shanghai");
        }
    }

    private static void CheckBatch(JobSpec spec, Findings found)
    {
        if (spec.Tasks == 0) found.Add("tasks", $"is missing; 1..{Limits.TasksPerJobMax}");
        else found.Range("tasks", spec.Tasks, 1, Limits.TasksPerJobMax);
        CheckDevicesOrShare(spec, found);
        var cpuOnly = spec.Devices == 0 && spec.ShareMilli == 0;
        if (cpuOnly && spec.CpuMilli <= 0)
            found.Add("devices", $"is missing; 1..{Limits.DevicesPerNodeMax}, a share of 1..999, or cpu above 0");
        if (!double.IsFinite(spec.WorkHours) || spec.WorkHours < 0)
            found.Add("work", $"{Text(spec.WorkHours)} is not allowed; a number of device-hours above 0");
        else if (spec.WorkHours > 0 && cpuOnly)
            found.Add("work", "needs devices or a share; give a duration to a task that has only CPU");
        else if (spec.WorkHours > 0)
            CheckRunTime(spec.WorkHours, spec.ShareMilli > 0 ? spec.ShareMilli / 1000.0 : spec.Devices, found);
        if (spec.Duration < TimeSpan.Zero || spec.Duration > TimeSpan.FromDays(Limits.RunDaysMax))
            found.Add("duration", $"{Text(spec.Duration)} is not allowed; above 0s up to {Limits.RunDaysMax}d");
        else if (spec.Duration > TimeSpan.Zero && spec.WorkHours > 0)
            found.Add("duration", "cannot stand beside work; give one of the two");
        else if (spec.Duration == TimeSpan.Zero && spec.WorkHours == 0)
            found.Add("duration", "is missing; give a duration or work");
    }

    private static void CheckDevicesOrShare(JobSpec spec, Findings found)
    {
        found.Range("devices", spec.Devices, 0, Limits.DevicesPerNodeMax);
        found.Range("share", spec.ShareMilli, 0, Limits.MilliPerDevice - 1, from: 1);
        if (spec.Devices > 0 && spec.ShareMilli > 0)
            found.Add("share", "cannot stand beside devices; give one of the two");
    }

    /// <summary>A job that runs for more than ten years is a slip of the unit, and would overflow the clock.</summary>
    private static void CheckRunTime(double workHours, double devices, Findings found)
    {
        if (devices > 0 && workHours / devices > Limits.RunDaysMax * 24.0)
            found.Add("work", $"{Text(workHours)} device-hours run longer than {Limits.RunDaysMax} days on " +
                $"{Text(devices)} reference devices");
    }

    private static void CheckForeignFields(JobSpec spec, Findings found)
    {
        var kind = spec.Kind;
        Foreign(kind != JobKind.Training, spec.PerNode != 0, "per-node");
        Foreign(kind != JobKind.Training, spec.MinDevices != 0, "min-devices");
        Foreign(kind != JobKind.Training, spec.MaxDevices != 0, "max-devices");
        Foreign(kind != JobKind.Training,
            spec.TopologyRequired != TopologyLevel.None || spec.TopologyPreferred != TopologyLevel.None, "topology");
        Foreign(kind == JobKind.Inference, spec.WorkHours != 0, "work");
        // A service lives as long as its nodes, and its replicas always start anew.
        Foreign(kind == JobKind.Inference, spec.Retries != Limits.RetriesDefault, "retries");
        Foreign(kind != JobKind.Training, spec.Checkpoint != TimeSpan.Zero, "checkpoint");
        Foreign(kind != JobKind.Training, spec.Generation != 0, "generation");
        Foreign(kind == JobKind.Training, spec.ShareMilli != 0, "share");
        Foreign(kind != JobKind.Inference, spec.MinReplicas != 0 || spec.MaxReplicas != 0, "replicas");
        Foreign(kind != JobKind.Inference, spec.Demand is not null, "demand");
        Foreign(kind != JobKind.Inference, spec.Serving is not null, "serving");
        Foreign(kind != JobKind.Inference, spec.LatencyClass.Length > 0, "latency-class");
        Foreign(kind == JobKind.Training, !spec.Guest, "guest");
        Foreign(kind != JobKind.Batch, spec.Tasks != 0, "tasks");
        Foreign(kind != JobKind.Batch, spec.Duration != TimeSpan.Zero, "duration");

        void Foreign(bool foreign, bool given, string field)
        {
            if (foreign && given) found.Add(field, $"does not belong to a job of kind {KindName(kind)}");
        }
    }

    private static string KindName(JobKind kind) => kind switch
    {
        JobKind.Training => "training",
        JobKind.Inference => "inference",
        _ => "batch",
    };

    private static bool InRange(double value, double min, double max) => value >= min && value <= max;

    /// <summary>A whole number is written out as far as its digits are its own.</summary>
    private static string Text(double value) => value.ToString(
        Math.Abs(value) < 1e19 && value == Math.Truncate(value) ? "F0" : "R", CultureInfo.InvariantCulture);

    private static string Text(TimeSpan value) => string.Create(CultureInfo.InvariantCulture, $"{value.TotalSeconds}s");

    private static string Quote(string? text) => $"'{Names.Shorten(text ?? "")}'";

    private sealed class Findings
    {
        private readonly List<Refusal> _all = [];

        public IReadOnlyList<Refusal> All => _all;

        public void Add(string field, string message) => _all.Add(new Refusal(Refusal.Invalid, field, message));

        public void Range(string field, double value, double min, double max, double? from = null)
        {
            if (InRange(value, min, max)) return;
            var allowed = string.Create(CultureInfo.InvariantCulture, $"{from ?? min}..{max}");
            Add(field, $"{Text(value)} is not allowed; {allowed}");
        }
    }
}
