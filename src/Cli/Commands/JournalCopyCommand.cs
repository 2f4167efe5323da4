using System.CommandLine;
using Stockpile.Cli.Local;
using Stockpile.Cli.Output;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Postgres;
using Stockpile.Hosting.Processes;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Commands;

/// <summary>Moves a cluster from SQLite to PostgreSQL.</summary>
internal static class JournalCopyCommand
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    public static Command Create(CliContext context)
    {
        var data = JournalCommand.DataOption(required: true);
        var postgres = JournalCommand.PostgresOption(required: true);
        var json = new Option<bool>("--json") { Description = "Print one JSON document" };
        var copy = new Command("copy", "Copy the journal of a data folder into an empty PostgreSQL database")
        {
            data, postgres, json,
        };
        copy.SetAction((parsed, cancel) => RunAsync(
            context, parsed.GetValue(data)!, parsed.GetValue(postgres)!, parsed.GetValue(json), cancel));
        return copy;
    }

    private static async Task<int> RunAsync(
        CliContext context, string data, string postgres, bool json, CancellationToken cancel)
    {
        using var folder = JournalCheck.Open(data);
        // Whoever moves finds out first whether what he has is worth moving.
        context.Error.WriteLine($"checking {folder.FullPath}");
        var before = await JournalCheck.RunAsync(StoreConfig.Sqlite(folder.ConnectionString), null, cancel);
        if (before.FirstOrDefault(c => !c.Agrees) is { } broken)
            throw new CliException(ExitCodes.Refused,
                $"cell {broken.Cell} in {folder.FullPath} is not sound, so nothing was copied: {broken.Verdict}");
        if (before.Count == 0)
            throw new CliException(ExitCodes.Refused, $"{folder.FullPath} holds no cell, so nothing was copied");
        var copied = await LocalInput.OrRefuseAsync(() =>
            JournalCopy.RunAsync(folder, postgres, ShowProgress(context), cancel));

        context.Error.WriteLine("copied and committed; checking what PostgreSQL holds");
        var expected = before.Select(c => new JournalReport(c.Cell, c.Rounds, c.Events, c.Digest, true)).ToList();
        var after = await JournalCheck.RunPostgresAsync(postgres, expected, cancel);
        var agrees = after.All(c => c.Agrees)
            && before.Select(c => c.Events).SequenceEqual(after.Select(c => c.Events));
        var screen = new Screen(context);
        if (json) screen.Json(new { copied, cells = after, agrees });
        else
        {
            screen.Facts(
            [
                ("journal rows", Show.Number(copied.JournalRows)), ("sha256", copied.JournalSha256),
                ("snapshots", Show.Number(copied.SnapshotRows)), ("sha256", copied.SnapshotSha256),
                ("clock", copied.Clock ? "copied" : "none"),
            ]);
            JournalCheckCommand.Show(screen, after.Select(c => c with
            {
                Verdict = c.Agrees ? "agrees with the folder" : c.Verdict,
            }));
        }

        return agrees ? ExitCodes.Done : ExitCodes.Refused;
    }

    /// <summary>A line at the start and the end of a step, and every few seconds between.</summary>
    private static Action<CopyProgress> ShowProgress(CliContext context)
    {
        var shown = 0L;
        return progress =>
        {
            if (progress.Rows > 1 && progress.Rows < progress.Total
                && TimeProvider.System.GetElapsedTime(shown) < ProgressInterval) return;
            shown = TimeProvider.System.GetTimestamp();
            context.Error.WriteLine(
                $"{progress.Step}: {Show.Number(progress.Rows)} of {Show.Number(progress.Total)} rows");
        };
    }
}
