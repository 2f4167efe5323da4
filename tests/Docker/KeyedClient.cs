using System.Net;

namespace Stockpile.Docker.Tests;

/// <summary>
/// A client that goes on submitting while the cluster is in trouble: each job has a key, and is tried at one scheduler
/// after the other until it is acknowledged, as a user's client does.
/// </summary>
internal sealed class KeyedClient(IReadOnlyList<SchedulerClient> schedulers)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    private readonly Dictionary<string, string> _acknowledged = [];
    private Task _running = Task.CompletedTask;
    private int _count;
    private volatile bool _stop;

    /// <summary>Jobs acknowledged so far.</summary>
    public int Count => Volatile.Read(ref _count);

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Waits until so many more jobs are acknowledged, so that what was done meanwhile met some.</summary>
    public async Task MoreAsync(int jobs)
    {
        var least = Count + jobs;
        await Until.HoldsAsync($"{jobs} more jobs are acknowledged",
            () => _running.IsCompleted ? Task.FromException<int>(Fault()) : Task.FromResult(Count), c => c >= least);
    }

    /// <summary>
    /// Stops, and checks that every acknowledged job is there under the same id, wherever it is asked for.
    /// </summary>
    public async Task NothingIsLostAsync()
    {
        _stop = true;
        await _running;
        foreach (var scheduler in schedulers)
        {
            var jobs = await scheduler.JobsAsync();
            Assert.All(_acknowledged.Values, id => Assert.True(jobs.ContainsKey(id), $"{id} is lost"));
        }

        Assert.Equal(_acknowledged.Count, _acknowledged.Values.Distinct().Count());
        foreach (var (i, (key, id)) in _acknowledged.Index())
            Assert.Equal(id, await schedulers[i % schedulers.Count].SubmitAsync(key, Jobs.Batch));
        // What was acknowledged is also done, once.
        await Until.HoldsAsync("all acknowledged jobs are completed",
            async () => (await schedulers[0].JobsAsync()).Values
                .Where(j => _acknowledged.ContainsValue(j.Id) && j.State != "completed").ToList(),
            open => open.Count == 0);
    }

    private async Task RunAsync()
    {
        while (!_stop)
        {
            var key = Jobs.NewKey("keyed");
            for (var attempt = _count; !_acknowledged.ContainsKey(key); attempt++)
            {
                if (await TryAsync(schedulers[attempt % schedulers.Count], key) is { } id)
                    _acknowledged[key] = id;
                await Task.Delay(Pause);
            }

            Volatile.Write(ref _count, _acknowledged.Count);
        }
    }

    /// <summary>Null: not taken, or nobody answered.</summary>
    private static async Task<string?> TryAsync(SchedulerClient scheduler, string key)
    {
        try
        {
            var answer = await scheduler.TrySubmitAsync(key, Jobs.Batch);
            if (answer.Taken) return answer.Id;
            Assert.True(answer.Status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests,
                $"{answer.Status}: {answer.Body}");
            Assert.True(answer.RetryAfter, $"{answer.Status} without Retry-After: {answer.Body}");
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            // The scheduler is gone or cut off; whether it took the job shows when the key comes again.
        }

        return null;
    }

    private Exception Fault() => _running.Exception?.GetBaseException()
        ?? new InvalidOperationException("the client ended by itself");
}
