using System.CommandLine;
using System.Globalization;
using Stockpile.Bench;
using Stockpile.Bench.Faults;
using Stockpile.Tests.Shared;
using Stockpile.Tests.Shared.Faults;

var names = string.Join(", ", Faults.All.Select(f => f.Name));
var faults = new Option<string>("--faults")
{
    Description = $"Which, with commas; else all: {names}",
    DefaultValueFactory = _ => string.Join(',', Faults.All.Select(f => f.Name)),
};
var runs = new Option<int>("--runs") { Description = "How often each happens", DefaultValueFactory = _ => 20 };
var results = new Option<string>("--out")
{
    Description = "Folder for faults.json and faults.md; created if missing",
    DefaultValueFactory = _ => Path.Combine("bench", "results"),
};
var add = new Option<bool>("--add")
{
    Description = "Count the runs that stand in --out, and add to them until each fault has --runs",
};
var program = new Option<FileInfo>("--program")
{
    Description = "The stockpile.dll that runs; else the one beside the bench, which the runtime has yet to compile",
    DefaultValueFactory = _ => new FileInfo(Path.Combine(AppContext.BaseDirectory, "stockpile.dll")),
};
program.AcceptExistingOnly();
runs.Validators.Add(r =>
{
    if (r.GetValue(runs) is < 1 or > 10_000) r.AddError("--runs is a number from 1 to 10000");
});
faults.Validators.Add(f =>
{
    foreach (var name in f.GetValue(faults)!.Split(','))
        if (Faults.All.All(known => known.Name != name)) f.AddError($"--faults: '{name}' is none of {names}");
});
var root = new RootCommand("Breaks a cluster of real processes, and counts what was lost, doubled and late")
{
    faults, runs, results, add, program,
};
root.SetAction(async (parsed, cancel) =>
{
    if (PostgresInstance.FindPrograms() is not { } programs)
    {
        await Console.Error.WriteLineAsync($"faults-bench: {PostgresInstance.Missing}");
        return 1;
    }

    await using var turn = await MachineTurn.TakeAsync();
    var bench = new FaultsBench(programs, parsed.GetValue(program)!.FullName, parsed.GetValue(results)!);
    return await bench.RunAsync(
        [.. parsed.GetValue(faults)!.Split(',').Select(Faults.Of)], parsed.GetValue(runs), parsed.GetValue(add),
        cancel);
});
// Whoever interrupts it waits until every process that it started is gone.
return await root.Parse(args).InvokeAsync(
    new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(3) });
