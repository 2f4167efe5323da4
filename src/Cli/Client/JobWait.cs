using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Cli.Client;

/// <summary>Waits until every job is placed, or has ended.</summary>
internal sealed class JobWait(StockpileClient client, CliContext context, string until, TimeSpan? timeout)
{
    public async Task<IReadOnlyList<JobBatchResult>> ForAsync(
        IReadOnlyList<JobBatchResult> results, CancellationToken cancel)
    {
        var began = context.Clock.GetTimestamp();
        var waited = results.ToArray();
        for (var i = 0; i < waited.Length; i++)
        {
            while (waited[i].Job is { } job && !IsThere(job.State))
            {
                if (timeout is { } limit && context.Clock.GetElapsedTime(began) >= limit)
                    throw new CliException(ExitCodes.Refused, $"{job.Id} is still {job.State} after {limit}: "
                        + $"{job.Reason ?? "no reason given"}");
                await Task.Delay(context.WaitInterval, context.Clock, cancel);
                var answer = await client.GetAsync<JobResponse>($"jobs/{Uri.EscapeDataString(job.Id)}", cancel);
                waited[i] = waited[i] with { Job = answer.Value };
            }
        }

        return waited;
    }

    private bool IsThere(string state) => until == "placed"
        ? state != "pending"
        : state is "completed" or "cancelled" or "failed";
}
