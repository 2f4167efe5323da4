using System.Runtime.Serialization;
using Stockpile.Core.Placement;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Mapping;

/// <summary>A cell's state between its plain image and the snapshot store.</summary>
public static class SnapshotMapping
{
    public static CellSnapshot ToWire(this CellImage image)
    {
        var msg = new CellSnapshot
        {
            Cell = image.Cell,
            Epoch = image.Epoch,
            Round = image.Round,
            AtMs = image.At.ToWireMs(),
            NextJob = image.NextJob,
            NextSequence = image.NextSequence,
            Counters = ToWire(image.Counters, image),
            KeysAtDesks = image.KeysAtDesks,
        };
        msg.ClosedKeys.AddRange(image.ClosedKeys.Select(k => k.ToWirePart()));
        msg.Pasts.AddRange(image.Pasts.Select(ToWire));
        msg.Nodes.AddRange(image.Nodes.Select(n => new NodeStateMsg
        {
            Advert = n.Admitted.ToWirePart(),
            Lost = n.Lost,
            Draining = n.Draining,
            DrainByMs = n.DrainBy.ToWireMs(),
            Reason = n.Reason,
            Failures = n.Health?.Failures ?? 0,
            SteadySinceMs = n.Health?.Since.ToWireMs() ?? 0,
            RestUntilMs = n.Health?.RestUntil.ToWireMs() ?? 0,
            RestedFor = n.Health?.RestedFor ?? 0,
            FailedBecause = n.Health?.Reason ?? "",
        }));
        msg.Jobs.AddRange(image.Jobs.Select(ToWire));
        msg.Allocations.AddRange(image.Allocations.Select(a => new AllocationStateMsg
        {
            Placed = a.Placed.ToWire(),
            Job = a.Job,
            Started = a.StartedAt is not null,
            PlacedAtMs = a.PlacedAt.ToWireMs(),
            StartedAtMs = a.StartedAt.ToWireMs(),
            Finished = a.Finished,
            DoneBefore = a.DoneBefore,
            DoneAtStart = a.DoneAtStart,
        }));
        msg.Use.AddRange(image.Use.Select(u => new TierUseMsg
        {
            Tier = u.Tier,
            DeviceMs = u.DeviceMs,
            TrainingMs = u.TrainingMs,
            InferenceMs = u.InferenceMs,
            BatchMs = u.BatchMs,
            GuestMs = u.GuestMs,
            WaitingDeviceMs = u.WaitingDeviceMs,
            WaitingTrainingMs = u.WaitingTrainingMs,
        }));
        return msg;
    }

    public static CellImage FromWire(this CellSnapshot msg) => new(
        msg.Cell, msg.Epoch, msg.Round, WireTime.Instant(msg.AtMs), msg.NextJob, msg.NextSequence,
        [.. msg.Nodes.Select(n => new NodeImage(n.Advert.FromWire(), n.Lost, n.Draining, n.Reason)
        {
            DrainBy = WireTime.InstantOrNone(n.DrainByMs),
            Health = n.Failures == 0 ? null : new NodeHealth(n.Failures, WireTime.Instant(n.SteadySinceMs),
                WireTime.InstantOrNone(n.RestUntilMs), n.RestedFor, n.FailedBecause),
        })],
        [.. msg.Jobs.Select(FromWire)],
        [.. msg.Allocations.Select(a => new AllocationImage(
            a.Placed.FromWire(), a.Job, WireTime.Instant(a.PlacedAtMs),
            a.Started ? WireTime.Instant(a.StartedAtMs) : null, a.Finished, a.DoneBefore)
            {
                DoneAtStart = a.DoneAtStart,
            })],
        [.. msg.Use.Select(u => new TierUseImage(
            u.Tier, u.DeviceMs, u.TrainingMs, u.InferenceMs, u.BatchMs, u.GuestMs, u.WaitingDeviceMs,
            u.WaitingTrainingMs))],
        CountersOf(msg).Demand, CountersOf(msg).DemandServed, FromWire(CountersOf(msg)),
        new SortedDictionary<int, long>(CountersOf(msg).Generations))
    {
        UsefulTrainingMs = CountersOf(msg).UsefulTrainingMs,
        UsefulBatchMs = CountersOf(msg).UsefulBatchMs,
        Lost = [.. CountersOf(msg).LostMs.OrderBy(lost => lost.Key)
            .Select(lost => new LostImage(JobSpecMapping.Known((AllocationEnd)lost.Key), lost.Value))],
        ClosedKeys = [.. msg.ClosedKeys.Select(k => k.FromWire())],
        KeysAtDesks = msg.KeysAtDesks,
        Pasts = [.. msg.Pasts.Select(p => new TenantPastImage(
            p.Tenant, WireTime.Instant(p.AtMs),
            [.. p.TierMilli.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => (t.Key, t.Value))],
            p.CpuMilli, p.MemoryMib))],
    };

    private static TenantPastMsg ToWire(TenantPastImage past)
    {
        var msg = new TenantPastMsg
        {
            Tenant = past.Tenant, AtMs = past.At.ToWireMs(), CpuMilli = past.CpuMilli, MemoryMib = past.MemoryMiB,
        };
        foreach (var (tier, milli) in past.Tiers) msg.TierMilli.Add(tier, milli);
        return msg;
    }

    private static CountersMsg CountersOf(CellSnapshot msg) =>
        msg.Counters ?? throw new SerializationException($"the snapshot of cell {msg.Cell} has no counters");

    private static CountersMsg ToWire(CellCounters counters, CellImage image)
    {
        var msg = new CountersMsg
        {
            Submitted = counters.Submitted,
            Placed = counters.Placed,
            Completed = counters.Completed,
            Cancelled = counters.Cancelled,
            Failed = counters.Failed,
            Requeued = counters.Requeued,
            Preempted = counters.Preempted,
            Allocations = counters.Allocations,
            Forwarded = counters.Forwarded,
            Adopted = counters.Adopted,
            Migrations = counters.Migrations,
            Demand = image.Demand,
            DemandServed = image.DemandServed,
        };
        foreach (var (generation, count) in image.Generations) msg.Generations.Add(generation, count);
        msg.UsefulTrainingMs = image.UsefulTrainingMs;
        msg.UsefulBatchMs = image.UsefulBatchMs;
        foreach (var (end, ms) in image.Lost) msg.LostMs.Add((int)end, ms);
        return msg;
    }

    private static CellCounters FromWire(CountersMsg msg) => new()
    {
        Submitted = msg.Submitted,
        Placed = msg.Placed,
        Completed = msg.Completed,
        Cancelled = msg.Cancelled,
        Failed = msg.Failed,
        Requeued = msg.Requeued,
        Preempted = msg.Preempted,
        Allocations = msg.Allocations,
        Forwarded = msg.Forwarded,
        Adopted = msg.Adopted,
        Migrations = msg.Migrations,
    };

    private static JobStateMsg ToWire(JobImage job)
    {
        var msg = new JobStateMsg
        {
            Number = job.Number,
            Key = job.Key,
            Spec = job.Spec.ToWire(),
            // Phase 0 (pending) stands for every job that has not ended.
            Phase = job.Ended is { } ended ? (int)ended : 0,
            SubmittedAtMs = job.SubmittedAt.ToWireMs(),
            StartedAtMs = job.StartedAt.ToWireMs(),
            CompletedAtMs = job.CompletedAt.ToWireMs(),
            Reason = job.Reason,
            Done = job.Done,
            Replicas = job.Replicas,
            Requeues = job.Requeues,
            Preemptions = job.Preemptions,
            Origin = job.Origin,
            Held = job.Held,
            ForwardedTo = job.ForwardedTo,
            WaitingSinceMs = job.WaitingSince.ToWireMs(),
            Moves = job.Moves,
            HeldMs = job.Work.HeldMs,
            UsefulMs = job.Work.UsefulMs,
            LostMs = job.Work.LostMs,
            RunMs = job.Work.RunMs,
            LostTo = job.Work.LostTo is { } cause ? (int)cause + 1 : 0,
            LastLostMs = job.Work.LastLostMs,
            From = job.Ticket?.From ?? "",
            FromNumber = job.Ticket?.Number ?? 0,
            FromSequence = job.Ticket?.Sequence ?? 0,
            Transfers = job.Ticket is null ? 0 : job.Transfers,
            PartOf = job.PartOf,
        };
        msg.FinishedTasks.AddRange(job.FinishedTasks);
        msg.PreemptedBy.AddRange(job.PreemptedBy);
        msg.Failures.AddRange(RoundMapping.ToWire(job.Failures));
        msg.Parts.AddRange(job.Parts.Select(p => new ArrayPartMsg
        {
            Job = p.Job, Tasks = { p.Tasks }, Phase = p.Ended is { } how ? (int)how : 0, TasksDone = p.TasksDone,
        }));
        return msg;
    }

    private static JobImage FromWire(JobStateMsg msg) => new(
        msg.Number, msg.Key, msg.Spec.FromWire(), msg.Phase == 0 ? null : JobSpecMapping.Known((JobPhase)msg.Phase),
        WireTime.Instant(msg.SubmittedAtMs), WireTime.InstantOrNone(msg.StartedAtMs),
        WireTime.InstantOrNone(msg.CompletedAtMs), msg.Reason, msg.Done, msg.Replicas, msg.Requeues,
        msg.Preemptions, [.. msg.FinishedTasks], msg.Origin, msg.Held, msg.ForwardedTo)
    {
        PreemptedBy = [.. msg.PreemptedBy],
        Failures = RoundMapping.FromWire(msg.Failures),
        PartOf = msg.PartOf,
        Parts = [.. msg.Parts.Select(p => new PartImage(
            p.Job, [.. p.Tasks], p.Phase == 0 ? null : JobSpecMapping.Known((JobPhase)p.Phase), p.TasksDone))],
        WaitingSince = WireTime.InstantOrNone(msg.WaitingSinceMs),
        Moves = msg.Moves,
        Ticket = RoundMapping.TicketOf(msg.From, msg.FromNumber, msg.FromSequence),
        Transfers = msg.Transfers > 0 ? msg.Transfers : msg.Origin.Length > 0 ? 1 : 0,
        Work = new WorkLedger(msg.HeldMs, msg.UsefulMs, msg.LostMs)
        {
            RunMs = msg.RunMs,
            LostTo = msg.LostTo == 0 ? null : JobSpecMapping.Known((AllocationEnd)(msg.LostTo - 1)),
            LastLostMs = msg.LastLostMs,
        },
    };
}
