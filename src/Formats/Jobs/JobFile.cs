using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Jobs;

/// <summary>
/// Reads a job file: one job at the root, <c>jobs = [ … ]</c>, or a JSON array of jobs. Nothing is half read: one bad
/// job refuses the file.
/// </summary>
public static class JobFile
{
    public static IReadOnlyList<JobSpec> Read(string path, Catalog catalog, Policy policy) =>
        From(ConfigDocument.Read(path, rootArray: "jobs"), catalog, policy);

    public static IReadOnlyList<JobSpec> ParseText(
        string text, Catalog catalog, Policy policy, string file = "jobs.conf") =>
        From(ConfigDocument.Parse(file, text, rootArray: "jobs"), catalog, policy);

    internal static List<JobSpec> From(ConfigSection root, Catalog catalog, Policy policy)
    {
        if (!root.Has("jobs")) return [JobReader.Read(root, catalog, policy)];
        var sections = root.GetSections("jobs", FormatLimits.ScenarioJobsMax);
        root.Done();
        if (sections.Count == 0) throw root.Error("jobs", "is empty; a job file has at least one job");
        return [.. sections.Select(s => JobReader.Read(s, catalog, policy))];
    }
}
