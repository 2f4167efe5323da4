using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;

namespace Stockpile.Formats.Reserve;

/// <summary>Reads what is wanted of the stock: generations, services and streams of a long-term scenario.</summary>
internal sealed class DemandReader(Catalog catalog, Policy policy)
{
    private const int EntriesMax = 256;
    private const int StagesMax = 16;
    private const int GenerationsMax = 64;
    private const int JobsPerEntryMax = 1_000;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(Limits.RunDaysMax);
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(10);

    public GenerationPlan Generations(ConfigSection scenario)
    {
        if (scenario.GetOptionalSection("generations") is not { } section) return GenerationPlan.None;
        var jobs = section.GetSections("jobs", EntriesMax).Select(GenerationJob).ToList();
        if (jobs.Count == 0) throw section.Error("jobs", "is missing or empty");
        var plan = new GenerationPlan(
            section.GetInt("most", 1, GenerationsMax, absent: 12), section.GetDuration("pause", TimeSpan.Zero),
            section.GetDuration("deadline", TimeSpan.Zero), jobs);
        section.Done();
        return plan;
    }

    private GenerationJob GenerationJob(ConfigSection section)
    {
        var job = new GenerationJob(
            section.GetInt("stage", 1, StagesMax), section.GetInt("count", 1, JobsPerEntryMax, absent: 1),
            Job(section, JobKind.Training, "training"));
        section.Done();
        return job;
    }

    public ServicePlan Service(ConfigSection section)
    {
        var plan = new ServicePlan(
            Job(section, JobKind.Inference, "inference"), section.GetDouble("growth", 0.01, 100, absent: 1),
            section.GetBool("outside", absent: false));
        if (plan.Spec.Demand is not { Peak: > 0 })
            throw section.ErrorAt(
                "job.demand", "is missing; a service of years has a demand { base, peak, peak-hour }");
        section.Done();
        return plan;
    }

    public StreamPlan Stream(ConfigSection section)
    {
        var every = section.GetDuration("every");
        if (every < Shortest) throw section.Error("every", "is shorter than 10m; gather the jobs into larger ones");
        var plan = new StreamPlan(
            Job(section, null, "training or batch"), section.GetDuration("start", TimeSpan.Zero), every,
            section.GetDuration("jitter", TimeSpan.Zero),
            section.GetInt("count", 0, FormatLimits.ScenarioJobsMax, absent: 0));
        if (plan.Start > Longest || plan.Every > Longest || plan.Jitter > Longest)
            throw section.Error("", $"start, every and jitter are at most {Limits.RunDaysMax}d");
        section.Done();
        return plan;
    }

    private JobSpec Job(ConfigSection section, JobKind? kind, string what)
    {
        var spec = JobReader.Read(section.GetSection("job"), catalog, policy);
        if (kind is null ? spec.Kind == JobKind.Inference : spec.Kind != kind)
            throw section.ErrorAt("job.kind", $"is not allowed here; {what}");
        if (spec.Labels.Count > 0)
            throw section.ErrorAt("job.labels", "are not allowed here; a forecast pools the nodes of a model");
        if (spec.Kind != JobKind.Training && spec.Devices == 0 && spec.ShareMilli == 0)
            throw section.ErrorAt("job.devices", "is missing; a forecast counts devices only");
        return spec;
    }
}
