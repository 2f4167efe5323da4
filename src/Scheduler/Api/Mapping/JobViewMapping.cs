using Stockpile.Core.Jobs;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Routing;
using static Stockpile.Scheduler.Api.Mapping.JobRequestMapping;

namespace Stockpile.Scheduler.Api.Mapping;

/// <summary>What cells say about jobs, as JSON has it.</summary>
public static class JobViewMapping
{
    public static JobResponse ToResponse(this JobView view, ApiOptions options, bool withAllocations)
    {
        var spec = options.FromWire(view.Spec);
        // The request's form leaves out what is as by default, and so do answers.
        var request = spec.ToRequest();
        return new JobResponse
        {
            Id = view.Id,
            State = view.State,
            Cell = view.Cell,
            Name = spec.Name,
            Kind = spec.Kind.ToString().ToLowerInvariant(),
            Tenant = spec.Tenant,
            Priority = spec.Priority.ToString().ToLowerInvariant(),
            Tiers = request.Tiers,
            Models = request.Models,
            MinMemory = NullIfZero(spec.MinMemoryMiB),
            Cpu = request.Cpu,
            Memory = request.Memory,
            Labels = request.Labels,
            Devices = request.Devices,
            Share = request.Share,
            PerNode = request.PerNode,
            MinDevices = request.MinDevices,
            MaxDevices = request.MaxDevices,
            Topology = request.Topology,
            Work = request.Work,
            Checkpoint = request.Checkpoint,
            Generation = request.Generation,
            Replicas = spec.Kind == JobKind.Inference
                ? new ReplicasResponse(spec.MinReplicas, spec.MaxReplicas, view.Replicas)
                : null,
            Demand = request.Demand,
            Serving = request.Serving,
            Load = view.HasCapacity ? new LoadResponse(view.Requests, view.Capacity) : null,
            LatencyClass = request.LatencyClass,
            Guest = request.Guest,
            Tasks = request.Tasks,
            Duration = request.Duration,
            Retries = request.Retries,
            Allocations = withAllocations ? [.. view.Allocations.Select(ToResponse)] : null,
            AllocationCount = Math.Max(view.AllocationCount, view.Allocations.Count),
            SubmittedAt = Time(view.SubmittedAtMs),
            StartedAt = Time(view.StartedAtMs),
            CompletedAt = Time(view.CompletedAtMs),
            Reason = view.Reason.Length == 0 ? null : view.Reason,
            Hours = view.HeldHours > 0
                ? new JobHoursResponse(
                    Math.Round(view.HeldHours, 4), Math.Round(view.UsefulHours, 4), Math.Round(view.LostHours, 4))
                : null,
            Progress = view.Done,
            Requeues = view.Requeues,
            Preemptions = view.Preemptions,
            Failures = view.Failures,
            TasksDone = view.TasksDone,
            Parts = view.Parts.Count == 0 ? null : [.. view.Parts],
            PartOf = view.PartOf.Length == 0 ? null : view.PartOf,
            Key = view.Key.Length == 0 ? null : view.Key,
        };
    }

    /// <summary>The answer to a cancel: of a part it says what becomes of its array.</summary>
    public static JobResponse AsCancelled(this JobResponse job) => job is { State: "cancelled", PartOf: { } array }
        ? job with { Reason = $"it is a part of the array {array}, which ends with it as failed" }
        : job;

    /// <summary>The answer to a cancel in words.</summary>
    public static string ToCancelLine(this JobResponse job) =>
        $"{job.Id} ({job.Name}) is {job.State}{(job.Reason is { } reason ? $"; {reason}" : "")}";

    public static AllocationResponse ToResponse(this AllocationView view) => new()
    {
        Id = view.Id,
        Job = view.Job,
        Node = view.Node,
        Model = view.Model,
        Tier = view.Tier,
        Devices = [.. view.Devices],
        Share = NullIfZero(view.ShareMilli),
        Guest = view.Guest,
        State = view.State,
        Task = view.Task,
    };

    public static HistoryEvent ToResponse(this HistoryEntry entry) =>
        new(entry.At, entry.Cell, entry.Epoch, entry.Round, entry.Event, entry.Detail);

    /// <summary>A time on the wire; 0 or less means not yet.</summary>
    public static DateTimeOffset? Time(long milliseconds) =>
        milliseconds <= 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
