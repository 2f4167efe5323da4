using Stockpile.Core;
using Stockpile.Formats.Jobs;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cli.Demo;

/// <summary>Submits jobs when their arrival is due in simulated time.</summary>
/// <param name="start">The simulated time from which arrivals count.</param>
/// <param name="keyPrefix">
/// Makes each job's key with its position, so that a feed that starts anew submits nothing twice; null: no keys, and
/// each job goes where there is most room.
/// </param>
public sealed class JobFeed(
    IStockpileGateway gateway, TimeProvider clock, DateTimeOffset start, IReadOnlyList<ScheduledJob> jobs,
    string? keyPrefix = null)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private readonly List<string> _ids = [];
    private readonly List<string> _refused = [];

    /// <summary>Jobs that were accepted, in the order of their arrival.</summary>
    public IReadOnlyList<string> Ids => _ids;

    /// <summary>One line for each job that was refused.</summary>
    public IReadOnlyList<string> Refused => _refused;

    public int Total => jobs.Count;

    public bool Finished => _ids.Count + _refused.Count == jobs.Count;

    public async Task RunAsync(CancellationToken cancel)
    {
        var next = 0;
        while (next < jobs.Count)
        {
            var now = clock.GetUtcNow() - start;
            var due = next;
            while (due < jobs.Count && due - next < SchedulerLimits.JobsPerSubmitMax && jobs[due].Arrival <= now) due++;
            if (due == next)
            {
                await Task.Delay(LookEvery, cancel);
                continue;
            }

            await SubmitAsync(next, due, cancel);
            next = due;
        }
    }

    private async Task SubmitAsync(int from, int to, CancellationToken cancel)
    {
        var batch = new List<Submission>(to - from);
        for (var i = from; i < to; i++) batch.Add(new Submission
        {
            Key = keyPrefix is null ? "" : $"{keyPrefix}{i}",
            Spec = jobs[i].Spec.ToWire(),
        });
        var reply = await WithPatienceAsync(() => gateway.SubmitAsync(batch, SubmitMode.Each, cancel), cancel);
        for (var i = 0; i < reply.Results.Count; i++)
        {
            var result = reply.Results[i];
            if (result.Refusal is null) _ids.Add(result.Job.Id);
            else _refused.Add($"{jobs[from + i].Spec.Name}: {result.Refusal.Message}");
        }
    }

    /// <summary>
    /// A full queue is waited for; nothing was taken then. A cell that does not answer may have taken the jobs, so the
    /// feed goes on only where it is known not to have, or where keys make the repetition safe.
    /// </summary>
    private async Task<SubmitJobsReply> WithPatienceAsync(
        Func<Task<SubmitJobsReply>> submit, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await submit();
            }
            catch (ClusterBusyException busy)
            {
                await Task.Delay(busy.RetryAfter, cancel);
            }
            catch (ClusterUnavailableException away) when (keyPrefix is not null || away.NothingTaken)
            {
                await Task.Delay(away.RetryAfter, cancel);
            }
        }
    }
}
