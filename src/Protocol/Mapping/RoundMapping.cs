using System.Runtime.Serialization;
using Google.Protobuf;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;
using Case = Stockpile.Protocol.V1.CellEventMsg.EventOneofCase;

namespace Stockpile.Protocol.Mapping;

/// <summary>
/// A round and its events, from the core's records to the journal's messages and back. An event that this release
/// does not know stops the reading: a state that skipped a fact would be wrong without anybody noticing.
/// </summary>
public static class RoundMapping
{
    public static RoundCommitted ToWire(this Round round)
    {
        var msg = new RoundCommitted
        {
            Cell = round.Cell,
            Epoch = round.Epoch,
            Number = round.Number,
            AtMs = round.At.ToWireMs(),
        };
        msg.Events.Capacity = round.Events.Count;
        foreach (var e in round.Events) msg.Events.Add(e.ToWire());
        return msg;
    }

    public static Round FromWire(this RoundCommitted msg)
    {
        var events = new CellEvent[msg.Events.Count];
        try
        {
            for (var i = 0; i < events.Length; i++) events[i] = msg.Events[i].FromWire();
        }
        catch (SerializationException e)
        {
            throw new SerializationException($"cell {msg.Cell}, round {msg.Number}: {e.Message}", e);
        }

        return new Round(msg.Cell, msg.Epoch, msg.Number, WireTime.Instant(msg.AtMs), events);
    }

    public static CellEventMsg ToWire(this CellEvent e) => e switch
    {
        EpochRaised x => new() { EpochRaised = x.Epoch },
        NodeAdmitted x => new() { NodeAdmitted = x.ToWirePart() },
        NodeLost x => new() { NodeLost = new() { Node = x.Node, Reason = x.Reason, Failed = x.Failed } },
        NodeRested x => new() { NodeRested = new() { Node = x.Node, UntilMs = x.Until.ToWireMs() } },
        NodeRestEnded x => new() { NodeRestEnded = x.Node },
        NodeSteady x => new() { NodeSteady = x.Node },
        DrainDeadlineSet x => new() { DrainDeadlineSet = new() { Node = x.Node, ByMs = x.By.ToWireMs() } },
        DrainDeadlineLifted x => new() { DrainDeadlineLifted = x.Node },
        NodeDrained x => new() { NodeDrained = x.Node },
        NodeResumed x => new() { NodeResumed = x.Node },
        JobSubmitted x => new() { JobSubmitted = new() { Job = x.Job, Key = x.Key, Spec = x.Spec.ToWire() } },
        JobPlaced x => new() { JobPlaced = ToWirePart(x) },
        AllocationsStarted x => new() { AllocationsStarted = new() { Sequences = { x.Sequences } } },
        AllocationsFinished x => new() { AllocationsFinished = new() { Sequences = { x.Sequences } } },
        AllocationsEnded x => new() { AllocationsEnded = new() { Sequences = { x.Sequences }, End = (int)x.End } },
        CheckpointRecorded x => new() { CheckpointRecorded = new() { Job = x.Job, Done = x.Done } },
        ReplicasScaled x => new() { ReplicasScaled = new() { Job = x.Job, Replicas = x.Replicas } },
        JobRequeued x => new() { JobRequeued = new() { Job = x.Job, Reason = x.Reason, By = x.By } },
        ArraySplit x => new() { ArraySplit = new() { Job = x.Job, Part = x.Part, Tasks = { x.Tasks } } },
        PartEnded x => new()
        {
            PartEnded = new() { Job = x.Job, Part = x.Part, How = (int)x.How, TasksDone = x.TasksDone },
        },
        TaskDoneLate x => new() { TaskDoneLate = new() { Job = x.Job, Task = x.Task, Sequence = x.Sequence } },
        JobCompleted x => new() { JobCompleted = x.Job },
        JobCancelled x => new() { JobCancelled = x.Job },
        JobForwarded x => new() { JobForwarded = new() { Job = x.Job, Cell = x.Cell } },
        JobAdopted x => new() { JobAdopted = ToWirePart(x) },
        AdoptionConfirmed x => new() { AdoptionConfirmed = x.Job },
        AdoptionDropped x => new() { AdoptionDropped = x.Job },
        KeyClosed x => new() { KeyClosed = x.ToWirePart() },
        KeysAtDesks => new() { KeysAtDesks = true },
        JobMoved x => new() { JobMoved = new() { Job = x.Job, Reason = x.Reason } },
        JobFailed x => new() { JobFailed = new() { Job = x.Job, Reason = x.Reason } },
        _ => throw new SerializationException($"{e.GetType().FullName} has no case in CellEventMsg"),
    };

    public static CellEvent FromWire(this CellEventMsg msg) => msg.EventCase switch
    {
        Case.EpochRaised => new EpochRaised(msg.EpochRaised),
        Case.NodeAdmitted => msg.NodeAdmitted.FromWire(),
        Case.NodeLost => new NodeLost(msg.NodeLost.Node, msg.NodeLost.Reason) { Failed = msg.NodeLost.Failed },
        Case.NodeRested => new NodeRested(msg.NodeRested.Node, WireTime.Instant(msg.NodeRested.UntilMs)),
        Case.NodeRestEnded => new NodeRestEnded(msg.NodeRestEnded),
        Case.NodeSteady => new NodeSteady(msg.NodeSteady),
        Case.NodeDrained => new NodeDrained(msg.NodeDrained),
        Case.DrainDeadlineSet => new DrainDeadlineSet(
            msg.DrainDeadlineSet.Node, WireTime.Instant(msg.DrainDeadlineSet.ByMs)),
        Case.DrainDeadlineLifted => new DrainDeadlineLifted(msg.DrainDeadlineLifted),
        Case.NodeResumed => new NodeResumed(msg.NodeResumed),
        Case.JobSubmitted => FromWirePart(msg.JobSubmitted),
        Case.JobPlaced => FromWirePart(msg.JobPlaced),
        Case.AllocationsStarted => new AllocationsStarted(msg.AllocationsStarted.Sequences.ToArray()),
        Case.AllocationsFinished => new AllocationsFinished(msg.AllocationsFinished.Sequences.ToArray()),
        Case.AllocationsEnded => FromWirePart(msg.AllocationsEnded),
        Case.CheckpointRecorded => new CheckpointRecorded(msg.CheckpointRecorded.Job, msg.CheckpointRecorded.Done),
        Case.ReplicasScaled => new ReplicasScaled(msg.ReplicasScaled.Job, msg.ReplicasScaled.Replicas),
        Case.JobRequeued => new JobRequeued(
            msg.JobRequeued.Job, msg.JobRequeued.Reason, msg.JobRequeued.By),
        Case.ArraySplit => new ArraySplit(msg.ArraySplit.Job, msg.ArraySplit.Part, msg.ArraySplit.Tasks.ToArray()),
        Case.PartEnded => new PartEnded(msg.PartEnded.Job, msg.PartEnded.Part,
            JobSpecMapping.Known((JobPhase)msg.PartEnded.How), msg.PartEnded.TasksDone),
        Case.TaskDoneLate => new TaskDoneLate(
            msg.TaskDoneLate.Job, msg.TaskDoneLate.Task, msg.TaskDoneLate.Sequence),
        Case.JobCompleted => new JobCompleted(msg.JobCompleted),
        Case.JobCancelled => new JobCancelled(msg.JobCancelled),
        Case.JobForwarded => new JobForwarded(msg.JobForwarded.Job, msg.JobForwarded.Cell),
        Case.JobAdopted => FromWirePart(msg.JobAdopted),
        Case.AdoptionConfirmed => new AdoptionConfirmed(msg.AdoptionConfirmed),
        Case.AdoptionDropped => new AdoptionDropped(msg.AdoptionDropped),
        Case.KeyClosed => msg.KeyClosed.FromWire(),
        Case.KeysAtDesks => new KeysAtDesks(),
        Case.JobMoved => new JobMoved(msg.JobMoved.Job, msg.JobMoved.Reason),
        Case.JobFailed => new JobFailed(msg.JobFailed.Job, msg.JobFailed.Reason),
        _ => throw Unknown(msg),
    };

    /// <summary>The event's own message; snapshots hold it too.</summary>
    public static KeyClosedMsg ToWirePart(this KeyClosed e) => new() { Key = e.Key, Generation = e.Generation };

    public static KeyClosed FromWire(this KeyClosedMsg msg) => new(msg.Key, msg.Generation);

    private static JobAdoptedMsg ToWirePart(JobAdopted e) => new()
    {
        Job = e.Job,
        Origin = e.Origin,
        Spec = e.Spec.ToWire(),
        SubmittedAtMs = e.SubmittedAt.ToWireMs(),
        Done = e.Done,
        Requeues = e.Requeues,
        From = e.Ticket?.From ?? "",
        FromNumber = e.Ticket?.Number ?? 0,
        FromSequence = e.Ticket?.Sequence ?? 0,
        // Rows of before say nothing, and a job changed cells once at most then.
        Transfers = e.Ticket is null ? 0 : e.Transfers,
        StartedAtMs = e.StartedAt.ToWireMs(),
        PartOf = e.PartOf,
        Failures = { ToWire(e.Failures) },
    };

    private static JobAdopted FromWirePart(JobAdoptedMsg msg) => new(
        msg.Job, msg.Origin, msg.Spec.FromWire(), WireTime.Instant(msg.SubmittedAtMs), msg.Done,
        msg.Requeues)
    {
        Ticket = TicketOf(msg.From, msg.FromNumber, msg.FromSequence),
        Transfers = msg.Transfers == 0 ? 1 : msg.Transfers,
        StartedAt = WireTime.InstantOrNone(msg.StartedAtMs),
        PartOf = msg.PartOf,
        Failures = FromWire(msg.Failures),
    };

    public static IEnumerable<TaskFailuresMsg> ToWire(IEnumerable<TaskFailures> failures) =>
        failures.Select(f => new TaskFailuresMsg { Task = f.Task, Times = f.Times });

    public static IReadOnlyList<TaskFailures> FromWire(IEnumerable<TaskFailuresMsg> failures) =>
        [.. failures.Select(f => new TaskFailures(f.Task, f.Times))];

    /// <summary>Null in messages and rows from before there were tickets.</summary>
    public static TransferTicket? TicketOf(string from, long number, long sequence) =>
        from.Length == 0 ? null : new TransferTicket(from, number, sequence);

    /// <summary>The event's own message; snapshots hold it too.</summary>
    public static NodeAdmittedMsg ToWirePart(this NodeAdmitted e)
    {
        var msg = new NodeAdmittedMsg
        {
            Node = e.Node,
            Host = e.Host,
            Incarnation = e.Incarnation,
            Model = e.Model,
            Devices = e.Devices,
            CpuMilli = e.CpuMilli,
            MemoryMib = e.MemoryMiB,
            Tier = e.Tier,
        };
        foreach (var (name, value) in e.Labels) msg.Labels.Add(name, value);
        return msg;
    }

    public static NodeAdmitted FromWire(this NodeAdmittedMsg? msg) => msg is null
        ? throw new SerializationException("a node has no advertisement")
        : new NodeAdmitted(
            msg.Node, msg.Host, msg.Incarnation, msg.Model, msg.Devices, msg.CpuMilli, msg.MemoryMib,
            JobSpecMapping.Labels(msg.Labels))
        {
            Tier = msg.Tier,
        };

    public static PlacedAllocationMsg ToWire(this PlacedAllocation placed) => new()
    {
        Sequence = placed.Sequence,
        Node = placed.Node,
        DeviceMask = placed.DeviceMask,
        ShareMilli = placed.ShareMilli,
        Task = placed.Task,
        Ranks = placed.Ranks,
        Guest = placed.Guest,
        RunMs = placed.RunTime.ToWireMs(),
    };

    public static PlacedAllocation FromWire(this PlacedAllocationMsg? msg) => msg is null
        ? throw new SerializationException("an allocation has no place")
        : new PlacedAllocation(
            msg.Sequence, msg.Node, msg.DeviceMask, msg.ShareMilli, msg.Task, msg.Ranks, msg.Guest,
            WireTime.Duration(msg.RunMs));

    private static JobPlacedMsg ToWirePart(JobPlaced e)
    {
        var msg = new JobPlacedMsg { Job = e.Job };
        msg.Allocations.Capacity = e.Allocations.Count;
        foreach (var placed in e.Allocations) msg.Allocations.Add(placed.ToWire());
        return msg;
    }

    private static JobPlaced FromWirePart(JobPlacedMsg msg)
    {
        var placed = new PlacedAllocation[msg.Allocations.Count];
        for (var i = 0; i < placed.Length; i++) placed[i] = msg.Allocations[i].FromWire();
        return new JobPlaced(msg.Job, placed);
    }

    /// <summary>A submission without a specification is damaged, never a job with default values.</summary>
    private static JobSubmitted FromWirePart(JobSubmittedMsg msg) => new(
        msg.Job,
        msg.Key,
        msg.Spec?.FromWire() ?? throw new SerializationException($"job {msg.Job} was submitted without a spec"));

    private static AllocationsEnded FromWirePart(AllocationsEndedMsg msg) =>
        new(msg.Sequences.ToArray(), JobSpecMapping.Known((AllocationEnd)msg.End));

    /// <summary>
    /// Protobuf keeps a field it does not know but does not show it, so its number is read from the bytes.
    /// </summary>
    private static SerializationException Unknown(CellEventMsg msg)
    {
        var tag = new CodedInputStream(msg.ToByteArray()).ReadTag();
        var number = WireFormat.GetTagFieldNumber(tag);
        return new SerializationException(
            $"this release does not know event case {number}; it was written by a newer one, or is damaged");
    }
}
