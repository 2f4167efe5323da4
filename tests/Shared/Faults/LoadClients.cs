using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Stockpile.Tests.Shared.Faults;

/// <summary>A request that was not answered with a job.</summary>
/// <param name="Kind"><c>503</c>, <c>429</c>, another status, <c>connection</c> or <c>timeout</c>.</param>
/// <param name="AtFaulted">It was sent to a process that was being broken.</param>
internal sealed record FailedRequest(DateTime At, string Member, string Kind, bool AtFaulted, string Detail)
{
    /// <summary>Named, with <c>Retry-After</c>: what clients are told to expect.</summary>
    public bool IsPromised => Kind is "503" or "429";
}

/// <summary>A job that was acknowledged.</summary>
/// <param name="Took">From the first attempt to the acknowledgement.</param>
internal sealed record Acknowledged(string Key, string Id, DateTime At, TimeSpan Took);

/// <summary>
/// Submits at a steady rate, whether or not answers come: each job under a key of its own, to any scheduler, and again
/// elsewhere until it is acknowledged. An answer that says when to come again is followed; all others are noted.
/// </summary>
internal sealed class LoadClients(FaultLab lab) : IDisposable
{
    /// <summary>Longer than a scheduler takes to say by itself that a cell does not answer.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(200);

    /// <summary>More than this many submissions are not tried at once.</summary>
    private const int OpenMax = 400;

    private readonly ConcurrentQueue<FailedRequest> _failed = new();
    private readonly ConcurrentQueue<Acknowledged> _acknowledged = new();
    private CancellationTokenSource _stop = new();
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];
    private Task _sending = Task.CompletedTask;
    private int _open;
    private int _next;

    public IReadOnlyCollection<FailedRequest> Failed => _failed;

    public IReadOnlyCollection<Acknowledged> Jobs => _acknowledged;

    /// <summary>Submissions that are not acknowledged yet.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>
    /// A mix of single tasks of 6 s and, every sixth, a gang of a whole node for about 4 s, at 60 times real time: half
    /// of what the lab's nodes can do, so that what gathers during a fault is soon done. They ask for each cell in its
    /// turn by a label: work for a cell that was hit is always on its way, wherever the routers would rather send it.
    /// </summary>
    public static string JobOf(int number)
    {
        var cell = FaultLab.Cells[(number + (number / 6)) % FaultLab.Cells.Count];
        var shape = number % 6 == 5
            ? """ "kind":"training","devices":8,"perNode":8,"work":0.15,"checkpoint":"1m" """
            : """ "kind":"batch","tasks":1,"devices":1,"duration":"6m" """;
        return $$"""{"name":"load-{{number}}","labels":{"cell":"{{cell}}"},{{shape}}}""";
    }

    /// <summary>Begins, or goes on after it was stopped.</summary>
    public void Start()
    {
        if (!_sending.IsCompleted) return;
        _stop.Dispose();
        _stop = new CancellationTokenSource();
        var stop = _stop.Token;
        _sending = Task.Run(() => SendAsync(stop));
    }

    /// <summary>Sends nothing new, and waits until everything that was begun is acknowledged.</summary>
    /// <exception cref="TimeoutException">Some of it is not, after minutes.</exception>
    public async Task StopAsync(CancellationToken cancel)
    {
        await _stop.CancelAsync();
        await _sending.WaitAsync(cancel);
        await lab.UntilAsync("every submission is acknowledged", () => Task.FromResult(Open == 0),
            () => $"{Open} are open; the last failures: "
                + string.Join("; ", _failed.TakeLast(5).Select(f => $"{f.Member} {f.Kind} {f.Detail}")), cancel);
    }

    /// <summary>The same submission again.</summary>
    public async Task<(HttpStatusCode Status, string Id)> RepeatAsync(Acknowledged job, CancellationToken cancel)
    {
        var number = int.Parse(job.Key[(job.Key.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture);
        while (true)
        {
            var member = lab.Schedulers[number % lab.Schedulers.Count];
            using var response = await SendAsync(member, job.Key, number, cancel);
            if (response.IsSuccessStatusCode) return (response.StatusCode, await IdOfAsync(response, cancel));
            await Task.Delay(PauseAfterFailure, cancel);
        }
    }

    public void Dispose() => _stop.Dispose();

    private async Task SendAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                if (Open >= OpenMax) continue;
                Interlocked.Increment(ref _open);
                _ = SubmitAsync(Interlocked.Increment(ref _next));
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    private async Task SubmitAsync(int number)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"load-{_run}-{number}");
        var since = TimeProvider.System.GetTimestamp();
        for (var attempt = number; ; attempt++)
        {
            var member = lab.Schedulers[attempt % lab.Schedulers.Count];
            TimeSpan pause;
            try
            {
                using var response = await SendAsync(member, key, number, CancellationToken.None);
                if (response.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK)
                {
                    var id = await IdOfAsync(response, CancellationToken.None);
                    _acknowledged.Enqueue(new Acknowledged(
                        key, id, DateTime.UtcNow, TimeProvider.System.GetElapsedTime(since)));
                    Interlocked.Decrement(ref _open);
                    return;
                }

                pause = await NoteAsync(member, response);
            }
            catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException)
            {
                Note(member, fault is OperationCanceledException ? "timeout" : "connection", fault.Message);
                pause = PauseAfterFailure;
            }

            await Task.Delay(pause);
        }
    }

    private async Task<TimeSpan> NoteAsync(LabProcess member, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        var after = response.Headers.RetryAfter?.Delta;
        var named = response.Content.Headers.ContentType?.MediaType == "application/problem+json";
        if (status is "503" or "429" && (after is null || !named)) status += " without a name or Retry-After";
        Note(member, status, body);
        return after ?? PauseAfterFailure;
    }

    private void Note(LabProcess member, string kind, string detail) =>
        _failed.Enqueue(new FailedRequest(DateTime.UtcNow, member.Name, kind, lab.IsFaulted(member), detail));

    private async Task<HttpResponseMessage> SendAsync(
        LabProcess member, string key, int number, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(member.Url, "api/v1/jobs"))
        {
            Content = new StringContent(JobOf(number), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", key);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(RequestTimeout);
        return await lab.Http.SendAsync(request, limit.Token);
    }

    private static async Task<string> IdOfAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancel));
        return answer.RootElement.GetProperty("id").GetString()!;
    }
}
