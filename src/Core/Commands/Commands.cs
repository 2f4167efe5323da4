using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Commands;

/// <summary>What a cell is asked to do. Every command may arrive twice; the second time changes nothing.</summary>
public abstract record CellCommand;

/// <summary>First command after recovery.</summary>
public sealed record RaiseEpoch : CellCommand;

/// <param name="Key">Idempotency key; empty: none.</param>
public sealed record SubmitJob(string Key, JobSpec Spec) : CellCommand
{
    /// <summary>Generation of the key's binding to this cell; 0: none.</summary>
    public int Binding { get; init; }
}

/// <summary>A submission was refused as never placeable: the key's binding is of no more use.</summary>
/// <param name="Generation">Of the binding, from 1.</param>
public sealed record CloseKey(string Key, int Generation) : CellCommand;

/// <summary>The desks have answered for every key that the cell knew before there were desks.</summary>
public sealed record SettleKeys : CellCommand;

public sealed record CancelJob(long Job) : CellCommand;

/// <summary>A node advertises itself.</summary>
/// <param name="Running">Allocations it runs, or has finished without the cell knowing yet.</param>
public sealed record AdmitNode(NodeAdmitted Node, IReadOnlyCollection<long> Running) : CellCommand;

/// <summary>A node failed, or its host fell silent.</summary>
/// <param name="Incarnation">Of the node that failed; 0: whichever there is.</param>
public sealed record LoseNode(string Node, long Incarnation, string Reason) : CellCommand
{
    /// <summary>Why the nodes of a host that stops in order are lost.</summary>
    public const string HostStopped = "its host stopped";

    /// <summary>See <see cref="NodeLost.Failed"/>.</summary>
    public bool Failed { get; init; }
}

/// <summary>The node takes no new work; its replicas move at once.</summary>
public sealed record DrainNode(string Node) : CellCommand
{
    /// <summary>When it has to be empty; null: what runs there may finish.</summary>
    public DateTimeOffset? By { get; init; }

    /// <summary>Nothing moves at all, replicas neither.</summary>
    public bool Cordon { get; init; }
}

public sealed record ResumeNode(string Node) : CellCommand;

public sealed record ReportStarted(string Node, long Sequence) : CellCommand;

public sealed record ReportCompleted(string Node, long Sequence) : CellCommand;

/// <summary>A batch task had been done before the node heard that it was to leave.</summary>
public sealed record ReportDoneLate(long Job, int Task, long Sequence) : CellCommand;

/// <param name="Done">Share of the work that the gang's last checkpoint holds, 0..1; 1: it has nothing left to do.
/// </param>
public sealed record RecordCheckpoint(long Job, double Done) : CellCommand;

/// <summary>A node holds its gang up; the gang goes on without it, if that pays.</summary>
/// <param name="Pace">Work that the part there did over what the others did in the same time, 0..1.</param>
public sealed record LeaveStraggler(long Job, string Node, double Pace) : CellCommand;

/// <summary>An array that waits here is to give tasks to a part, for which another cell has room.</summary>
/// <param name="Tasks">How many, at most.</param>
public sealed record SplitArray(long Job, int Tasks) : CellCommand;

/// <summary>A part of an array has ended, here or in another cell.</summary>
/// <param name="Why">Of one that failed.</param>
public sealed record EndPart(long Part, JobPhase How, int TasksDone, string Why) : CellCommand;

/// <summary>Another cell offers a job that waits there, or that runs there on a lesser model.</summary>
/// <param name="Origin">The job's id.</param>
public sealed record AdoptJob(string Origin, JobSpec Spec, DateTimeOffset SubmittedAt, double Done, int Requeues)
    : CellCommand
{
    /// <summary>Which stay of the job in which cell is offered; null from a cell of an older version.</summary>
    public TransferTicket? Ticket { get; init; }

    /// <summary>How often it has changed cells, this time included.</summary>
    public int Transfers { get; init; } = 1;

    /// <summary>When it first started; null: it never did.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The model that a running job has to better; empty: it waits.</summary>
    public string Above { get; init; } = "";

    /// <summary>See <see cref="JobState.PartOf"/>.</summary>
    public string PartOf { get; init; } = "";

    /// <summary>See <see cref="JobState.Failures"/>.</summary>
    public IReadOnlyList<TaskFailures> Failures { get; init; } = [];
}

/// <summary>Another cell has taken the job in; the home lets go of it if it waits as it was offered.</summary>
/// <param name="Done">Of the offer that was taken: share of the work that a checkpoint held, 0..1.</param>
/// <param name="Requeues">Of the same offer: how often the job had been requeued.</param>
public sealed record ForwardJob(long Job, string Cell, double Done, int Requeues) : CellCommand
{
    /// <summary>Of the same offer: the first allocation of the running gang; 0: it waited.</summary>
    public long Sequence { get; init; }

    /// <summary>Where it goes on, for a running gang.</summary>
    public string Model { get; init; } = "";
}

/// <summary>The home's word on an adopted job.</summary>
/// <param name="Done">Of the offer that it speaks of, as in <see cref="ForwardJob"/>.</param>
/// <param name="Requeues">Of the same offer.</param>
public sealed record SettleAdoption(string Origin, bool Confirmed, double Done, int Requeues) : CellCommand
{
    /// <summary>With a confirmation: share of the work that is safe now, 0..1.</summary>
    public double Safe { get; init; }

    /// <summary>The stay that the word is about; null from a cell of an older version.</summary>
    public TransferTicket? Ticket { get; init; }
}

/// <summary>What became of a command: a closed set.</summary>
public abstract record Decision;

/// <summary>It changes the state by these events.</summary>
public sealed record Accepted(IReadOnlyList<CellEvent> Events) : Decision
{
    public Accepted(params CellEvent[] events) : this((IReadOnlyList<CellEvent>)events)
    {
    }
}

/// <summary>It is a repeat, or there is nothing to do; the answer is the same as the first time.</summary>
/// <param name="Job">The job that was submitted before, for a repeated submission.</param>
public sealed record AlreadyDone(long Job = 0) : Decision;

/// <summary>It is refused.</summary>
public sealed record Rejected(Refusal Refusal) : Decision;
