using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stockpile.Tests.Shared.Faults;

namespace Stockpile.Bench.Faults;

/// <summary>All runs of one fault.</summary>
/// <param name="InFlight">Jobs in flight when it began: the median of the runs.</param>
/// <param name="FailedElsewhere">
/// Failed requests other than a named 503 or 429, at processes that nobody had touched; over all runs.
/// </param>
/// <param name="FailedAtFaulted">The same at processes that were broken.</param>
/// <param name="Told">Requests told to come again, over all runs.</param>
/// <param name="PutOut">Members that nobody had touched and that the cluster put out; over all runs.</param>
/// <param name="Recovered">How often a first new placement was measured.</param>
/// <param name="GoalSeconds">What is promised for it; null: nothing.</param>
internal sealed record FaultSummary(
    string Fault, string Title, string Promise, int Runs, double InFlight, int Lost, int Doubled, int FailedElsewhere,
    int FailedAtFaulted, int Told, int PutOut, int Recovered, double RecoverP50, double RecoverMax, double? GoalSeconds,
    double SlowestMax)
{
    public static FaultSummary Of(Fault fault, IReadOnlyList<FaultRun> runs)
    {
        var recovered = runs.SelectMany(r => r.RecoverSeconds).Order().ToList();
        return new FaultSummary(
            fault.Name, fault.Title, fault.Promise, runs.Count,
            Median([.. runs.Select(r => (double)r.InFlight).Order()]),
            runs.Sum(r => r.Lost), runs.Sum(r => r.Doubled), runs.Sum(r => r.FailedElsewhere.Values.Sum()),
            runs.Sum(r => r.FailedAtFaulted), runs.Sum(r => r.Told), runs.Sum(r => r.PutOut.Count),
            recovered.Count, Round(Median(recovered)),
            Round(recovered.LastOrDefault()), fault.GoalSeconds, Round(runs.Max(r => r.SlowestSeconds)));
    }

    private static double Median(List<double> sorted) => sorted.Count == 0
        ? 0
        : (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;

    private static double Round(double seconds) => Math.Round(seconds, 2);
}

/// <summary>What was measured, perhaps in several sittings.</summary>
/// <param name="Conditions">One for each sitting.</param>
/// <param name="Broken">Clusters that did not become whole again, or were not in order at rest.</param>
internal sealed record FaultsRecord(List<Conditions> Conditions, List<FaultRun> Runs, List<string> Broken)
{
    /// <summary>What was not as promised, a line each.</summary>
    public IEnumerable<string> NotAsPromised =>
    [
        .. Runs.SelectMany(r => r.Findings.Select(f => $"{r.Fault} at {r.At:HH:mm:ss}: {f.Split('\n')[0]}")),
        .. Broken,
        .. Runs.Where(r => r.RecoverSeconds.Any(s => s > Tests.Shared.Faults.Faults.Of(r.Fault).GoalSeconds))
            .Select(r => string.Create(CultureInfo.InvariantCulture,
                $"{r.Fault} at {r.At:HH:mm:ss} took {r.RecoverSeconds.Max():0.0} s to recover")),
    ];
}

/// <summary>What the bench leaves behind: a JSON document with every run, and a table for people.</summary>
internal static class FaultsReport
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private const string Head = "| Fault | Promised | Runs | Jobs in flight | Lost | Doubled | Failed requests | "
        + "Told to wait | Others put out | Seconds to recover: p50 / max |";

    /// <summary>The runs that stand in a folder; none where there is no document.</summary>
    /// <exception cref="InvalidDataException">The document is not one of this bench.</exception>
    public static FaultsRecord Read(string folder)
    {
        var file = Path.Combine(folder, "faults.json");
        if (!File.Exists(file)) return new FaultsRecord([], [], []);
        try
        {
            return JsonSerializer.Deserialize<FaultsRecord>(File.ReadAllText(file), Options)
                is { Conditions: not null, Runs: not null, Broken: not null } record
                    ? record
                    : throw new InvalidDataException($"{file}: conditions, runs or broken are missing");
        }
        catch (JsonException bad)
        {
            throw new InvalidDataException($"{file}: {bad.Message}", bad);
        }
    }

    /// <param name="skipped">Faults that could not happen here, and why.</param>
    public static void Write(string folder, FaultsRecord record, IReadOnlyList<string> skipped)
    {
        var summaries = Tests.Shared.Faults.Faults.All
            .Select(fault => (fault, Runs: record.Runs.Where(r => r.Fault == fault.Name).ToList()))
            .Where(f => f.Runs.Count > 0).Select(f => FaultSummary.Of(f.fault, f.Runs)).ToList();
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "faults.json"), JsonSerializer.Serialize(
            new { bench = "faults", record.Conditions, summaries, skipped, record.NotAsPromised, record.Broken,
                record.Runs }, Options) + "\n");
        File.WriteAllText(Path.Combine(folder, "faults.md"), Page(record, summaries, skipped));
    }

    private static string Page(
        FaultsRecord record, IReadOnlyList<FaultSummary> summaries, IReadOnlyList<string> skipped)
    {
        var conditions = record.Conditions[^1];
        var sittings = string.Join(";\n", record.Conditions.Select(c => string.Create(CultureInfo.InvariantCulture,
            $"{c.Date} with load average {c.LoadAverage}")));
        var page = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            # Faults, measured

            Three schedulers, three hosts with 24 nodes in 4 cells, PostgreSQL, about ten submissions a second: all
            processes of one machine with {conditions.Cores} cores ({conditions.Cpu}), {conditions.Dotnet}.
            Began: {sittings}.
            Made by `bench/faults.sh`; every run stands in [faults.json](faults.json).

            {Head}
            |---|---|---|---|---|---|---|---|---|---|

            """));
        foreach (var s in summaries)
            page.Append(CultureInfo.InvariantCulture,
                $"| {s.Title} | {s.Promise} | {s.Runs} | {s.InFlight:0} | {s.Lost} | {s.Doubled} | "
                + $"{s.FailedElsewhere} | "
                + $"{s.Told} | {s.PutOut} | {s.RecoverP50:0.0} / {s.RecoverMax:0.0}{Mark(s)} |\n");
        page.Append("""

            *Jobs in flight*: acknowledged, waiting or running when the fault began; the median of the runs. *Lost*:
            acknowledged, and not in the journal under the same id and key. *Doubled*: two jobs of one key, or an
            allocation placed, started or ended twice, a job ended twice, a device held beyond its whole. *Failed
            requests*: at processes that nobody had touched, other than a named 503 or 429 with `Retry-After`; those
            were *told to wait*, and were acknowledged when they came again. *Others put out*: members that nobody had
            touched and that the cluster put out all the same; they ended with 1, said so, and were started again.
            *Seconds to recover*: from the fault (of the database and the disk: from its return) to the first new
            placement, in the cell that took longest.

            """);
        foreach (var line in skipped) page.Append(CultureInfo.InvariantCulture, $"\nNot run here: {line}\n");
        var findings = record.NotAsPromised.ToList();
        if (findings.Count > 0) page.Append("\nNot as promised:\n\n");
        foreach (var line in findings) page.Append(CultureInfo.InvariantCulture, $"- {line}\n");
        return page.ToString();
    }

    private static string Mark(FaultSummary summary) => summary.RecoverMax > summary.GoalSeconds ? " (late)" : "";
}
