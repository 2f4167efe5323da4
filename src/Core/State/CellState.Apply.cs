using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

public sealed partial class CellState
{
    /// <summary>Takes up one event at the instant of the open round.</summary>
    /// <exception cref="InvariantBrokenException">The event contradicts the state.</exception>
    public void Apply(CellEvent committed)
    {
        switch (committed)
        {
            case EpochRaised e: Epoch = e.Epoch; break;
            case NodeAdmitted e: ApplyAdmitted(e); break;
            case NodeLost e: ApplyLost(NodeOf(e.Node), e.Reason, e.Failed); break;
            case NodeRested e: ApplyRested(NodeOf(e.Node), e.Until); break;
            case NodeRestEnded e: ApplyRestEnded(NodeOf(e.Node)); break;
            case NodeSteady e: SetHealth(NodeOf(e.Node), NodeHealth.Steady); break;
            case NodeDrained e: SetDraining(NodeOf(e.Node), draining: true); break;
            case DrainDeadlineSet e: SetDeadline(NodeOf(e.Node), e.By); break;
            case DrainDeadlineLifted e: SetDeadline(NodeOf(e.Node), null); break;
            case NodeResumed e: SetDraining(NodeOf(e.Node), draining: false); break;
            case JobSubmitted e: ApplySubmitted(e); break;
            case JobPlaced e: ApplyPlaced(e); break;
            case AllocationsStarted e: ApplyStarted(e); break;
            case AllocationsFinished e: ApplyFinished(e); break;
            case AllocationsEnded e: ApplyEnded(e); break;
            case CheckpointRecorded e: ApplyCheckpoint(JobOf(e.Job), e.Done); break;
            case ReplicasScaled e: ApplyScaled(JobOf(e.Job), e.Replicas); break;
            case JobRequeued e: ApplyRequeued(JobOf(e.Job), e); break;
            case JobMoved e: ApplyMoved(JobOf(e.Job), e.Reason); break;
            case JobForwarded e: ApplyForwarded(JobOf(e.Job), e.Cell); break;
            case JobAdopted e: ApplyAdopted(e); break;
            case AdoptionConfirmed e: ApplyConfirmed(JobOf(e.Job)); break;
            case AdoptionDropped e: ApplyDropped(JobOf(e.Job)); break;
            case KeyClosed e: Closed.Close(e.Key, e.Generation); break;
            case KeysAtDesks: HasKeysAtDesks = true; break;
            case ArraySplit e: ApplySplit(JobOf(e.Job), e); break;
            case PartEnded e: ApplyPartEnded(JobOf(e.Job), e); break;
            case TaskDoneLate e: ApplyDoneLate(JobOf(e.Job), e.Task); break;
            case JobCompleted e: ApplyCompleted(JobOf(e.Job)); break;
            case JobCancelled e: ApplyCancelled(JobOf(e.Job)); break;
            case JobFailed e: ApplyFailed(JobOf(e.Job), e.Reason); break;
            default: throw new InvariantBrokenException($"the event {committed.GetType().Name} is unknown");
        }
    }

    private void ApplyLost(NodeState node, string reason, bool failed)
    {
        if (node.Lost) return;
        if (node.Allocations.Count > 0)
            throw new InvariantBrokenException($"node {node.Id} is lost with allocations on it");
        node.Lost = true;
        node.Reason = reason;
        if (failed)
        {
            node.Health = node.Health with { Failures = node.Health.Failures + 1, Since = At, Reason = reason };
            _unsteady.Add(node.Index);
        }

        Usage.Devices(node, -1);
        ReadyChanged(node, freed: false);
    }

    private void ApplyRested(NodeState node, DateTimeOffset until)
    {
        if (!node.Health.IsUnsteady) throw new InvariantBrokenException($"node {node.Id} rests and never failed");
        SetHealth(node, node.Health with { RestUntil = until, RestedFor = node.Health.Failures });
    }

    private void ApplyRestEnded(NodeState node) =>
        SetHealth(node, node.Health with { RestUntil = null, Since = At });

    private void SetHealth(NodeState node, NodeHealth health)
    {
        var rested = node.Health.Rests;
        node.Health = health;
        if (health.IsUnsteady) _unsteady.Add(node.Index);
        else _unsteady.Remove(node.Index);
        ReadyChanged(node, freed: rested && !health.Rests);
    }

    private void SetDeadline(NodeState node, DateTimeOffset? by)
    {
        if (!node.Draining) throw new InvariantBrokenException($"node {node.Id} has a deadline and is not drained");
        node.DrainBy = by;
        if (by is null) _deadlines.Remove(node.Index);
        else _deadlines.Add(node.Index);
    }

    private void SetDraining(NodeState node, bool draining)
    {
        node.Draining = draining;
        if (!draining)
        {
            node.DrainBy = null;
            _deadlines.Remove(node.Index);
        }

        ReadyChanged(node, freed: !draining);
    }

    private void ReadyChanged(NodeState node, bool freed)
    {
        Index.Update(node, freed);
        Queue.Reconsider();
        Tenants.Update(node);
        TierChanged(node.Accelerator.Tier);
    }

    private void ApplySubmitted(JobSubmitted e)
    {
        if (e.Job != NextJob) throw new InvariantBrokenException($"job {e.Job} is not the next one, {NextJob}");
        NextJob++;
        var job = new JobState(e.Job, e.Key, e.Spec, Queue.ClassOf(e.Spec), At);
        AddJob(job);
        Counters.Submitted++;
        Queue.Update(job);
    }

    private void AddJob(JobState job)
    {
        _jobs.Add(job.Number, job);
        JobQueue.Join(job, job.Class);
        if (job.Key.Length > 0) _jobsByKey.Add(job.Key, job);
        // One that was here before, went on and came back: the note of where it went is out of date.
        if (job.Origin.Length > 0) _adopted[job.Origin] = job;
        if (job.Spec.Kind == JobKind.Inference && job.Ended is null) _services.Add(job.Number, job);
        List(job);
    }

    private void List(JobState job) => Listed.Note(job, NameOf(job));

    private void RemoveJob(JobState job)
    {
        _jobs.Remove(job.Number);
        Queue.Leave(job, job.Class);
        Listed.Remove(job);
        if (job.Key.Length > 0) _jobsByKey.Remove(job.Key);
        if (_adopted.GetValueOrDefault(job.Origin) == job) _adopted.Remove(job.Origin);
        _services.Remove(job.Number);
    }

    private void ApplyPlaced(JobPlaced e)
    {
        var job = JobOf(e.Job);
        if (job.Ended is not null) throw new InvariantBrokenException($"job {e.Job} has ended and is placed");
        if (job.Spec.Kind == JobKind.Training && job.Allocations.Count > 0)
            throw new InvariantBrokenException($"the gang of job {e.Job} is placed twice");
        if (job is { StartedAt: null, Allocations.Count: 0, Requeues: 0, Moves: 0, PartOf: "" }) Counters.Placed++;
        foreach (var placed in e.Allocations)
        {
            if (placed.Sequence != NextSequence)
                throw new InvariantBrokenException($"allocation {placed.Sequence} is not the next, {NextSequence}");
            NextSequence++;
            var node = NodeOf(placed.Node);
            if (!node.Ready) throw new InvariantBrokenException($"node {node.Id} takes no work");
            var allocation = new AllocationState(placed, job, node, At, Catalog);
            job.Bind(allocation);
            node.Bind(allocation);
            Releases.Add(allocation);
            _allocations.Add(allocation.Sequence, allocation);
            _unstarted.Add(allocation.Sequence, allocation);
            Note(allocation);
            Usage.Use(allocation, +1);
            Tenants.Use(allocation, +1);
            Index.Update(node, freed: false);
            Counters.Allocations++;
        }

        Queue.Update(job);
        List(job);
    }

    /// <summary>Keeps what is looked through for work that moves or leaves.</summary>
    private void Note(AllocationState allocation)
    {
        var job = allocation.Job;
        if (job.Spec.Kind == JobKind.Training)
        {
            _gangs[job.Number] = job;
            return;
        }

        Tasks.Add(allocation);
        NoteUpward(allocation);
    }

    private void NoteUpward(AllocationState allocation)
    {
        var job = allocation.Job;
        if (job.Spec is { Kind: JobKind.Batch, WorkHours: > 0 }
            && job.Class.Alternatives[0].Model != allocation.Node.Accelerator.Model)
            _upward[allocation.Sequence] = allocation;
        else
            _upward.Remove(allocation.Sequence);
    }

    private void ApplyStarted(AllocationsStarted e)
    {
        JobState? changed = null;
        foreach (var sequence in e.Sequences)
        {
            var allocation = AllocationOf(sequence);
            if (!allocation.Started && allocation.Job.Spec.Kind == JobKind.Training)
                allocation.DoneAtStart = allocation.Job.Done;
            GoodputMeter.Start(allocation);
            allocation.StartedAt ??= At;
            allocation.Job.StartedAt ??= At;
            _unstarted.Remove(sequence);
            if (changed != allocation.Job) List(changed = allocation.Job);
        }
    }

    private void ApplyCheckpoint(JobState job, double done)
    {
        Goodput.Save(job, done);
        job.Done = done;
        job.GotOn();
    }

    private void ApplyFinished(AllocationsFinished e)
    {
        foreach (var sequence in e.Sequences) AllocationOf(sequence).Finished = true;
    }

    private void ApplyEnded(AllocationsEnded e)
    {
        var preempted = new HashSet<long>();
        var failed = new HashSet<(long Job, int Task)>();
        var ended = new HashSet<JobState>();
        foreach (var sequence in e.Sequences)
        {
            var allocation = AllocationOf(sequence);
            _allocations.Remove(sequence);
            _unstarted.Remove(sequence);
            _upward.Remove(sequence);
            if (allocation.Job.Spec.Kind != JobKind.Training) Tasks.Remove(allocation, this);
            Goodput.End(allocation, e.End, At);
            allocation.Node.Release(allocation);
            allocation.Job.Release(allocation, e.End);
            Releases.Remove(allocation);
            if (allocation.Job.Allocations.Count == 0) _gangs.Remove(allocation.Job.Number);
            Usage.Use(allocation, -1);
            Tenants.Use(allocation, -1);
            Index.Update(allocation.Node, freed: true);
            // Parts of a gang that break off together are one failure of the gang.
            if (e.End == AllocationEnd.Failed && failed.Add((allocation.Job.Number, allocation.Placed.Task)))
                allocation.Job.Failed(allocation.Placed.Task);
            if (e.End is AllocationEnd.Preempted or AllocationEnd.Reclaimed)
            {
                Counters.Preempted++;
                if (e.End == AllocationEnd.Preempted && preempted.Add(allocation.Job.Number))
                    allocation.Job.Preemptions++;
            }

            Queue.Update(allocation.Job);
            ended.Add(allocation.Job);
        }

        foreach (var job in ended) List(job);
    }

    private void ApplyDoneLate(JobState job, int task)
    {
        job.DoneLate(task);
        Queue.Update(job);
        List(job);
    }

    private void ApplyScaled(JobState job, int replicas)
    {
        job.Scale(replicas);
        Queue.Update(job);
        // A service that wants no replica any more, or one again, is in another state.
        List(job);
    }

    private void ApplyRequeued(JobState job, JobRequeued e)
    {
        if (job.Spec.Kind == JobKind.Training && job.Allocations.Count > 0)
            throw new InvariantBrokenException($"job {job.Number} is requeued with a part of its gang still bound");
        job.Requeues++;
        job.Reason = e.Reason;
        job.LeftFor(e.By);
        Counters.Requeued++;
        Queue.Update(job);
    }

    private void ApplyMoved(JobState job, string reason)
    {
        if (job.Unplaced.Count == 0)
            throw new InvariantBrokenException($"job {job.Number} moves and nothing of it has ended");
        job.Moves++;
        job.Reason = reason;
        Counters.Migrations++;
    }

    private void ApplyCompleted(JobState job)
    {
        Finish(job, JobPhase.Completed);
        Goodput.Save(job, 1);
        job.Done = 1;
        job.Reason = "";
        if (job.PartOf.Length == 0) Counters.Completed++;
        if (job.Spec.Generation > 0)
            _generations[job.Spec.Generation] = _generations.GetValueOrDefault(job.Spec.Generation) + 1;
    }

    private void ApplyForwarded(JobState job, string cell)
    {
        job.ForwardedTo = cell;
        Finish(job, JobPhase.Forwarded);
        Counters.Forwarded++;
    }

    private void ApplyAdopted(JobAdopted e)
    {
        if (e.Job != NextJob) throw new InvariantBrokenException($"job {e.Job} is not the next one, {NextJob}");
        NextJob++;
        var job = new JobState(e.Job, "", e.Spec, Queue.ClassOf(e.Spec), e.SubmittedAt)
        {
            Origin = e.Origin,
            Held = true,
            Done = e.Done,
            Requeues = e.Requeues,
            Ticket = e.Ticket,
            Transfers = e.Transfers,
            StartedAt = e.StartedAt,
            PartOf = e.PartOf,
        };
        foreach (var (task, times) in e.Failures) job.Failed(task, times);
        AddJob(job);
    }

    private void ApplyConfirmed(JobState job)
    {
        job.Held = false;
        Counters.Adopted++;
        if (job.Spec.Kind == JobKind.Inference) job.Scale(job.Spec.FirstReplicas(At));
        Queue.Update(job);
    }

    private void ApplyDropped(JobState job)
    {
        if (!job.Held) throw new InvariantBrokenException($"job {job.Number} is dropped and was not held");
        RemoveJob(job);
    }

    private void ApplyCancelled(JobState job)
    {
        Finish(job, JobPhase.Cancelled);
        if (job.PartOf.Length == 0) Counters.Cancelled++;
    }

    private void ApplyFailed(JobState job, string reason)
    {
        Finish(job, JobPhase.Failed);
        job.Reason = reason;
        if (job.PartOf.Length == 0) Counters.Failed++;
    }

    private void Finish(JobState job, JobPhase phase)
    {
        if (job.Ended is not null) throw new InvariantBrokenException($"job {job.Number} ends twice");
        if (job.Allocations.Count > 0)
            throw new InvariantBrokenException($"job {job.Number} ends with devices still bound to it");
        job.End(phase, At);
        Queue.Update(job);
        List(job);
        _services.Remove(job.Number);
        _finished.Enqueue(job.Number);
        while (_finished.Count > Limits.FinishedJobsKeptPerCell)
            RemoveJob(_jobs[_finished.Dequeue()]);
    }
}
