using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Stockpile.Core;
using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Routing;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Cells;

/// <summary>What users see of a cell's state.</summary>
public static class CellViews
{
    private const double MsPerHour = 3_600_000;

    /// <param name="progress">Null where only the journal speaks: then progress is that of the last checkpoint.</param>
    public static JobView Job(CellState state, JobState job, ProgressBoard? progress, bool allocations = true)
    {
        var view = new JobView
        {
            Id = state.NameOf(job),
            Spec = job.Spec.ToWire(),
            State = Lower(job.Phase),
            Cell = state.Cell,
            SubmittedAtMs = job.SubmittedAt.ToWireMs(),
            StartedAtMs = job.StartedAt.ToWireMs(),
            CompletedAtMs = job.CompletedAt.ToWireMs(),
            Done = DoneOf(job, progress),
            Replicas = job.Replicas,
            Requeues = job.Requeues,
            Preemptions = job.Preemptions,
            Failures = job.Failures.Values.DefaultIfEmpty().Max(),
            TasksDone = job.Finished.Count,
            Key = job.Key,
            AllocationCount = job.Allocations.Count,
            ForwardedTo = job.ForwardedTo,
            HeldHours = WorkLedger.HeldBy(job, state.At) / MsPerHour,
            UsefulHours = job.Work.UsefulMs / MsPerHour,
            LostHours = job.Work.LostMs / MsPerHour,
        };
        if (ServiceScaling.Capacity(job) is { } capacity)
        {
            view.Requests = job.Ended is null ? job.Spec.Demand!.At(state.At) : 0;
            view.Capacity = capacity;
        }

        if (job.Waits) view.Reason = Waiting(state, job, allocations);
        else if (job.Ended == JobPhase.Failed) view.Reason = job.Reason;
        else if (job.Phase == JobPhase.Idle) view.Reason = allocations ? Explainer.Explain(state, job).Reason
            : "wants no replica now";
        if (allocations) view.Allocations.AddRange(job.Allocations.Values.Select(a => Allocation(state, a)));
        return view;
    }

    /// <summary>A list says in a word what one job's view explains in full.</summary>
    private static string Waiting(CellState state, JobState job, bool explain) =>
        explain ? Explainer.Explain(state, job).Reason
        : job.Reason.Length > 0 ? $"waits again: {job.Reason}"
        : "waits for devices";

    private static double DoneOf(JobState job, ProgressBoard? progress) => job.Spec.Kind switch
    {
        JobKind.Training => progress?.Of(job) ?? job.Done,
        JobKind.Batch => (double)job.Finished.Count / job.Spec.Tasks,
        _ => 0,
    };

    public static AllocationView Allocation(CellState state, AllocationState allocation)
    {
        var view = new AllocationView
        {
            Id = AllocationId.Format(state.NameOf(allocation.Job), allocation.Sequence),
            Job = state.NameOf(allocation.Job),
            Node = allocation.Node.Id,
            Model = allocation.Node.Accelerator.Model,
            Tier = allocation.Node.Accelerator.Tier,
            ShareMilli = allocation.ShareMilli,
            Guest = allocation.Guest,
            State = allocation.Started ? "running" : "placed",
            Task = allocation.Placed.Task,
        };
        for (var mask = allocation.DeviceMask; mask != 0; mask &= mask - 1)
            view.Devices.Add(BitOperations.TrailingZeroCount(mask));
        return view;
    }

    public static JobsReply Jobs(CellState state, ListJobs filter)
    {
        // One on its way is listed by the cell that holds it, and by the one that has not let go of it yet.
        var matching = state.Jobs.Values.Where(job => job.Ended != JobPhase.Forwarded
            && (filter.State.Length == 0 || Lower(job.Phase) == filter.State)
            && (filter.Kind.Length == 0 || Lower(job.Spec.Kind) == filter.Kind)
            && (filter.Tenant.Length == 0 || job.Spec.Tenant == filter.Tenant)).ToList();
        var limit = Math.Clamp(filter.Limit <= 0 ? Limits.ListRowsMax : filter.Limit, 1, Limits.ListRowsMax);
        var reply = new JobsReply { Total = matching.Count };
        reply.Jobs.AddRange(matching.OrderByDescending(j => j.Number).Take(limit)
            .Select(j => Job(state, j, progress: null, allocations: false)));
        return reply;
    }

    /// <summary>What is said of a node whose chip is not of the tier that the catalogue gives it; else nothing.
    /// </summary>
    public static string TierNote(CellState state, NodeState node) => node.Accelerator is { IsVariant: true } chip
        ? $"advertises {chip.Tier}; the catalogue has {chip.Base} in {state.Catalog.Find(chip.Base)!.Tier}"
        : "";

    private static string DrainNote(NodeState node) =>
        node.DrainBy is { } by ? $"drained, and has to be empty by {Time(by)}"
        : node.Draining ? "drained without a deadline" : "";

    /// <summary>What is said of a node that failed of late.</summary>
    private static string HealthNote(NodeState node)
    {
        // Of a lost node the last failure is said before.
        if (!node.Health.IsUnsteady || node is { Lost: true, Health.Failures: 1 }) return "";
        var times = node.Health.Failures == 1 ? "once" : $"{node.Health.Failures} times";
        var because = node.Lost ? "" : $", last because of: {node.Health.Reason}";
        return $"failed {times} of late{because}; " + (node.Health.RestUntil is { } until
            ? $"rests and takes no new work until {Time(until)}"
            : "steady nodes come first");
    }

    private static string Time(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <param name="refused">Why its last advertisement was refused; null: it was not.</param>
    public static NodeView Node(CellState state, NodeState node, bool allocations, string? refused = null)
    {
        var view = new NodeView
        {
            Node = node.Id,
            Cell = state.Cell,
            Host = node.Admitted.Host,
            Model = node.Accelerator.Model,
            Tier = node.Accelerator.Tier,
            Devices = node.Devices,
            FreeDevices = node.FreeDevices,
            CpuMilli = node.Admitted.CpuMilli,
            CpuFreeMilli = node.CpuFreeMilli,
            MemoryMib = node.Admitted.MemoryMiB,
            MemoryFreeMib = node.MemoryFreeMiB,
            State = StateOf(node, refused),
            Reason = string.Join("; ", new[]
            {
                node.Reason, DrainNote(node), HealthNote(node), TierNote(state, node),
                refused is null ? "" : $"its last advertisement is refused: {refused}",
            }.Where(r => r.Length > 0)),
            Incarnation = node.Admitted.Incarnation,
            DrainByMs = node.DrainBy.ToWireMs(),
        };
        for (var device = 0; device < node.Devices; device++) view.FreeMilli.Add(node.FreeMilli(device));
        foreach (var (key, value) in node.Admitted.Labels) view.Labels.Add(key, value);
        if (allocations)
            view.Allocations.AddRange(node.Allocations.Select(s => Allocation(state, state.FindAllocation(s)!)));
        return view;
    }

    public static NodesReply Nodes(CellState state, ListNodes filter) => Nodes(state, filter, new RefusedNodes());

    internal static NodesReply Nodes(CellState state, ListNodes filter, RefusedNodes refused)
    {
        var strangers = refused.Views(state.Cell).Where(v => state.FindNode(v.Node) is null
            && (filter.Model.Length == 0 || v.Model == filter.Model)
            && (filter.Tier.Length == 0 || v.Tier == filter.Tier)
            && (filter.State.Length == 0 || v.State == filter.State)).ToList();
        var matching = state.Nodes.Where(n =>
            (filter.Model.Length == 0 || n.Accelerator.Model == filter.Model)
            && (filter.Tier.Length == 0 || n.Accelerator.Tier == filter.Tier)
            && (filter.State.Length == 0 || StateOf(n, refused.ReasonOf(n.Id)) == filter.State)).ToList();
        var limit = Math.Clamp(filter.Limit <= 0 ? Limits.ListRowsMax : filter.Limit, 1, Limits.ListRowsMax);
        var reply = new NodesReply { Total = matching.Count + strangers.Count };
        reply.Nodes.AddRange(matching.Take(limit)
            .Select(n => Node(state, n, allocations: false, refused.ReasonOf(n.Id))).Concat(strangers).Take(limit));
        return reply;
    }

    /// <summary>
    /// Whether a digest says less than a known one. Every owner of a cell has a higher epoch than the ones before, so
    /// no clock of any machine has a part in it.
    /// </summary>
    public static bool IsOlder(CellView digest, CellView known) =>
        (digest.Epoch, digest.Round).CompareTo((known.Epoch, known.Round)) < 0;

    /// <param name="now">Up to when its devices' hours and its requests are counted; what happened is up to its last
    /// round.</param>
    public static CellView Cell(CellState state, DateTimeOffset now)
    {
        var counters = state.Counters;
        var usage = state.UsageAt(now);
        var view = new CellView
        {
            Cell = state.Cell,
            Epoch = state.Epoch,
            Round = state.RoundNumber,
            AtMs = (now > state.At ? now : state.At).ToWireMs(),
            Nodes = state.Nodes.Count,
            NodesLost = state.Nodes.Count(n => n.Lost),
            NodesDraining = state.Nodes.Count(n => n.Draining && !n.Lost),
            Devices = state.Nodes.Sum(n => n.Devices),
            PendingTraining = state.Queue.Count(JobKind.Training),
            PendingInference = state.Queue.Count(JobKind.Inference),
            PendingBatch = state.Queue.Count(JobKind.Batch),
            RunningJobs = state.Allocations.Values.Select(a => a.Job.Number).Distinct().Count(),
            Submitted = counters.Submitted,
            Placed = counters.Placed,
            Completed = counters.Completed,
            Cancelled = counters.Cancelled,
            Failed = counters.Failed,
            Requeued = counters.Requeued,
            Preempted = counters.Preempted,
            Forwarded = counters.Forwarded,
            Migrations = counters.Migrations,
            AllocationsPersisted = counters.Allocations,
            Services = state.Services.Count,
            Demand = usage.Demand,
            DemandServed = usage.DemandServed,
            ActiveJobs = state.ActiveJobs,
        };
        view.UsefulTrainingHours = state.Goodput.UsefulTrainingMs / MsPerHour;
        view.UsefulBatchHours = state.Goodput.UsefulBatchMs / MsPerHour;
        foreach (var (cause, ms) in state.Goodput.LostMs)
            view.LostHours.Add(JsonNamingPolicy.KebabCaseLower.ConvertName(cause.ToString()), ms / MsPerHour);
        view.Models.AddRange(ModelUses(state));
        view.Add(CellStatus.Of(state));
        foreach (var (generation, count) in state.Generations) view.Generations.Add(generation, count);
        view.Use.AddRange(usage.Tiers.Select(t => new TierUseView
        {
            Tier = t.Key,
            DeviceHours = t.Value.DeviceMs / MsPerHour,
            TrainingHours = t.Value.TrainingMs / MsPerHour,
            InferenceHours = t.Value.InferenceMs / MsPerHour,
            BatchHours = t.Value.BatchMs / MsPerHour,
            GuestHours = t.Value.GuestMs / MsPerHour,
            WaitingDeviceHours = t.Value.WaitingDeviceMs / MsPerHour,
            WaitingTrainingHours = t.Value.WaitingTrainingMs / MsPerHour,
        }));
        return view;
    }

    private static SortedDictionary<string, ModelUse>.ValueCollection ModelUses(CellState state)
    {
        var uses = new SortedDictionary<string, ModelUse>(StringComparer.Ordinal);
        foreach (var node in state.Nodes)
        {
            if (!uses.TryGetValue(node.Accelerator.Model, out var use))
                uses.Add(node.Accelerator.Model, use = new ModelUse
                {
                    Model = node.Accelerator.Model,
                    Tier = node.Accelerator.Tier,
                });
            use.Nodes++;
            use.Devices += node.Devices;
            use.DevicesPerNodeMax = Math.Max(use.DevicesPerNodeMax, node.Devices);
            use.CpuMilliPerNodeMax = Math.Max(use.CpuMilliPerNodeMax, node.Admitted.CpuMilli);
            use.MemoryMibPerNodeMax = Math.Max(use.MemoryMibPerNodeMax, node.Admitted.MemoryMiB);
            long free = 0;
            for (var device = 0; device < node.Devices; device++) free += node.FreeMilli(device);
            if (!node.Ready)
            {
                use.UnavailableMilli += free;
                continue;
            }

            use.FreeMilli += free;
            use.FreeDevices += node.FreeDevices;
            use.LargestFree = Math.Max(use.LargestFree, node.FreeDevices);
        }

        foreach (var allocation in state.Allocations.Values) Count(uses[allocation.Node.Accelerator.Model], allocation);
        return uses.Values;
    }

    private static void Count(ModelUse use, AllocationState allocation)
    {
        long milli = allocation.DeviceMilli;
        switch (allocation.Job.Spec.Kind)
        {
            case JobKind.Training: use.TrainingMilli += milli; break;
            case JobKind.Inference: use.InferenceMilli += milli; break;
            default: use.BatchMilli += milli; break;
        }

        if (allocation.Guest) use.GuestMilli += milli;
    }

    private static string StateOf(NodeState node, string? refused) =>
        node.Lost ? refused is null ? "lost" : "refused" : node.Draining ? "draining"
        : node.Health.Rests ? "resting" : "ready";

    private static string Lower<T>(T value) where T : struct, Enum =>
        value.ToString().ToLower(CultureInfo.InvariantCulture);
}
