using System.CommandLine;
using System.Text.Json;
using Stockpile.Cli.Demo;
using Stockpile.Cli.Local;
using Stockpile.Cli.Output;

namespace Stockpile.Cli.Commands;

/// <summary>Replays a journal with all invariants.</summary>
internal static class JournalCheckCommand
{
    public static Command Create(CliContext context)
    {
        var data = JournalCommand.DataOption(required: false);
        var postgres = JournalCommand.PostgresOption(required: false);
        var report = new Option<string?>("--report") { Description = "Report of demo --json to compare with" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document" };
        var check = new Command("check", "Read every round back, check all invariants, print what the cells hold")
        {
            data, postgres, report, json,
        };
        check.Validators.Add(result =>
        {
            // Whether they are there, not their values: those of an option that was given twice cannot be asked for.
            if (result.GetResult(data) is null == result.GetResult(postgres) is null)
                result.AddError("give either --data or --postgres");
        });
        check.SetAction((parsed, cancel) => RunAsync(
            context, parsed.GetValue(data), parsed.GetValue(postgres), parsed.GetValue(report), parsed.GetValue(json),
            cancel));
        return check;
    }

    private static async Task<int> RunAsync(
        CliContext context, string? data, string? postgres, string? report, bool json, CancellationToken cancel)
    {
        var expected = report is null ? null : ReadReport(report);
        var cells = data is not null
            ? await JournalCheck.RunAsync(data, expected, cancel)
            : await JournalCheck.RunPostgresAsync(postgres!, expected, cancel);
        var screen = new Screen(context);
        if (json) screen.Json(new { cells });
        else Show(screen, cells);
        return cells.All(c => c.Agrees && c.Snapshot is not { Agrees: false }) ? ExitCodes.Done : ExitCodes.Refused;
    }

    public static void Show(Screen screen, IEnumerable<CellCheck> cells) => screen.Table(
        ["cell", ">rounds", ">events", ">placed in all", ">held now", "allocations", "verdict", "snapshot"],
        cells.Select(c => new object?[]
        {
            c.Cell, c.Rounds, c.Events, c.AllocationsPlaced, c.AllocationsHeld, c.Digest, c.Verdict,
            c.Snapshot switch
            {
                null => "none",
                { Round: 0 } s => s.Verdict,
                var s => $"round {s.Round}: {s.Verdict}",
            },
        }));

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
