using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stockpile.Bench;
using Stockpile.Bench.Sharding;
using Stockpile.Formats.Hocon;

var data = new Option<string>("--data")
{
    Description = "Folder with openb_node_list_gpu_node.csv and openb_pod_list_*.csv", Required = true,
};
var hocon = new Option<string>("--hocon")
{
    Description = "Folder with accelerators.conf, policy.conf, fleets/hunyuan.conf and scenarios/hunyuan.conf",
    DefaultValueFactory = _ => "hocon",
};
var results = new Option<string>("--out")
{
    Description = "Folder for sharding.json and sharding.md; created if missing",
    DefaultValueFactory = _ => Path.Combine("bench", "results"),
};
var root = new RootCommand("What dealing a fleet to many cells costs, and what their statuses cost")
{
    data, hocon, results,
};
root.SetAction(parsed =>
{
    try
    {
        var conditions = Conditions.Now();
        var report = ShardingReport.Run(parsed.GetRequiredValue(data), parsed.GetRequiredValue(hocon));
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        var json = JsonSerializer.Serialize(new { bench = "sharding", conditions, result = report }, options);
        var folder = Directory.CreateDirectory(parsed.GetRequiredValue(results)).FullName;
        File.WriteAllText(Path.Combine(folder, "sharding.json"), json + "\n");
        File.WriteAllText(Path.Combine(folder, "sharding.md"), ShardingPage.Of(conditions, report));
        Console.WriteLine(json);
        foreach (var fault in report.Faults) Console.Error.WriteLine($"sharding-bench: {fault}");
        return report.Faults.Count == 0 ? 0 : 1;
    }
    catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InputException)
    {
        Console.Error.WriteLine($"sharding-bench: {fault.Message}");
        return 1;
    }
});
return root.Parse(args).Invoke();
