using System.Globalization;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Traces;

namespace Stockpile.Bench;

/// <summary>One pod list.</summary>
/// <param name="Published">Published means in % by policy and arrived %; empty where there are none.</param>
internal sealed record Trace(
    string Name, IReadOnlyList<JobSpec> Pods, IReadOnlyDictionary<(string Policy, int Arrived), double> Published);

/// <summary>The node list and every pod list of a folder.</summary>
internal sealed record Traces(IReadOnlyList<NodeSpec> Nodes, IReadOnlyList<Trace> All)
{
    private const string NodeList = "openb_node_list_gpu_node.csv";
    private const string PodList = "openb_pod_list_";
    private const string Summary = "expected_summary.csv";

    public double CapacityMilli => Nodes.Sum(n => n.Devices * 1000.0);

    /// <exception cref="InputException">A file is not as it should be, or there is no pod list.</exception>
    public static Traces Read(string folder)
    {
        var nodes = OpenbTrace.ReadNodes(Path.Combine(folder, NodeList), cells: 1).Nodes;
        var published = Published(Path.Combine(folder, Summary));
        var traces = Directory.GetFiles(folder, PodList + "*.csv").Order(StringComparer.Ordinal).Select(file =>
        {
            var name = Path.GetFileNameWithoutExtension(file)[PodList.Length..];
            var own = published.Where(p => p.Trace == name).ToDictionary(p => (p.Policy, p.Arrived), p => p.Mean);
            return new Trace(name, [.. OpenbTrace.ReadJobs(file).Select(j => j.Spec)], own);
        }).ToList();
        if (traces.Count == 0) throw new IOException($"{folder} has no {PodList}*.csv");
        return new Traces(nodes, traces);
    }

    /// <summary>Reads <c>trace,policy,n,alloc100_mean,…</c>, where policies are such as <c>04-GpuPacking</c>.</summary>
    private static List<(string Trace, string Policy, int Arrived, double Mean)> Published(string file)
    {
        var means = new List<(string, string, int, double)>();
        if (!File.Exists(file)) return means;
        var lines = File.ReadAllLines(file);
        var head = lines[0].Split(',');
        foreach (var line in lines.Skip(1).Where(l => l.Length > 0))
        {
            var cells = line.Split(',');
            var policy = cells[1][(cells[1].IndexOf('-', StringComparison.Ordinal) + 1)..]
                .Replace("Gpu", "", StringComparison.Ordinal).ToLowerInvariant();
            for (var column = 0; column < head.Length; column++)
                if (head[column].StartsWith("alloc", StringComparison.Ordinal)
                    && head[column].EndsWith("_mean", StringComparison.Ordinal)
                    && int.TryParse(head[column]["alloc".Length..^"_mean".Length], out var arrived))
                    means.Add((cells[0], policy, arrived,
                        double.Parse(cells[column], CultureInfo.InvariantCulture)));
        }

        return means;
    }
}
