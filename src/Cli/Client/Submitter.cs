using System.Globalization;
using System.Text.Json;
using Stockpile.Core;
using Stockpile.Scheduler;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Client;

/// <summary>
/// Sends jobs in requests that keep the server's limits. The keys follow from the given key and the order of the jobs
/// alone, so the same files with the same key are the same jobs.
/// </summary>
internal sealed class Submitter(StockpileClient client, string key)
{
    /// <summary>Leaves room for the brackets and commas around the jobs.</summary>
    private const int BytesMax = SchedulerLimits.HttpBodyBytesMax - 64 * 1024;

    public string Key { get; } = key;

    public async Task<IReadOnlyList<JobBatchResult>> SubmitAsync(
        IReadOnlyList<JobRequest> jobs, CancellationToken cancel)
    {
        if (jobs.Count == 1) return [await SubmitOneAsync(jobs[0], cancel)];
        var results = new List<JobBatchResult>(jobs.Count);
        var parts = Split(jobs);

        // One request is all or nothing by itself; several are when each of them is checked before the first is sent.
        if (parts.Count > 1)
            for (var i = 0; i < parts.Count; i++)
                await client.PostAsync<JobBatchResponse>(
                    "jobs/batch?dryRun=true", new JobBatchRequest { Jobs = parts[i] }, KeyOf(i), cancel);

        for (var i = 0; i < parts.Count; i++)
        {
            var own = KeyOf(i);
            try
            {
                var answer = await client.PostAsync<JobBatchResponse>(
                    "jobs/batch", new JobBatchRequest { Jobs = parts[i] }, own, cancel);
                results.AddRange(answer.Value.Results);
            }
            catch (CliException failure) when (results.Count > 0)
            {
                throw new CliException(failure.ExitCode, $"{results.Count} of {jobs.Count} jobs were submitted, then: "
                    + $"{failure.Message}; the same command with --key {Key} goes on from there");
            }
        }

        return results;

        string KeyOf(int part) =>
            parts.Count == 1 ? Key : string.Create(CultureInfo.InvariantCulture, $"{Key}.{part}");
    }

    /// <summary>
    /// What would become of the jobs, one answer each and in their order. Nothing is submitted. Jobs of one request
    /// see each other, as they would when submitted.
    /// </summary>
    public async Task<IReadOnlyList<WhatIfResponse>> DryRunAsync(
        IReadOnlyList<JobRequest> jobs, CancellationToken cancel)
    {
        if (jobs.Count == 1)
            return [(await client.PostAsync<WhatIfResponse>("jobs?dryRun=true", jobs[0], Key, cancel)).Value];
        var results = new List<WhatIfResponse>(jobs.Count);
        foreach (var part in Split(jobs))
        {
            var answer = await client.PostAsync<JobBatchResponse>(
                "jobs/batch?dryRun=true", new JobBatchRequest { Jobs = part }, Key, cancel);
            results.AddRange(answer.Value.WhatIf ?? []);
        }

        return results;
    }

    private async Task<JobBatchResult> SubmitOneAsync(JobRequest job, CancellationToken cancel)
    {
        var answer = await client.PostAsync<JobResponse>("jobs", job, Key, cancel);
        return new JobBatchResult(answer.Value, null, !answer.IsCreated);
    }

    private static List<List<JobRequest>> Split(IReadOnlyList<JobRequest> jobs)
    {
        var parts = new List<List<JobRequest>> { new() };
        var bytes = 0;
        foreach (var job in jobs)
        {
            var size = JsonSerializer.SerializeToUtf8Bytes(job, ApiJson.Options).Length + 1;
            if (parts[^1].Count > 0 && (parts[^1].Count == SchedulerLimits.JobsPerSubmitMax || bytes + size > BytesMax))
            {
                parts.Add([]);
                bytes = 0;
            }

            parts[^1].Add(job);
            bytes += size;
        }

        return parts;
    }
}
