using System.CommandLine;
using System.Text.Json;
using Stockpile.Cli.Demo;
using Stockpile.Cli.Local;
using Stockpile.Cli.Output;

namespace Stockpile.Cli.Commands;

/// <summary>Looks at a journal without a cluster.</summary>
internal static class JournalCommand
{
    public static Command Create(CliContext context)
    {
        var data = new Option<string>("--data")
        {
            Description = "Data folder of a cluster that is not running",
            Required = true,
        };
        var report = new Option<string?>("--report") { Description = "Report of demo --json to compare with" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document" };
        var check = new Command("check", "Read every round back, check all invariants, print what the cells hold")
        {
            data, report, json,
        };
        check.SetAction((parsed, cancel) => CheckAsync(
            context, parsed.GetValue(data)!, parsed.GetValue(report), parsed.GetValue(json), cancel));
        return new Command("journal", "Look at a journal without a cluster") { check };
    }

    private static async Task<int> CheckAsync(
        CliContext context, string data, string? report, bool json, CancellationToken cancel)
    {
        var expected = report is null ? null : ReadReport(report);
        if (!File.Exists(Path.Combine(data, "stockpile.db")))
            throw new CliException(ExitCodes.Refused, $"{data}: there is no stockpile.db in this folder");
        var cells = await JournalCheck.RunAsync(data, expected, cancel);
        var screen = new Screen(context);
        if (json) screen.Json(new { cells });
        else
            screen.Table(
                ["cell", ">rounds", ">events", ">placed in all", ">held now", "allocations", "verdict"],
                cells.Select(c => new object?[]
                {
                    c.Cell, c.Rounds, c.Events, c.AllocationsPlaced, c.AllocationsHeld, c.Digest, c.Verdict,
                }));
        return cells.All(c => c.Agrees) ? ExitCodes.Done : ExitCodes.Refused;
    }

    private static IReadOnlyList<JournalReport> ReadReport(string file)
    {
        try
        {
            var report = JsonSerializer.Deserialize<DemoReport>(
                File.ReadAllText(file), Scheduler.Api.Json.ApiJson.Options);
            return report?.Journal ?? throw new CliException(ExitCodes.Refused, $"{file}: holds no report");
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCodes.Refused, $"{file}: {fault.Message}");
        }
    }
}
