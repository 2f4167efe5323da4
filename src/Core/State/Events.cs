using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>
/// A fact of a cell, in the past tense. Events carry no time of their own: the <see cref="Round"/> that commits them
/// does, so a round is one instant of the cell.
/// </summary>
public abstract record CellEvent;

/// <summary>
/// All that one scheduling round decided: one journal row, durable as a whole or not at all. The first round of every
/// recovery raises the epoch.
/// </summary>
/// <param name="At">Simulated time, UTC, whole milliseconds.</param>
/// <param name="Number">Counts up by one per round over the cell's whole life.</param>
public sealed record Round(string Cell, long Epoch, long Number, DateTimeOffset At, IReadOnlyList<CellEvent> Events);

/// <summary>The cell recovered; orders of an older epoch are refused by the nodes from now on.</summary>
public sealed record EpochRaised(long Epoch) : CellEvent;

/// <summary>A node joined, or came back with a new incarnation or a changed shape.</summary>
/// <param name="Incarnation">Grows each time the node starts; what an older incarnation ran is gone.</param>
public sealed record NodeAdmitted(
    string Node,
    string Host,
    long Incarnation,
    string Model,
    int Devices,
    int CpuMilli,
    long MemoryMiB,
    IReadOnlyDictionary<string, string> Labels) : CellEvent
{
    /// <summary>Where it is another than the catalogue gives the model; empty: the catalogue's.</summary>
    public string Tier { get; init; } = "";
}

/// <summary>The node failed or fell silent. Its allocations ended in events of the same round.</summary>
public sealed record NodeLost(string Node, string Reason) : CellEvent
{
    /// <summary>By its own fault: not because its host stopped in order, or fell silent with other nodes.</summary>
    public bool Failed { get; init; }
}

/// <summary>The node keeps failing: it takes no new work until then.</summary>
public sealed record NodeRested(string Node, DateTimeOffset Until) : CellEvent;

/// <summary>Its rest is over; it takes work again, after steady nodes.</summary>
public sealed record NodeRestEnded(string Node) : CellEvent;

/// <summary>It held out long enough, or somebody says that it is mended: its failures are forgotten.</summary>
public sealed record NodeSteady(string Node) : CellEvent;

/// <summary>The node takes no new work (drain); what runs there may finish.</summary>
public sealed record NodeDrained(string Node) : CellEvent;

/// <summary>The draining node has to be empty by then: work that will not be done in time moves.</summary>
public sealed record DrainDeadlineSet(string Node, DateTimeOffset By) : CellEvent;

/// <summary>The node is drained and has no deadline any more.</summary>
public sealed record DrainDeadlineLifted(string Node) : CellEvent;

/// <summary>The node takes work again.</summary>
public sealed record NodeResumed(string Node) : CellEvent;

/// <summary>A job was accepted and waits.</summary>
/// <param name="Key">The submitter's idempotency key; empty for none.</param>
public sealed record JobSubmitted(long Job, string Key, JobSpec Spec) : CellEvent;

/// <summary>
/// An array that has begun gives tasks that wait to a part of it: a job of its own, with the tasks' failures, that may
/// go to another cell as a whole. The array is done when its parts are too.
/// </summary>
/// <param name="Part">The number of the new job.</param>
/// <param name="Tasks">Their numbers in the array, ascending; in the part they count from 0 in this order.</param>
public sealed record ArraySplit(long Job, long Part, IReadOnlyList<int> Tasks) : CellEvent;

/// <summary>A part of an array has ended, here or in another cell.</summary>
/// <param name="How">Completed, failed or cancelled.</param>
/// <param name="TasksDone">How many of its tasks were done.</param>
public sealed record PartEnded(long Job, long Part, JobPhase How, int TasksDone) : CellEvent;

/// <summary>Devices of one node bound to one job.</summary>
/// <param name="Sequence">See <see cref="AllocationId"/>.</param>
/// <param name="DeviceMask">Bit i is device i. No bit: a CPU-only task.</param>
/// <param name="ShareMilli">Thousandths of the single device in the mask; 0: whole devices.</param>
/// <param name="Task">Batch: task number. Inference: replica number. Training: 0.</param>
/// <param name="Ranks">Tasks it carries: training one per device, else 1. CPU and memory are per task.</param>
/// <param name="Guest">On a better tier than its kind prefers, so revocable.</param>
/// <param name="RunTime">Simulated time it needs from its start to its end on this model; zero: until stopped.</param>
public sealed record PlacedAllocation(
    long Sequence,
    string Node,
    uint DeviceMask,
    int ShareMilli,
    int Task,
    int Ranks,
    bool Guest,
    TimeSpan RunTime);

/// <summary>Tasks of a job got their devices: for a gang all of them at once.</summary>
public sealed record JobPlaced(long Job, IReadOnlyList<PlacedAllocation> Allocations) : CellEvent;

/// <summary>The nodes run these allocations.</summary>
public sealed record AllocationsStarted(IReadOnlyList<long> Sequences) : CellEvent;

/// <summary>
/// These parts of gangs did their work and wait for the rest. A gang gives its devices back as a whole, so that the
/// next gang of its size can take its place.
/// </summary>
public sealed record AllocationsFinished(IReadOnlyList<long> Sequences) : CellEvent;

/// <summary>Why an allocation ended.</summary>
public enum AllocationEnd
{
    /// <summary>It did its work.</summary>
    Completed,

    /// <summary>Its job was cancelled.</summary>
    Cancelled,

    /// <summary>More urgent work, or whoever is at home there, took its place.</summary>
    Preempted,

    /// <summary>Its node was lost, or came back without it.</summary>
    NodeLost,

    /// <summary>Another allocation of its gang ended, and a gang is all or nothing.</summary>
    GangBroken,

    /// <summary>The service needs fewer replicas.</summary>
    ScaledDown,

    /// <summary>Its node is being drained, and the work can go on elsewhere.</summary>
    Drained,

    /// <summary>Its tenant had borrowed the devices, and their owner needs them.</summary>
    Reclaimed,

    /// <summary>It goes on elsewhere: its job is placed again in the same round.</summary>
    Moved,

    /// <summary>It broke off before its work was done, on a node that goes on: its own fault.</summary>
    Failed,
}

/// <summary>The devices of these allocations are free again.</summary>
public sealed record AllocationsEnded(IReadOnlyList<long> Sequences, AllocationEnd End) : CellEvent;

/// <summary>
/// A batch task was done when it was told to leave: its node said so after the end of its allocation was decided. It
/// counts, and nobody does the work again.
/// </summary>
/// <param name="Sequence">The allocation that did it.</param>
public sealed record TaskDoneLate(long Job, int Task, long Sequence) : CellEvent;

/// <summary>A training gang wrote a checkpoint.</summary>
/// <param name="Done">Share of the whole work that is safe, 0..1.</param>
public sealed record CheckpointRecorded(long Job, double Done) : CellEvent;

/// <summary>A service's demand now wants this many replicas.</summary>
public sealed record ReplicasScaled(long Job, int Replicas) : CellEvent;

/// <summary>The job lost allocations and waits again, training from its last checkpoint.</summary>
/// <param name="By">The gang that it had to leave for; 0: none.</param>
public sealed record JobRequeued(long Job, string Reason, long By = 0) : CellEvent;

/// <summary>
/// Allocations that ended just before as <see cref="AllocationEnd.Moved"/> are placed again by the event that follows.
/// </summary>
/// <param name="Reason">Why, for users.</param>
public sealed record JobMoved(long Job, string Reason) : CellEvent;

/// <summary>Another cell has taken the job over, durably; this one only remembers where it went.</summary>
public sealed record JobForwarded(long Job, string Cell) : CellEvent;

/// <summary>
/// A job of another cell was taken in. It is held, and not placed, until its home says that it has let go of it, so
/// that it never runs in two cells.
/// </summary>
/// <param name="Job">Its number here.</param>
/// <param name="Origin">Its id, which names its home.</param>
/// <param name="Done">Share of the work that a checkpoint holds, 0..1.</param>
/// <param name="Requeues">How often it was requeued there.</param>
public sealed record JobAdopted(
    long Job, string Origin, JobSpec Spec, DateTimeOffset SubmittedAt, double Done, int Requeues) : CellEvent
{
    /// <summary>Where it comes from; null in rows from before a job could move more than once.</summary>
    public TransferTicket? Ticket { get; init; }

    /// <summary>How often it has changed cells.</summary>
    public int Transfers { get; init; } = 1;

    /// <summary>When it first started; null: it never did.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>See <see cref="JobState.PartOf"/>.</summary>
    public string PartOf { get; init; } = "";

    /// <summary>See <see cref="JobState.Failures"/>.</summary>
    public IReadOnlyList<TaskFailures> Failures { get; init; } = [];
}

/// <summary>One stay of a job in one cell, and the gang that ran then: an offer of the job speaks of it, and so do the
/// answers, so that none of them is taken for the word on another offer.</summary>
/// <param name="From">The cell that offers.</param>
/// <param name="Number">The job's number there.</param>
/// <param name="Sequence">The first allocation of the gang that runs there; 0: the job waits.</param>
public sealed record TransferTicket(string From, long Number, long Sequence);

/// <summary>The home has let go of it: it may be placed here.</summary>
public sealed record AdoptionConfirmed(long Job) : CellEvent;

/// <summary>The home kept it: it is not this cell's any more.</summary>
public sealed record AdoptionDropped(long Job) : CellEvent;

/// <summary>
/// The cell has refused the job of a key as never placeable. Its desk may bind the key to another cell now, so this one
/// never takes it by this binding or an older one, whatever joins meanwhile.
/// </summary>
/// <param name="Generation">Of the key's binding to this cell, from 1.</param>
public sealed record KeyClosed(string Key, int Generation) : CellEvent;

/// <summary>Every user's key that the cell knows is bound at its gangs.</summary>
public sealed record KeysAtDesks : CellEvent;

/// <summary>All its work is done.</summary>
public sealed record JobCompleted(long Job) : CellEvent;

/// <summary>A user withdrew it.</summary>
public sealed record JobCancelled(long Job) : CellEvent;

/// <summary>It can never finish.</summary>
public sealed record JobFailed(long Job, string Reason) : CellEvent;
