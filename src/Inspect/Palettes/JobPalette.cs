using Stockpile.Core;
using Stockpile.Core.State;
using Stockpile.Hosting.Access;
using Stockpile.Inspect.Catalogue;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Endpoints;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Api.Text;
using Stockpile.Scheduler.Routing;
using static Stockpile.Inspect.Palettes.Calls;
using static Stockpile.Inspect.Palettes.Lines;

namespace Stockpile.Inspect.Palettes;

/// <summary><c>job</c>: jobs, why they are where they are, and what users do with them.</summary>
public static class JobPalette
{
    private static readonly CommandArgument JobName = Id("The job's id, such as north-17");

    public static Palette Create(Func<ClusterAccess> cluster) => new(
        "job", "Jobs: list, look, explain, submit, cancel",
        [
            Look(cluster, "list", "Jobs, newest first",
            [
                new("state", $"Only jobs in this state: {string.Join(", ", JobEndpoints.States)}", "-s"),
                new("kind", $"Only jobs of this kind: {string.Join(", ", JobEndpoints.Kinds)}", "-k"),
                new("tenant", "Only jobs of this tenant", "-t"),
                Cell("jobs"),
                Limit, Cursor,
            ], ListAsync),
            Look(cluster, "show", "One job and its allocations", [JobName], async (on, call, answer, cancel) =>
                await ShowAsync(answer, await AskAsync(on, call, job => on.Gateway.GetJobAsync(job, cancel)))),
            Look(cluster, "why", "Why a job is where it is", [JobName], async (on, call, answer, cancel) =>
            {
                var reply = await on.Gateway.WhyAsync(GetId(call), cancel);
                Check(reply.Refusal);
                await WhyAsync(answer, reply.ToResponse(on.Options));
            }),
            Look(cluster, "history", "A job's events from the journal, oldest first", [JobName], HistoryAsync),
            JobSubmission.Create(cluster),
            Command(cluster, "cancel", "Cancel a job; an array fails with a part of it", [JobName],
                async (on, call, answer, cancel) =>
            {
                var job = await AskAsync(on, call, job => on.Gateway.CancelJobAsync(job, cancel));
                job = job.AsCancelled();
                await answer.LineAsync(job.ToCancelLine(), job);
            }) with { Role = AccessRole.Submitter },
        ]);

    /// <summary>State, task, devices, where on the node, and whether it is a guest.</summary>
    internal static string?[] Allocation(AllocationResponse allocation) =>
    [
        allocation.State, Number(allocation.Task), Number(Devices(allocation.Share, allocation.Devices.Count)),
        string.Join(',', allocation.Devices), allocation.Guest ? "guest" : null,
    ];

    /// <summary>How large a job is: devices of a gang, or replicas or tasks and the devices of each.</summary>
    internal static string Size(JobResponse job)
    {
        var each = Number(Devices(job.Share, job.Devices ?? 0));
        return job switch
        {
            { Kind: "training" } when (job.MinDevices ?? job.MaxDevices) is not null =>
                $"{job.MinDevices ?? job.Devices}..{job.MaxDevices ?? job.Devices}",
            { Kind: "training" } => each,
            { Replicas: { } r } => $"{r.Now} of {r.Min}..{r.Max} x {each}",
            _ => $"{job.Tasks ?? 0} x {each}",
        };
    }

    private static double Devices(int? shareMilli, int whole) =>
        shareMilli is { } share ? share / (double)Limits.MilliPerDevice : whole;

    private static JobId GetId(CommandCall call) =>
        JobId.TryParse(call.Get("id"), out var id) ? id : throw NoSuch("job", call.Get("id"));

    private static async Task<JobResponse> AskAsync(
        ClusterAccess on, CommandCall call, Func<JobId, Task<JobReply>> ask)
    {
        var reply = await ask(GetId(call));
        Check(reply.Refusal);
        return reply.Job.ToResponse(on.Options, withAllocations: true);
    }

    private static async Task ListAsync(
        ClusterAccess on, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var filter = new JobFilter(call.FindOneOf("state", JobEndpoints.States),
            call.FindOneOf("kind", JobEndpoints.Kinds), call.FindName("tenant"), call.FindName("cell"),
            call.GetLimit(), call.FindCursor<JobPlace>(JobPlace.TryParse));
        var reply = await on.Gateway.ListJobsAsync(filter, cancel);
        var jobs = reply.Jobs.Select(j => j.ToResponse(on.Options, withAllocations: false)).ToList();
        var hasParts = jobs.Exists(j => j.PartOf is not null);
        await answer.TableAsync(
            ["job", "name", "kind", "tenant", "priority", "state", "cell", ">size", ">progress", "submitted",
                .. hasParts ? (string[])["part of"] : []], jobs,
            j =>
            [
                j.Id, j.Name, j.Kind, j.Tenant, j.Priority, j.State, j.Cell, Size(j), Progress(j),
                Time(j.SubmittedAt), .. hasParts ? (string?[])[j.PartOf] : [],
            ]);
        await answer.CountAsync("jobs", jobs.Count, reply.Total, reply.Next());
    }

    /// <summary>A service runs until it is stopped.</summary>
    private static string? Progress(JobResponse job) => job.Kind == "inference" ? null : Percent(job.Progress);

    private static async Task ShowAsync(IAnswer answer, JobResponse job)
    {
        await answer.FactsAsync(job,
            ("job", job.Id),
            ("name", job.Name),
            ("state", job.State),
            ("reason", job.Reason),
            ("kind", job.Kind),
            ("tenant", job.Tenant),
            ("priority", job.Priority),
            ("cell", job.Cell),
            ("size", Size(job)),
            ("tiers", Joined(job.Tiers)),
            ("models", Joined(job.Models)),
            ("work", job.Work is { } work ? $"{Number(work)} device-hours on a reference device" : null),
            ("duration", job.Duration is { } duration ? Quantities.Format(duration) : null),
            ("checkpoint", job.Checkpoint is { } interval ? $"every {Quantities.Format(interval)}" : null),
            ("progress", Progress(job)),
            ("tasks done", job.Tasks is { } tasks ? $"{job.TasksDone} of {tasks}" : null),
            ("parts", job.Parts is { } parts ? string.Join(", ", parts) : null),
            ("part of", job.PartOf),
            ("requeues", job.Requeues == 0 ? null : $"{job.Requeues}"),
            ("preemptions", job.Preemptions == 0 ? null : $"{job.Preemptions}"),
            ("failures", job.Failures == 0 ? null : $"{job.Failures} of one task"),
            ("submitted", Time(job.SubmittedAt)),
            ("started", Time(job.StartedAt)),
            ("completed", Time(job.CompletedAt)),
            ("key", job.Key));
        if (job.Allocations is { Count: > 0 } allocations)
        {
            await answer.PartAsync(
                ["allocation", "node", "model", "tier", "state", ">task", ">devices", "on", "guest"], allocations,
                a => [a.Id, a.Node, a.Model, a.Tier, .. Allocation(a)]);
        }
    }

    private static async Task HistoryAsync(
        ClusterAccess on, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var entries = await on.Gateway.HistoryAsync(GetId(call), cancel);
        if (entries.Count == 0) throw NoSuch("job", call.Get("id"));
        await answer.TableAsync(["time", "cell", ">round", "event", "detail"],
            [.. entries.Select(e => e.ToResponse())], e => [Time(e.At), e.Cell, Number(e.Round), e.Event, e.Detail]);
        await answer.CountAsync("events", entries.Count);
    }

    /// <summary>The text is the one of <c>stockpile why</c>.</summary>
    private static async Task WhyAsync(IAnswer answer, WhyResponse why)
    {
        await answer.FactsAsync(why, [.. WhyText.Facts(why)]);
        if (why.Elsewhere is { } others)
            await answer.PartAsync(["other cell", "verdict"], others, other => [other.Cell, other.Verdict]);
        if (why.Changes is { Count: > 0 } changes)
            await answer.PartAsync([WhyText.ChangesHead], changes, change => [change]);
        if (why.Alternatives.Count > 0) await answer.PartAsync(WhyText.Heads, why.Alternatives, WhyText.Row);
    }
}
