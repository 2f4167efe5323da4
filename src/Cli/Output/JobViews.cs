using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Output;

/// <summary>Jobs for people.</summary>
internal static class JobViews
{
    public static void List(Screen screen, JobListResponse list)
    {
        var hasParts = list.Jobs.Any(j => j.PartOf is not null);
        string[] part = hasParts ? ["part of"] : [];
        screen.Table(
            ["id", "name", "kind", "tenant", "priority", "state", "cell", ">size", ">progress", "submitted", ">ran",
                .. part],
            list.Jobs.Select(j => hasParts ? [.. Row(j), j.PartOf] : Row(j)));
        Pages(screen, list.Jobs.Count, list.Total, "jobs", list.Next);
    }

    /// <summary>The line under a list that is not whole.</summary>
    public static void Pages(Screen screen, int count, int total, string noun, string? next)
    {
        if (next is not null) screen.Line($"{Of(count, total)} {noun}; --cursor {next} shows the next, --all all");
        else if (total > count) screen.Line($"{Of(count, total)} {noun}; these are the last");

        static string Of(int count, int total) => $"{Show.Number(count)} of {Show.Number(total)}";
    }

    public static void One(Screen screen, JobResponse job)
    {
        screen.Facts(
        [
            ("id", job.Id),
            ("name", job.Name),
            ("state", Shade.State(job.State)),
            ("reason", job.Reason),
            ("kind", job.Kind),
            ("tenant", job.Tenant),
            ("priority", job.Priority),
            ("cell", job.Cell),
            ("size", Size(job)),
            ("tiers", job.Tiers is null ? null : string.Join(", ", job.Tiers)),
            ("models", job.Models is null ? null : string.Join(", ", job.Models)),
            ("device memory", job.MinMemory is { } least ? $"at least {Show.Memory(least)}" : null),
            ("per task", PerTask(job)),
            ("labels", Show.Labels(job.Labels)),
            ("work", job.Work is { } work ? $"{Show.Number(work)} device-hours on a reference device" : null),
            ("duration", job.Duration is { } duration ? Show.Duration(duration) : null),
            ("checkpoint", job.Checkpoint is { } interval ? $"every {Show.Duration(interval)}" : null),
            ("generation", job.Generation),
            ("demand", job.Demand is { } d ? Demand(d) : null),
            ("answers", job.Serving is { } s
                ? $"{Show.Number(s.RequestsPerDevice!.Value)} requests/s on one H800, loaded to "
                    + Show.Percent(s.Utilisation!.Value)
                : null),
            ("load", job.Load is { } now
                ? $"{Show.Number(now.Requests)} of {Show.Number(now.Capacity)} requests/s"
                : null),
            ("latency class", job.LatencyClass),
            ("guest", job.Guest == false ? "never" : null),
            ("progress", job.Kind == "inference" ? null : Show.Percent(job.Progress)),
            ("tasks done", job.Tasks is { } tasks ? $"{job.TasksDone} of {tasks}" : null),
            ("parts", job.Parts is { } parts ? string.Join(", ", parts) : null),
            ("part of", job.PartOf),
            ("requeues", job.Requeues == 0 ? null : job.Requeues),
            ("preemptions", job.Preemptions == 0 ? null : job.Preemptions),
            ("failures", job.Failures == 0 ? null
                : $"{job.Failures} of one task, with retries = {job.Retries ?? Limits.RetriesDefault}"),
            ("submitted", Show.Time(job.SubmittedAt)),
            ("started", Show.Time(job.StartedAt)),
            ("completed", Show.Time(job.CompletedAt)),
            ("ran", Ran(job)),
            ("key", job.Key),
        ]);
        if (job.Allocations is { Count: > 0 } allocations) Allocations(screen, allocations, withJob: false);
    }

    public static void Allocations(Screen screen, IReadOnlyList<AllocationResponse> allocations, bool withJob)
    {
        screen.Heading("Allocations");
        string[] other = withJob ? ["job"] : ["node", "model", "tier"];
        screen.Table(
            ["id", .. other, "state", ">task", ">devices", "on", "guest"],
            allocations.Select(a =>
            {
                object?[] place = withJob ? [a.Job] : [a.Node, a.Model, a.Tier];
                return (IReadOnlyList<object?>)
                [
                    a.Id, .. place, Shade.State(a.State), a.Task,
                    Show.Number(a.Share is { } share ? share / 1000d : a.Devices.Count),
                    string.Join(',', a.Devices), a.Guest ? "guest" : "",
                ];
            }));
    }

    public static void History(Screen screen, HistoryResponse history)
    {
        screen.Table(
            ["time", "event", "detail"],
            history.Events.Select(e => (IReadOnlyList<object?>)[Show.Time(e.At), e.Event, e.Detail]));
        Pages(screen, history.Events.Count, history.Total, "events", history.Next);
    }

    public static void Submitted(Screen screen, IReadOnlyList<JobBatchResult> results) => screen.Table(
        ["id", "name", "kind", ">size", "state", "cell", "note"],
        results.Select(r => (IReadOnlyList<object?>)(r.Job is { } job
            ? [job.Id, job.Name, job.Kind, Size(job), Shade.State(job.State), job.Cell, Note(r, job)]
            : ["-", "", "", "", Shade.State("failed"), "", r.Error?.Detail])));

    private static IReadOnlyList<object?> Row(JobResponse job) =>
    [
        job.Id, job.Name, job.Kind, job.Tenant, job.Priority, Shade.State(job.State), job.Cell, Size(job),
        job.Kind == "inference" ? "" : Show.Percent(job.Progress), Show.Time(job.SubmittedAt), Ran(job),
    ];

    private static string Note(JobBatchResult result, JobResponse job) =>
        result.Repeated ? "known already" : job.Reason ?? "";

    internal static string Size(JobResponse job)
    {
        var each = job.Share is { } share ? share / 1000d : job.Devices ?? 0;
        return job switch
        {
            { Kind: "training", MinDevices: { } min } => $"{min}..{job.MaxDevices ?? job.Devices}",
            { Kind: "training", MaxDevices: { } max } => $"{job.Devices}..{max}",
            { Kind: "training" } => Show.Number(each),
            { Replicas: { } r } => $"{r.Now} of {r.Min}..{r.Max} x {Show.Number(each)}",
            _ => $"{job.Tasks ?? 0} x {Show.Number(each)}",
        };
    }

    private static string? Ran(JobResponse job) =>
        job is { StartedAt: { } start, CompletedAt: { } end } ? Show.Duration(end - start) : null;

    private static string? PerTask(JobResponse job)
    {
        string?[] parts =
        [
            job.Cpu is { } cpu ? $"{Show.Number(cpu)} cores" : null,
            job.Memory is { } memory ? Show.Memory(memory) : null,
            job.PerNode is { } perNode ? $"{perNode} devices per node" : null,
        ];
        return string.Join(", ", parts.Where(p => p is not null));
    }

    private static string Demand(Demand demand)
    {
        var weekend = demand.Weekend.Equals(1) ? "" : $", {Show.Percent(demand.Weekend)} of that on weekends";
        weekend += demand.Zone.Length > 0 ? $", by the time of {demand.Zone}" : "";
        if (demand.Base.Equals(demand.Peak)) return $"{Show.Number(demand.Base)} requests/s{weekend}";
        return $"{Show.Number(demand.Base)} to {Show.Number(demand.Peak)} requests/s, "
            + $"peak at {Quantities.Format(TimeSpan.FromHours(demand.PeakHour))}{weekend}";
    }
}
