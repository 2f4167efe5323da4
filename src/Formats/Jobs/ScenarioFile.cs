using System.Globalization;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Jobs;

/// <summary>
/// Reads a scenario: templates of jobs and when they arrive. Job i of a template arrives at
/// <c>start + i × every</c>, plus a random part of <c>jitter</c>. The same seed gives the same arrivals.
/// </summary>
public static class ScenarioFile
{
    private const int TemplatesMax = 10_000;

    public static Scenario Read(string path, Catalog catalog, Policy policy, ulong seed) =>
        From(ConfigDocument.Read(path), catalog, policy, seed, path);

    public static Scenario ParseText(
        string text, Catalog catalog, Policy policy, ulong seed, string file = "scenario.conf") =>
        From(ConfigDocument.Parse(file, text), catalog, policy, seed, file);

    /// <summary>The path of the long-term scenario that a scenario names, from its own folder; null: none.</summary>
    internal static string? ReserveOf(ConfigSection root, string file)
    {
        var scenario = root.GetSection("scenario");
        if (!scenario.Has("reserve")) return null;
        var named = scenario.GetText("reserve");
        if (named.Length == 0 || named.Contains('\0')) throw scenario.Error("reserve", "is not the path of a file");
        return Path.Combine(Path.GetDirectoryName(file) ?? "", named);
    }

    internal static Scenario From(ConfigSection root, Catalog catalog, Policy policy, ulong seed, string file)
    {
        var reserve = ReserveOf(root, file);
        var scenario = root.GetSection("scenario");
        root.Done();
        var name = scenario.GetName("name");
        var templates = scenario.GetSections("jobs", TemplatesMax);
        scenario.Has("reserve");
        scenario.Done();
        if (templates.Count == 0) throw scenario.Error("jobs", "is missing or empty");

        var random = new Random(unchecked((int)(seed ^ (seed >> 32))));
        var jobs = new List<ScheduledJob>();
        foreach (var template in templates) Expand(template, catalog, policy, random, jobs);

        // OrderBy is stable, so jobs of one instant stay in the order of the file.
        return new Scenario(name, [.. jobs.OrderBy(j => j.Arrival)], reserve);
    }

    private static void Expand(
        ConfigSection template, Catalog catalog, Policy policy, Random random, List<ScheduledJob> jobs)
    {
        var count = template.GetInt("count", 1, FormatLimits.ScenarioJobsMax, absent: 1);
        var start = Within(template, "start");
        var every = Within(template, "every");
        var jitter = Within(template, "jitter");
        var spec = JobReader.Read(template.GetSection("job"), catalog, policy);
        template.Done();
        if (jobs.Count + count > FormatLimits.ScenarioJobsMax)
            throw template.Error("count", $"takes the scenario above {FormatLimits.ScenarioJobsMax} jobs");
        if (start.TotalDays + every.TotalDays * (count - 1) + jitter.TotalDays > Limits.RunDaysMax)
            throw template.Error("every", $"takes the last arrival beyond {Limits.RunDaysMax} days");
        for (var i = 0; i < count; i++)
        {
            var late = TimeSpan.FromMilliseconds(Math.Floor(jitter.TotalMilliseconds * random.NextDouble()));
            jobs.Add(new ScheduledJob(start + every * i + late, count == 1 ? spec : Numbered(template, spec, i + 1)));
        }
    }

    private static JobSpec Numbered(ConfigSection template, JobSpec spec, int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{spec.Name} {number}");
        return Names.Count(name) <= Limits.NameCharsMax
            ? spec with { Name = name }
            : throw template.Error("job", $"the name with its number is longer than {Limits.NameCharsMax} characters");
    }

    private static TimeSpan Within(ConfigSection template, string key)
    {
        var value = template.GetDuration(key, TimeSpan.Zero);
        return value <= TimeSpan.FromDays(Limits.RunDaysMax)
            ? value
            : throw template.Error(key, $"is too long; at most {Limits.RunDaysMax}d");
    }
}
