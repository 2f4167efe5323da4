using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Traces;

namespace Stockpile.Formats.Sources;

/// <summary>
/// The jobs of a run: from a scenario file, from a job file (all of them arrive at once), or from a trace's pod list
/// where the source says <c>openb:FILE</c>.
/// </summary>
public static class JobSource
{
    /// <param name="source">The file, with or without a prefix.</param>
    /// <param name="catalog">Known tiers and models.</param>
    /// <param name="policy">Where jobs of each kind go.</param>
    /// <param name="seed">Decides the arrivals of a scenario.</param>
    public static Scenario Read(string source, Catalog catalog, Policy policy, ulong seed)
    {
        if (OpenbTrace.TryPath(source, out var path))
            return new Scenario("openb", OpenbTrace.ReadJobs(path, catalog));
        var root = ConfigDocument.Read(source, rootArray: "jobs");
        if (root.Keys.Contains("scenario")) return ScenarioFile.From(root, catalog, policy, seed, source);
        var jobs = JobFile.From(root, catalog, policy);
        return new Scenario("jobs", [.. jobs.Select(spec => new ScheduledJob(TimeSpan.Zero, spec))]);
    }
}
