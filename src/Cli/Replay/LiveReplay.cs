using Stockpile.Cli.Client;
using Stockpile.Cli.Output;
using Stockpile.Scheduler.Api.Mapping;

namespace Stockpile.Cli.Replay;

/// <summary>
/// <c>replay --live</c>: the scheduler's own cycle on copies of the running cells. The cells make the copies, so what
/// is asked is their present state, and nothing of it changes.
/// </summary>
internal static class LiveReplay
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(
        CliContext context, ServerAccess server, string file, bool json, CancellationToken cancel)
    {
        var jobs = context.Jobs.Read(file).Select(spec => spec.ToRequest()).ToList();
        if (jobs.Count == 0) throw new CliException(ExitCodes.Refused, $"there is no job in {file}");
        using var client = new StockpileClient(server, context, Patience);
        var foreseen = await new Submitter(client, $"replay-{Guid.NewGuid():N}").DryRunAsync(jobs, cancel);
        var screen = new Screen(context);
        if (json) screen.Json(new { Live = true, Results = foreseen });
        else WhyViews.WhatIf(screen, foreseen);
        return ExitCodes.Done;
    }
}
