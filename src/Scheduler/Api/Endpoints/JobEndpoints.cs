using System.Globalization;
using Stockpile.Core;
using Stockpile.Core.Explain;
using Stockpile.Core.State;
using Stockpile.Hosting.Access;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Access;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api.Endpoints;

/// <summary>Jobs: submit, list, show, cancel, explain.</summary>
internal static class JobEndpoints
{
    public const string KeyHeader = "Idempotency-Key";

    public static readonly string[] States =
        ["pending", "idle", "placed", "running", "completed", "cancelled", "failed"];
    public static readonly string[] Kinds = ["training", "inference", "batch"];

    public static void MapJobs(this RouteGroupBuilder api)
    {
        api.MapPost("/jobs", SubmitAsync)
            .Accepts<JobRequest>("application/json").WithSummary("Submit a job")
            .Produces<JobResponse>(StatusCodes.Status201Created).Produces<JobResponse>().Needs(AccessRole.Submitter);
        api.MapPost("/jobs/batch", SubmitBatchAsync)
            .Accepts<JobBatchRequest>("application/json").WithSummary("Submit jobs, all or none")
            .Produces<JobBatchResponse>().Needs(AccessRole.Submitter);
        api.MapGet("/jobs", ListAsync).WithSummary("Jobs, newest first; cursor goes on where next says")
            .Produces<JobListResponse>();
        api.MapGet("/jobs/{id}", GetAsync).WithSummary("One job").Produces<JobResponse>();
        api.MapDelete("/jobs/{id}", CancelAsync).WithSummary("Cancel a job").Produces<JobResponse>()
            .Needs(AccessRole.Submitter);
        api.MapGet("/jobs/{id}/why", WhyAsync).WithSummary("Why a job is where it is").Produces<WhyResponse>();
        api.MapGet("/jobs/{id}/history", HistoryAsync)
            .WithSummary("A job's events from the journal").Produces<HistoryResponse>()
            .WithRequestTimeout(HttpLimits.Journal);
    }

    /// <summary>With <c>dryRun=true</c> it says what would become of the job, as a <see cref="WhatIfResponse"/>.
    /// </summary>
    private static async Task<IResult> SubmitAsync(
        HttpContext http, IStockpileGateway gateway, ApiOptions options, string? dryRun, CancellationToken cancel)
    {
        var query = new Query(http.Request, nameof(dryRun));
        var mode = query.OneOf(nameof(dryRun), "true", "false") == "true" ? SubmitMode.DryRun : SubmitMode.Each;
        if (query.IsRefused(out var badQuery)) return badQuery;
        var (key, badKey) = ReadKey(http.Request);
        if (badKey is not null) return badKey;
        var (request, problem) = await JsonBody.ReadAsync<JobRequest>(http);
        if (request is null) return problem!;
        var (submission, refusals) = JobSubmissions.Prepare(request, key, options);
        if (submission is null) return ProblemResult.Of([.. refusals.Select(r => r.ToJsonNames())]);
        var result = (await JobSubmissions.SendAsync(gateway, [submission], mode, cancel))[0];
        if (result.Refusal is { } refusal) return ProblemResult.Of(refusal.ToJsonNames());
        if (mode == SubmitMode.DryRun)
        {
            return result.ToWhatIf(options) is { } foreseen
                ? Results.Ok(foreseen)
                : ProblemResult.Of(new Refusal(Refusal.Unavailable, "", "the job's home only checks, it is of an older "
                    + "version; the job would be taken"));
        }

        var job = result.Job.ToResponse(options, withAllocations: true);
        return result.Repeated
            ? Results.Ok(job)
            : Results.Created($"{StockpileApi.Prefix}/jobs/{job.Id}", job);
    }

    /// <summary>All or nothing; with <c>dryRun=true</c> none, but what would become of each.</summary>
    private static async Task<IResult> SubmitBatchAsync(
        HttpContext http, IStockpileGateway gateway, ApiOptions options, string? dryRun, CancellationToken cancel)
    {
        var query = new Query(http.Request, nameof(dryRun));
        var mode = query.OneOf(nameof(dryRun), "true", "false") == "true" ? SubmitMode.DryRun : SubmitMode.AllOrNothing;
        if (query.IsRefused(out var badQuery)) return badQuery;
        var (key, badKey) = ReadKey(http.Request);
        if (badKey is not null) return badKey;
        var (request, problem) = await JsonBody.ReadAsync<JobBatchRequest>(http);
        if (request is null) return problem!;
        if (request.Jobs is not { Count: >= 1 and <= SchedulerLimits.JobsPerSubmitMax } jobs)
        {
            return ProblemResult.Of(new Refusal(Refusal.Invalid, "jobs",
                $"jobs has {Wording.Count(request.Jobs?.Count ?? 0, "entry", "entries")}; "
                + $"allowed: 1 to {SchedulerLimits.JobsPerSubmitMax}"));
        }

        var (submissions, refusals) = JobSubmissions.PrepareAll(jobs, key, options);
        if (refusals.Count > 0)
            return ProblemResult.Of([.. refusals.Select(r => InBatch(r.Refusal.ToJsonNames(), r.Index))]);
        var results = await JobSubmissions.SendAsync(gateway, submissions, mode, cancel);
        var refused = results.Select((r, i) => (r.Refusal, Index: i))
            .Where(r => r.Refusal is { Code: not Refusal.Withheld }).ToList();
        if (results.Any(r => r.Refusal is { Code: Refusal.Withheld }) || refused.Count == results.Count)
            return ProblemResult.Of([.. refused.Select(r => InBatch(r.Refusal!.ToJsonNames(), r.Index))]);
        if (mode == SubmitMode.DryRun)
            return Results.Ok(new JobBatchResponse([])
            {
                WhatIf = [.. results.Select(r => r.ToWhatIf(options)).OfType<WhatIfResponse>()],
            });
        return Results.Ok(new JobBatchResponse([.. results.Select((r, i) => r.Refusal is { } refusal
            ? new JobBatchResult(null, ProblemResult.Item(InBatch(refusal.ToJsonNames(), i)), r.Repeated)
            : new JobBatchResult(r.Job.ToResponse(options, withAllocations: true), null, r.Repeated))]));

        Refusal InBatch(Refusal refusal, int job) => refusal.InBatch(job, jobs[job]?.Name);
    }

    private static async Task<IResult> ListAsync(
        HttpRequest request, IStockpileGateway gateway, ApiOptions options,
        string? state, string? kind, string? tenant, string? cell, string? limit, string? cursor,
        CancellationToken cancel)
    {
        var query = new Query(
            request, nameof(state), nameof(kind), nameof(tenant), nameof(cell), nameof(limit), nameof(cursor));
        var filter = new JobFilter(query.OneOf(nameof(state), States), query.OneOf(nameof(kind), Kinds),
            query.Name(nameof(tenant)), query.Name(nameof(cell)), query.Limit(),
            query.Cursor<JobPlace>(JobPlace.TryParse));
        if (query.IsRefused(out var problem)) return problem;
        var reply = await gateway.ListJobsAsync(filter, cancel);
        return Results.Ok(new JobListResponse(
            [.. reply.Jobs.Select(j => j.ToResponse(options, withAllocations: false))], reply.Total)
        {
            Next = reply.Next(),
        });
    }

    private static Task<IResult> GetAsync(
        string id, IStockpileGateway gateway, ApiOptions options, CancellationToken cancel) =>
        AnswerAsync(id, options, job => gateway.GetJobAsync(job, cancel));

    private static Task<IResult> CancelAsync(
        string id, IStockpileGateway gateway, ApiOptions options, CancellationToken cancel) =>
        AnswerAsync(id, options, job => gateway.CancelJobAsync(job, cancel), JobViewMapping.AsCancelled);

    private static async Task<IResult> WhyAsync(
        string id, IStockpileGateway gateway, ApiOptions options, CancellationToken cancel)
    {
        if (!JobId.TryParse(id, out var job)) return ProblemResult.NotFound("job", id);
        var reply = await gateway.WhyAsync(job, cancel);
        return reply.Refusal is { } refusal
            ? ProblemResult.Of(refusal.ToJsonNames())
            : Results.Ok(reply.ToResponse(options));
    }

    private static async Task<IResult> HistoryAsync(
        string id, HttpRequest request, IStockpileGateway gateway, string? limit, string? cursor,
        CancellationToken cancel)
    {
        var query = new Query(request, nameof(limit), nameof(cursor));
        var most = limit is null ? SchedulerLimits.ListRowsMax : query.Limit();
        var from = query.Cursor<int>(TryCount) ?? 0;
        if (query.IsRefused(out var problem)) return problem;
        if (!JobId.TryParse(id, out var job)) return ProblemResult.NotFound("job", id);
        var events = await gateway.HistoryAsync(job, cancel);
        return events.Count == 0
            ? ProblemResult.NotFound("job", id)
            : Results.Ok(new HistoryResponse(
                job.ToString(), [.. events.Skip(from).Take(most).Select(e => e.ToResponse())])
            {
                Total = events.Count,
                Next = events.Count - from > most
                    ? (from + most).ToString(CultureInfo.InvariantCulture)
                    : null,
            });
    }

    /// <summary>A history grows at its end alone, so a place in it is a number of events.</summary>
    private static bool TryCount(string? text, out int count) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    private static async Task<IResult> AnswerAsync(
        string id, ApiOptions options, Func<JobId, Task<JobReply>> ask, Func<JobResponse, JobResponse>? said = null)
    {
        if (!JobId.TryParse(id, out var job)) return ProblemResult.NotFound("job", id);
        var reply = await ask(job);
        if (reply.Refusal is { } refusal) return ProblemResult.Of(refusal.ToJsonNames());
        var answer = reply.Job.ToResponse(options, withAllocations: true);
        return Results.Ok(said is null ? answer : said(answer));
    }

    private static (string Key, ProblemResult? Problem) ReadKey(HttpRequest request)
    {
        var values = request.Headers[KeyHeader];
        if (values.Count == 0) return ("", null);
        var key = values.ToString();
        if (values.Count == 1 && JobSubmissions.IsKey(key)) return (key, null);
        var what = key.Length == 0 ? "empty" : $"'{Names.Shorten(key)}'";
        return ("", ProblemResult.Of(new Refusal(Refusal.Invalid, KeyHeader,
            $"{KeyHeader} is {what}; allowed: {JobSubmissions.KeyRule}")));
    }
}
