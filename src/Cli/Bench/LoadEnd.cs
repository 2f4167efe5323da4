using Stockpile.Cli.Client;
using Stockpile.Core;
using Stockpile.Scheduler;
using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Cli.Bench;

/// <summary>Takes back what a run left in the cluster.</summary>
internal sealed class LoadEnd(StockpileClient client, LoadPlan plan)
{
    private static readonly string[] Unfinished = ["pending", "placed", "running"];

    /// <summary>Simulated seconds from submission to start of the run's jobs, as far as the cluster still lists them.
    /// </summary>
    public async Task<IReadOnlyList<double>> WaitsAsync(CancellationToken cancel)
    {
        var waits = new List<double>();
        foreach (var state in new[] { "running", "completed" })
            foreach (var job in await ListAsync(state, cancel))
                if (job is { StartedAt: { } started, SubmittedAt: { } submitted })
                    waits.Add((started - submitted).TotalSeconds);
        waits.Sort();
        return waits;
    }

    /// <summary>Cancels the run's jobs that have not ended.</summary>
    /// <returns>How many.</returns>
    public async Task<long> CancelAsync(Action<long> progress, CancellationToken cancel)
    {
        long cancelled = 0;
        foreach (var state in Unfinished)
            for (var before = -1L; before != cancelled;)
            {
                before = cancelled;
                var jobs = await ListAsync(state, cancel);
                await Parallel.ForEachAsync(jobs,
                    new ParallelOptions { MaxDegreeOfParallelism = plan.Clients, CancellationToken = cancel },
                    async (job, token) =>
                    {
                        if (await TryCancelAsync(job.Id, token)) progress(Interlocked.Increment(ref cancelled));
                    });
            }

        return cancelled;
    }

    /// <summary>False: it has ended by itself meanwhile.</summary>
    private async Task<bool> TryCancelAsync(string id, CancellationToken cancel)
    {
        try
        {
            await client.DeleteAsync<JobResponse>($"jobs/{Uri.EscapeDataString(id)}", cancel);
            return true;
        }
        catch (CliException failure) when (failure.ExitCode == ExitCodes.Refused)
        {
            return false;
        }
    }

    private async Task<IEnumerable<JobResponse>> ListAsync(string state, CancellationToken cancel)
    {
        var list = await client.GetAllAsync<JobListResponse>(
            $"jobs?tenant={LoadPlan.Tenant}&state={state}&limit={SchedulerLimits.ListRowsMax}", "jobs", cancel);
        return list.Value.Jobs.Where(j => j.State == state && j.Name.StartsWith(plan.Prefix, StringComparison.Ordinal));
    }
}
