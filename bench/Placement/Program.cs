using System.CommandLine;
using System.Globalization;
using Stockpile.Bench;
using Stockpile.Bench.Bounds;
using Stockpile.Bench.Speed;
using Stockpile.Bench.Tables;
using Stockpile.Formats.Hocon;

var data = new Option<string>("--data")
{
    Description = "Folder with openb_node_list_gpu_node.csv, openb_pod_list_*.csv and, if at hand, "
        + "expected_summary.csv",
    Required = true,
};
var results = new Option<string>("--out")
{
    Description = "Folder for the JSON document; created if missing",
    DefaultValueFactory = _ => Path.Combine("bench", "results"),
};
var seeds = new Option<int[]>("--seeds")
{
    Description = "Seeds, such as 42..51 or 42",
    CustomParser = argument => Arguments.Seeds(argument),
    DefaultValueFactory = _ => [.. Enumerable.Range(42, 10)],
};
var boundSeeds = new Option<int>("--bound-seeds")
{
    Description = "For how many of the seeds the bound is worked out; 0: no bound",
    DefaultValueFactory = _ => 3,
};
var sizes = new Option<int[]>("--sizes")
{
    Description = "Nodes of the synthetic fleets",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => [1_000, 3_162, 10_000, 31_623, 100_000],
};
var decisions = new Option<int>("--decisions")
{
    Description = "Timed decisions on each synthetic fleet",
    DefaultValueFactory = _ => 50_000,
};
var traces = new Option<int>("--traces")
{
    Description = "Traces of the sweep; those at hand are repeated",
    DefaultValueFactory = _ => 17,
};

var root = new RootCommand("Benches of the placement core; each verb prints one JSON document");
Add("tables", "The published tables beside ours", [seeds, boundSeeds], parsed => TablesBench.Run(
    Traces.Read(parsed.GetRequiredValue(data)), parsed.GetValue(seeds)!, parsed.GetValue(boundSeeds)));
Add("bound", "What any policy could allocate at most", [seeds, boundSeeds], parsed => BoundBench.Run(
    Traces.Read(parsed.GetRequiredValue(data)), parsed.GetValue(seeds)!, parsed.GetValue(boundSeeds)));
Add("speed", "Decisions per second, and by size of the fleet", [sizes, decisions], parsed => SpeedBench.Run(
    Traces.Read(parsed.GetRequiredValue(data)), parsed.GetValue(sizes)!, parsed.GetValue(decisions)));
Add("sweep", "Wall time of a sweep over traces, policies and seeds", [seeds, traces], parsed => SweepBench.Run(
    Traces.Read(parsed.GetRequiredValue(data)), parsed.GetValue(seeds)!, parsed.GetValue(traces)));
return root.Parse(args).Invoke();

void Add(string name, string description, Option[] options, Func<ParseResult, BenchResult> run)
{
    var command = new Command(name, description) { data, results };
    foreach (var option in options) command.Add(option);
    command.SetAction(parsed =>
    {
        try
        {
            var conditions = Conditions.Now();
            return run(parsed).Write(name, parsed.GetRequiredValue(results), conditions);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InputException)
        {
            Console.Error.WriteLine($"placement-bench: {fault.Message}");
            return 1;
        }
    });
    root.Add(command);
}
