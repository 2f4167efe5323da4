using System.Threading.RateLimiting;
using Stockpile.Core;

namespace Stockpile.Scheduler.Api;

/// <summary>
/// How many requests of each kind are under way in this process. What comes on top is refused at the door: before its
/// body is read, and without a word to any actor, so that a refusal costs next to nothing.
/// </summary>
internal sealed class Admission : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly ConcurrencyLimiter _bodies = Limiter(SchedulerLimits.SubmissionKiBInFlightMax);
    private readonly Door _submissions = new("submit", "submissions", SchedulerLimits.SubmissionsInFlightMax);
    private readonly Door _journal = new(
        "journal", "requests that read the journal", SchedulerLimits.JournalReadsInFlightMax);
    private readonly Door _others = new("other", "requests", SchedulerLimits.RequestsInFlightMax);

    public IReadOnlyList<Door> Doors => [_submissions, _journal, _others];

    /// <summary>KiB of submissions' bodies that are under way.</summary>
    public long BodyKiB => SchedulerLimits.SubmissionKiBInFlightMax - Available(_bodies);

    /// <summary>Lets a request in, for as long as the entry is held.</summary>
    /// <param name="problem">Not null: it has to come again.</param>
    public IDisposable? Enter(HttpRequest request, out ProblemResult? problem)
    {
        problem = null;
        if (DoorOf(request) is not { } door) return null;
        var lease = door.Limiter.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            lease.Dispose();
            problem = Busy($"{door.Max} {door.What} are under way, the most that this process takes at a time");
            return null;
        }

        if (door != _submissions) return lease;
        var body = _bodies.AttemptAcquire(KiBOf(request));
        if (body.IsAcquired) return new Both(lease, body);
        body.Dispose();
        lease.Dispose();
        problem = Busy(
            $"submissions of {BodyKiB} KiB are under way; {SchedulerLimits.SubmissionKiBInFlightMax} are the most "
            + "that this process takes at a time");
        return null;
    }

    public void Dispose()
    {
        _bodies.Dispose();
        foreach (var door in Doors) door.Limiter.Dispose();
    }

    /// <summary>Null: always let in. Health, figures and the page are cheap and wanted most when nothing else goes;
    /// event streams are counted where they are opened.</summary>
    private Door? DoorOf(HttpRequest request)
    {
        if (!request.Path.StartsWithSegments(StockpileApi.Prefix, out var rest)) return null;
        if (rest == "/events") return null;
        if (HttpMethods.IsPost(request.Method) && rest.StartsWithSegments("/jobs")) return _submissions;
        var readsJournal = rest == "/audit" || request.Query.ContainsKey("at")
            || (rest.StartsWithSegments("/jobs") && rest.Value!.EndsWith("/history", StringComparison.Ordinal));
        return readsJournal ? _journal : _others;
    }

    /// <summary>A body that does not tell its length may be as long as any.</summary>
    private static int KiBOf(HttpRequest request) =>
        (int)(Math.Clamp(request.ContentLength ?? SchedulerLimits.HttpBodyBytesMax, 1,
            SchedulerLimits.HttpBodyBytesMax) + 1023) / 1024;

    private static ProblemResult Busy(string detail) =>
        ProblemResult.Of(StatusCodes.Status429TooManyRequests, Refusal.Busy, detail, RetryAfter);

    private static ConcurrencyLimiter Limiter(int max) => new(new ConcurrencyLimiterOptions
    {
        PermitLimit = max,
        QueueLimit = 0,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private static long Available(ConcurrencyLimiter limiter) =>
        limiter.GetStatistics()?.CurrentAvailablePermits ?? 0;

    /// <summary>One kind of requests.</summary>
    /// <param name="Name">As the figures call it.</param>
    /// <param name="What">As a refusal calls it.</param>
    public sealed record Door(string Name, string What, int Max)
    {
        public ConcurrencyLimiter Limiter { get; } = Limiter(Max);

        public long InFlight => Max - Available(Limiter);

        public long Refused => Limiter.GetStatistics()?.TotalFailedLeases ?? 0;
    }

    private sealed record Both(IDisposable First, IDisposable Second) : IDisposable
    {
        public void Dispose()
        {
            First.Dispose();
            Second.Dispose();
        }
    }
}

/// <summary>Stands before everything that costs something; who calls costs nothing to tell.</summary>
internal sealed class AdmissionMiddleware(RequestDelegate next, Admission admission)
{
    public async Task InvokeAsync(HttpContext http)
    {
        using var entry = admission.Enter(http.Request, out var problem);
        if (problem is null) await next(http);
        else await problem.ExecuteAsync(http);
    }
}
