using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Jobs;
using Stockpile.Core.Routing;
using Stockpile.Core.State;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Notes;

namespace Stockpile.Scheduler.Mapping;

/// <summary>What users see of a cell's state.</summary>
public static class CellMapping
{
    private const double MsPerHour = 3_600_000;

    /// <summary>What an answer may still hold of long lists.</summary>
    public sealed class Room(int bytes = WireLimits.ReplyBytesMax)
    {
        private int _left = bytes;

        public bool IsFull => _left <= 0;

        public void Take(IMessage row) => _left -= row.CalculateSize();
    }

    /// <param name="progress">Null where only the journal speaks: then progress is that of the last checkpoint.</param>
    /// <param name="explain">Whether a waiting job's reason is the full one, which looks at all nodes.</param>
    /// <param name="room">For its allocations; null: all of them.</param>
    /// <param name="after">Only allocations of later sequences are listed.</param>
    public static JobView Job(
        CellState state, JobState job, ProgressBoard? progress, bool allocations = true, bool explain = true,
        Room? room = null, long after = 0)
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
            TasksDone = job.TasksDone,
            PartOf = job.PartOf,
            Parts = { job.Parts.Keys.Select(part => new JobId(state.Cell, part).ToString()) },
            Key = job.Key,
            AllocationCount = job.Allocations.Count,
            ForwardedTo = job.ForwardedTo,
            HeldHours = WorkLedger.HeldBy(job, state.At) / MsPerHour,
            UsefulHours = job.Work.UsefulMs / MsPerHour,
            LostHours = job.Work.LostMs / MsPerHour,
        };
        if (job.Capacity is { } capacity)
        {
            view.Requests = job.Ended is null ? job.Spec.Demand!.At(state.At) : 0;
            view.Capacity = capacity;
        }

        if (job.Waits) view.Reason = Waiting(state, job, allocations && explain);
        else if (job.Ended == JobPhase.Failed) view.Reason = job.Reason;
        else if (job.Phase == JobPhase.Idle)
            view.Reason = allocations && explain ? Explainer.Explain(state, job).Reason : "wants no replica now";
        else if (job is { Ended: null, Allocations.Count: 0, Parts.Count: > 0 })
            view.Reason = allocations && explain ? Explainer.Explain(state, job).Reason : "waits for its parts";
        if (!allocations) return view;
        room?.Take(view);
        view.Allocations.AddRange(Within(room, Allocations(state, job.Allocations.Values, after)));
        return view;
    }

    private static IEnumerable<AllocationView> Allocations(
        CellState state, IEnumerable<AllocationState> allocations, long after) =>
        allocations.Where(a => a.Sequence > after).Select(a => Allocation(state, a));

    internal static IEnumerable<T> Within<T>(Room? room, IEnumerable<T> rows) where T : IMessage
    {
        foreach (var row in rows)
        {
            if (room is { IsFull: true }) yield break;
            room?.Take(row);
            yield return row;
        }
    }

    /// <summary>A list, and the answer to a batch, says in a word what one job's view explains in full.</summary>
    private static string Waiting(CellState state, JobState job, bool explain) =>
        explain ? Explainer.Explain(state, job).Reason
        : job.Reason.Length > 0 ? $"waits again: {job.Reason}"
        : "waits for devices";

    private static double DoneOf(JobState job, ProgressBoard? progress) => job.Spec.Kind switch
    {
        JobKind.Training => progress?.Of(job) ?? job.Done,
        JobKind.Batch => (double)job.TasksDone / job.Spec.Tasks,
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

    /// <param name="since">How much real time has passed since an instant.</param>
    public static JobsReply Jobs(CellState state, ListJobs filter, Func<DateTimeOffset, TimeSpan> since)
    {
        if (!TryOne<JobPhase>(filter.State, out var phase) || !TryOne<JobKind>(filter.Kind, out var kind))
            return new JobsReply();
        // One on its way is listed by the cell that holds it, and by the one that has not let go of it yet. The one
        // that has tells it for as long as a page may be read: the answer of its new cell may be of before it came.
        var (total, jobs) = state.Listed.Find(phase, kind, filter.Tenant.Length == 0 ? null : filter.Tenant,
            JobPlace.TryParse(filter.After, out var after) ? after : null,
            filter.Departed
                ? j => since(j.CompletedAt!.Value).TotalSeconds <= SchedulerLimits.HttpAnswerSecondsMax
                : null);
        var reply = new JobsReply { Total = total };
        reply.More = Fill(reply.Jobs, filter.Limit, jobs.Select(Row));
        return reply;

        JobView Row(JobState job)
        {
            var view = Job(state, job, progress: null, allocations: false);
            if (job.Ended != JobPhase.Forwarded) return view;
            // As it was when it went, and is there when it comes.
            view.State = Lower(JobPhase.Pending);
            view.Reason = $"goes to cell {job.ForwardedTo}";
            view.CompletedAtMs = 0;
            view.ForwardedMsAgo = (long)since(job.CompletedAt!.Value).TotalMilliseconds;
            return view;
        }
    }

    /// <summary>Takes as many rows as were asked for, or as fit into a reply.</summary>
    /// <returns>There are more.</returns>
    private static bool Fill<T>(RepeatedField<T> list, int asked, IEnumerable<T> rows) where T : IMessage
    {
        var limit = Math.Clamp(asked <= 0 ? SchedulerLimits.ListRowsMax : asked, 1, SchedulerLimits.ListRowsMax);
        var room = new Room();
        foreach (var row in rows)
        {
            if (list.Count == limit || room.IsFull) return true;
            room.Take(row);
            list.Add(row);
        }

        return false;
    }

    /// <summary>False: there is none of that name. Empty stands for any.</summary>
    private static bool TryOne<T>(string name, out T? value) where T : struct, Enum
    {
        value = null;
        foreach (var one in Enum.GetValues<T>())
            if (Lower(one) == name) value = one;
        return name.Length == 0 || value is not null;
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
        var times = node.Health.Failures == 1 ? "once" : Wording.Count(node.Health.Failures, "time");
        var because = node.Lost ? "" : $", last because of: {node.Health.Reason}";
        return $"failed {times} of late{because}; " + (node.Health.RestUntil is { } until
            ? $"rests and takes no new work until {Time(until)}"
            : "steady nodes come first");
    }

    private static string Time(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <param name="refused">Why its last advertisement was refused; null: it was not.</param>
    /// <param name="after">Only allocations of later sequences are listed, as many as fit into a reply.</param>
    /// <param name="clock">How the clock of its host differs; null: it does not.</param>
    public static NodeView Node(
        CellState state, NodeState node, bool allocations, string? refused = null, long after = 0,
        string? clock = null)
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
                clock ?? "",
            }.Where(r => r.Length > 0)),
            Incarnation = node.Admitted.Incarnation,
            DrainByMs = node.DrainBy.ToWireMs(),
            AllocationCount = node.Allocations.Count,
        };
        for (var device = 0; device < node.Devices; device++) view.FreeMilli.Add(node.FreeMilli(device));
        foreach (var (key, value) in node.Admitted.Labels) view.Labels.Add(key, value);
        if (allocations)
            view.Allocations.AddRange(Within(new Room(),
                Allocations(state, node.Allocations.Order().Select(s => state.FindAllocation(s)!), after)));
        return view;
    }

    public static NodesReply Nodes(CellState state, ListNodes filter) =>
        Nodes(state, filter, new RefusedNodes(), _ => null);

    internal static NodesReply Nodes(
        CellState state, ListNodes filter, RefusedNodes refused, Func<string, string?> clockOf)
    {
        var strangers = refused.Views(state.Cell).Where(v => state.FindNode(v.Node) is null
            && (filter.Model.Length == 0 || v.Model == filter.Model)
            && (filter.Tier.Length == 0 || v.Tier == filter.Tier)
            && (filter.State.Length == 0 || v.State == filter.State)).ToList();
        var matching = state.Nodes.Where(n =>
            (filter.Model.Length == 0 || n.Accelerator.Model == filter.Model)
            && (filter.Tier.Length == 0 || n.Accelerator.Tier == filter.Tier)
            && (filter.State.Length == 0 || StateOf(n, refused.ReasonOf(n.Id)) == filter.State)).ToList();
        var reply = new NodesReply { Total = matching.Count + strangers.Count };
        // The cell's own nodes in the order in which they came, then those that it refuses, by name.
        var after = filter.After.Length == 0 ? -1 : state.FindNode(filter.After)?.Index ?? int.MaxValue;
        var rest = strangers.Where(v => after < int.MaxValue || string.CompareOrdinal(v.Node, filter.After) > 0);
        reply.More = Fill(reply.Nodes, filter.Limit, matching.Where(n => n.Index > after)
            .Select(n => Node(state, n, allocations: false, refused.ReasonOf(n.Id),
                clock: clockOf(n.Admitted.Host))).Concat(rest));
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
