using System.Globalization;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Commands;

/// <summary>Decides commands. Pure: it reads the state and returns events; <see cref="CellState.Apply"/> acts on them.
/// </summary>
public static class CellDecider
{
    private static readonly AlreadyDone Nothing = new();

    public static Decision Decide(CellState state, CellCommand command) => command switch
    {
        RaiseEpoch => new Accepted(new EpochRaised(state.Epoch + 1)),
        SubmitJob c => Submit(state, c),
        CancelJob c => Cancel(state, c),
        AdmitNode c => Admissions.Decide(state, c),
        LoseNode c => Lose(state, c),
        DrainNode c => Drain(state, c),
        ResumeNode c => Resume(state, c),
        ReportStarted c => Started(state, c),
        ReportCompleted c => Completed(state, c),
        ReportDoneLate c => LateReports.Decide(state, c),
        RecordCheckpoint c => LateReports.Decide(state, c),
        LeaveStraggler c => Stragglers.Decide(state, c),
        SplitArray c => ArrayParts.Decide(state, c),
        EndPart c => ArrayParts.Decide(state, c),
        AdoptJob c => Adopt(state, c),
        ForwardJob c => Forward(state, c),
        SettleAdoption c => Settle(state, c),
        CloseKey c => c.Generation > state.ClosedAt(c.Key) && state.FindKey(c.Key) is null
            ? new Accepted(new KeyClosed(c.Key, c.Generation))
            : Nothing,
        SettleKeys => state.HasKeysAtDesks ? Nothing : new Accepted(new KeysAtDesks()),
        _ => throw new ArgumentException($"the command {command.GetType().Name} is unknown"),
    };

    private static Decision Submit(CellState state, SubmitJob c)
    {
        if (state.FindKey(c.Key) is { } known)
            return JobSpecs.Same(known.Spec, c.Spec)
                ? new AlreadyDone(known.Number)
                : new Rejected(new Refusal(Refusal.KeyConflict, "key",
                    $"the key '{Names.Shorten(c.Key)}' was used for another job, "
                    + state.NameOf(known)));
        // Its desk may have bound it to another cell since.
        if (c.Binding > 0 && c.Binding <= state.ClosedAt(c.Key))
            return new Rejected(new Refusal(Refusal.Unplaceable, "key",
                $"cell {state.Cell} has refused the job of the key '{Names.Shorten(c.Key)}' before, and for good"));
        if (JobValidator.Validate(c.Spec, state.Catalog, state.Policy) is [var first, ..]) return new Rejected(first);
        if (state.ActiveJobs >= Limits.ActiveJobsPerCellMax)
            return new Rejected(new Refusal(Refusal.Busy, "",
                $"cell {state.Cell} holds {state.ActiveJobs} unfinished jobs, which is the most it takes"));
        if (Feasibility.WhyNever(state, c.Spec) is { } never) return new Rejected(never);
        return new Accepted(new JobSubmitted(state.NextJob, c.Key, c.Spec));
    }

    /// <summary>Only what could be placed at once is taken in; holding it reserves nothing.</summary>
    private static Decision Adopt(CellState state, AdoptJob c)
    {
        if (state.FindAdopted(c.Origin) is { } known && known.Ended != JobPhase.Forwarded)
            return new AlreadyDone(known.Number);
        if (JobValidator.Validate(c.Spec, state.Catalog, state.Policy) is [var first, ..]) return new Rejected(first);
        var wished = Alternatives.Of(c.Spec, state.Catalog, state.Policy).Where(a => !a.Guest);
        // A running gang goes only to a better model, onto devices that nobody who waits could use.
        if (c.Above.Length > 0)
            wished = wished.TakeWhile(a => a.Model != c.Above).Where(a => !QuotaCheck.IsWanted(state, a.Model));
        var home = QuotaCheck.Within(state, c.Spec, [.. wished]);
        var key = state.Queue.TurnOf(c.Spec, state.NextJob);
        var guard = Backfill.Ask(state, state.At, state.NextJob)?.GuardFor(c.Spec, home, key, c.Done);
        var fits = c.Spec.Kind == JobKind.Training
            ? GangPlanner.Plan(state, c.Spec, home, guard) is { } plan
                && (c.Above.Length == 0 || plan.Pieces.All(p => p.Evicted.Count == 0))
            : TaskPlanner.Plan(state.Index, c.Spec, home, guard) is not null;
        if (!fits || state.ActiveJobs >= Limits.ActiveJobsPerCellMax)
            return new Rejected(new Refusal(Refusal.Busy, "", $"cell {state.Cell} has no room for {c.Origin} now"));
        return new Accepted(new JobAdopted(
            state.NextJob, c.Origin, c.Spec, c.SubmittedAt, c.Done, c.Requeues)
        {
            Ticket = c.Ticket, Transfers = c.Transfers, StartedAt = c.StartedAt, PartOf = c.PartOf,
            Failures = c.Failures,
        });
    }

    /// <summary>
    /// A job goes only once, and as a whole: nothing of it runs here, and nothing of it is done. The word that it was
    /// taken may be old, from an owner of the other cell that was paused: when the job has run since, that cell would
    /// begin behind its last checkpoint, or was told to drop it and has done so. An owner of this cell that was
    /// replaced may know less than the word does; it must not deny what its successor has offered.
    /// </summary>
    private static Decision Forward(CellState state, ForwardJob c)
    {
        if (c.Job >= state.NextJob) return Behind(state, c);
        if (state.FindJob(c.Job) is not { } job) return new Rejected(NotFound("job", new JobId(state.Cell, c.Job)));
        if (job.ForwardedTo == c.Cell) return Nothing;
        if (c.Sequence > 0) return ForwardRunning(state, c, job);
        if (job.Ended is null && (c.Done > job.Done || c.Requeues > job.Requeues)) return Behind(state, c);
        return job.MayMove && job.Done == c.Done && job.Requeues == c.Requeues
            ? new Accepted(new JobForwarded(job.Number, c.Cell))
            : new Rejected(new Refusal(Refusal.Ended, "id",
                $"job {state.NameOf(job)} no longer waits as a whole, or has run since it was offered"));
    }

    /// <summary>
    /// A gang that runs goes as the very gang that was offered. No sequence is used twice, so a refusal stays true, and
    /// the other cell may forget the job; where nothing final can be said, silence keeps it there.
    /// </summary>
    private static Decision ForwardRunning(CellState state, ForwardJob c, JobState job)
    {
        if (c.Sequence >= state.NextSequence) return Behind(state, c);
        if (job.Allocations.Count == 0 || job.Allocations.First().Key != c.Sequence)
            return new Rejected(new Refusal(Refusal.Ended, "id",
                $"job {state.NameOf(job)} no longer runs as it did when it was offered"));
        if (!Moves.IsMovable(job))
            return new Rejected(new Refusal(Refusal.Unavailable, "id",
                $"job {state.NameOf(job)} is about to end"));
        var from = job.Allocations.First().Value.Node.Accelerator.Model;
        var to = c.Model.Length > 0 ? c.Model : "a better model";
        return new Accepted(
            new AllocationsEnded([.. job.Allocations.Keys], AllocationEnd.Moved),
            new JobMoved(job.Number, $"it moved from {from} to {to} in cell {c.Cell}, where the rest ends sooner"),
            new JobForwarded(job.Number, c.Cell));
    }

    private static Rejected Behind(CellState state, ForwardJob c) => new(new Refusal(Refusal.Unavailable, "id",
        $"job {new JobId(state.Cell, c.Job)} was never offered as {c.Cell} has taken it, as far as is known here"));

    /// <summary>A refusal that comes late is of an offer before: what is held now the home may have let go of since.
    /// </summary>
    private static Decision Settle(CellState state, SettleAdoption c) =>
        state.FindAdopted(c.Origin) is { Held: true } job && (c.Confirmed || IsSameOffer(job, c))
            ? c.Confirmed ? Confirm(state, job, c.Safe) : new Accepted(new AdoptionDropped(job.Number))
            : Nothing;

    /// <summary>With the checkpoint that the job had when it was let go, where that is newer than the offer.</summary>
    private static Accepted Confirm(CellState state, JobState job, double safe)
    {
        var events = new List<CellEvent>(3);
        if (LateReports.IsNewer(job, safe)) events.Add(new CheckpointRecorded(job.Number, safe));
        events.Add(new AdoptionConfirmed(job.Number));
        if (LateReports.IsAll(job, safe)) events.Add(new JobCompleted(job.Number));
        return new Accepted(events);
    }

    private static bool IsSameOffer(JobState job, SettleAdoption c) => job.Requeues == c.Requeues
        && (c.Ticket is null || job.Ticket is null ? job.Done == c.Done : job.Ticket == c.Ticket);

    private static Decision Cancel(CellState state, CancelJob c)
    {
        if (state.FindJob(c.Job) is not { } job) return new Rejected(NotFound("job", new JobId(state.Cell, c.Job)));
        if (job.Ended is JobPhase.Cancelled or JobPhase.Forwarded) return Nothing;
        if (job.Ended is { } ended)
            return new Rejected(new Refusal(Refusal.Ended, "id",
                $"job {state.NameOf(job)} is {ended.ToString().ToLowerInvariant()} and cannot be cancelled"));
        // Its home may still keep it, and has the first word on it until then.
        if (job.Held)
            return new Rejected(new Refusal(Refusal.Unavailable, "id",
                $"job {state.NameOf(job)} is on its way from one cell to another; try again"));
        var events = new List<CellEvent>();
        if (job.Allocations.Count > 0)
            events.Add(new AllocationsEnded([.. job.Allocations.Keys], AllocationEnd.Cancelled));
        events.Add(new JobCancelled(job.Number));
        return new Accepted(events);
    }

    private static Decision Lose(CellState state, LoseNode c)
    {
        if (state.FindNode(c.Node) is not { } node) return new Rejected(NotFound("node", c.Node));
        if (node.Lost || (c.Incarnation != 0 && c.Incarnation < node.Admitted.Incarnation)) return Nothing;
        var events = Endings.Of(state, node.Allocations, AllocationEnd.NodeLost, $"node {node.Id}: {c.Reason}");
        events.Add(new NodeLost(node.Id, c.Reason) { Failed = c.Failed });
        return new Accepted(events);
    }

    /// <summary>Replicas move at once, for a service never ends; gangs and tasks may finish where they are. Of several
    /// commands the last one decides: one that names no deadline lifts the one that there is.</summary>
    private static Decision Drain(CellState state, DrainNode c)
    {
        if (state.FindNode(c.Node) is not { } node) return new Rejected(NotFound("node", c.Node));
        var events = new List<CellEvent>();
        if (!node.Draining) events.Add(new NodeDrained(node.Id));
        var by = c.Cordon ? null : c.By;
        if (by is { } instant && instant != node.DrainBy) events.Add(new DrainDeadlineSet(node.Id, instant));
        if (by is null && node.DrainBy is not null) events.Add(new DrainDeadlineLifted(node.Id));
        if (!c.Cordon)
        {
            var replicas = node.Allocations
                .Where(sequence => state.FindAllocation(sequence)!.Job.Spec.Kind == JobKind.Inference)
                .ToList();
            events.AddRange(Endings.Of(state, replicas, AllocationEnd.Drained, $"node {node.Id} is drained"));
        }

        return events.Count == 0 ? Nothing : new Accepted(events);
    }

    private static Decision Resume(CellState state, ResumeNode c) =>
        state.FindNode(c.Node) is not { } node ? new Rejected(NotFound("node", c.Node))
        : Resumed(node) is { Count: > 0 } events ? new Accepted(events)
        : Nothing;

    /// <summary>Whoever gives a node work again vouches for it.</summary>
    private static List<CellEvent> Resumed(NodeState node)
    {
        var events = new List<CellEvent>(2);
        if (node.Draining) events.Add(new NodeResumed(node.Id));
        if (node.Health.IsUnsteady) events.Add(new NodeSteady(node.Id));
        return events;
    }

    private static Decision Started(CellState state, ReportStarted c) =>
        state.FindAllocation(c.Sequence) is { Started: false } allocation && allocation.Node.Id == c.Node
            ? new Accepted(new AllocationsStarted([c.Sequence]))
            : Nothing;

    private static Decision Completed(CellState state, ReportCompleted c)
    {
        if (state.FindAllocation(c.Sequence) is not { Finished: false } allocation || allocation.Node.Id != c.Node)
            return Nothing;
        var events = new List<CellEvent>(3);
        if (!allocation.Started) events.Add(new AllocationsStarted([c.Sequence]));
        var job = allocation.Job;
        if (job.Spec.Kind != JobKind.Training)
        {
            events.Add(new AllocationsEnded([c.Sequence], AllocationEnd.Completed));
            if (job.IsDoneWith(1)) events.Add(new JobCompleted(job.Number));
        }
        else if (job.Allocations.Values.All(a => a.Finished || a.Sequence == c.Sequence))
        {
            events.Add(new AllocationsEnded([.. job.Allocations.Keys], AllocationEnd.Completed));
            events.Add(new JobCompleted(job.Number));
        }
        else
        {
            events.Add(new AllocationsFinished([c.Sequence]));
        }

        return new Accepted(events);
    }

    private static Refusal NotFound(string what, object id) => new(Refusal.NotFound, "id",
        string.Create(CultureInfo.InvariantCulture, $"there is no {what} {Names.Shorten(id.ToString()!)}"));
}
