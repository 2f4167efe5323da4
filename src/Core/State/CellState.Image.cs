using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

public sealed partial class CellState
{
    /// <summary>The state as plain data. Jobs that have ended come first, in the order in which they did.</summary>
    public CellImage Capture()
    {
        var active = _jobs.Values.Where(j => j.Ended is null).OrderBy(j => j.Number);
        return Capture(_finished.Select(number => _jobs[number]).Concat(active));
    }

    /// <summary>The same with these jobs alone; all that hold something have to be among them.</summary>
    internal CellImage Capture(IEnumerable<JobState> jobs) =>
        new(
            Cell, Epoch, RoundNumber, At, NextJob, NextSequence,
            [.. _nodes.Select(n => new NodeImage(n.Admitted, n.Lost, n.Draining, n.Reason)
            {
                DrainBy = n.DrainBy,
                Health = n.Health.IsUnsteady ? n.Health : null,
            })],
            [.. jobs.Select(ImageOf)],
            [.. _allocations.Values.OrderBy(a => a.Sequence)
                .Select(a => new AllocationImage(
                    a.Placed, a.Job.Number, a.PlacedAt, a.StartedAt, a.Finished, a.DoneBefore)
                {
                    DoneAtStart = a.DoneAtStart,
                })],
            [.. Usage.Tiers.Select(t => new TierUseImage(
                t.Key, t.Value.DeviceMs, t.Value.TrainingMs, t.Value.InferenceMs, t.Value.BatchMs, t.Value.GuestMs,
                t.Value.WaitingDeviceMs, t.Value.WaitingTrainingMs))],
            Usage.Demand, Usage.DemandServed, Counters with { }, new SortedDictionary<int, long>(_generations))
        {
            UsefulTrainingMs = Goodput.UsefulTrainingMs,
            UsefulBatchMs = Goodput.UsefulBatchMs,
            Lost = [.. Goodput.LostMs.Select(lost => new LostImage(lost.Key, lost.Value))],
            ClosedKeys = Closed.All,
            KeysAtDesks = HasKeysAtDesks,
            Pasts = Tenants.Capture(),
        };

    /// <summary>The state that <see cref="Capture"/> described.</summary>
    /// <exception cref="InvariantBrokenException">The image contradicts itself, or the catalogue.</exception>
    public static CellState Restore(CellImage image, Catalog catalog, Policy policy)
    {
        try
        {
            return Restored(image, catalog, policy);
        }
        catch (Exception fault) when (fault is not InvariantBrokenException)
        {
            throw new InvariantBrokenException(
                $"the snapshot of cell {image.Cell} at round {image.Round} cannot be: {fault.GetType().Name}, "
                + fault.Message, fault);
        }
    }

    private static CellState Restored(CellImage image, Catalog catalog, Policy policy)
    {
        var state = new CellState(image.Cell, catalog, policy)
        {
            Epoch = image.Epoch,
            RoundNumber = image.Round,
            At = image.At,
            NextJob = image.NextJob,
            NextSequence = image.NextSequence,
            HasKeysAtDesks = image.KeysAtDesks,
        };
        state.Queue.At = state.Tenants.At = image.At;
        foreach (var node in image.Nodes) state.RestoreNode(node);
        foreach (var job in image.Jobs) state.RestoreJob(job);
        foreach (var allocation in image.Allocations) state.RestoreAllocation(allocation);
        state.Tenants.Restore(image.Pasts);
        foreach (var job in state._jobs.Values)
        {
            state.Queue.Update(job);
            state.List(job);
        }

        foreach (var use in image.Use)
        {
            var tier = state.Usage.Of(use.Tier);
            tier.DeviceMs = use.DeviceMs;
            tier.TrainingMs = use.TrainingMs;
            tier.InferenceMs = use.InferenceMs;
            tier.BatchMs = use.BatchMs;
            tier.GuestMs = use.GuestMs;
            tier.WaitingDeviceMs = use.WaitingDeviceMs;
            tier.WaitingTrainingMs = use.WaitingTrainingMs;
        }

        state.Usage.Demand = image.Demand;
        state.Usage.DemandServed = image.DemandServed;
        state.Goodput.UsefulTrainingMs = image.UsefulTrainingMs;
        state.Goodput.UsefulBatchMs = image.UsefulBatchMs;
        foreach (var (end, ms) in image.Lost) state.Goodput.RestoreLost(end, ms);
        foreach (var (generation, count) in image.Generations) state._generations[generation] = count;
        foreach (var closed in image.ClosedKeys) state.Closed.Close(closed.Key, closed.Generation);
        state.Counters = image.Counters with { };
        return state;
    }

    private void RestoreNode(NodeImage image)
    {
        ApplyAdmitted(image.Admitted);
        var node = NodeOf(image.Admitted.Node);
        node.Draining = image.Draining;
        node.DrainBy = image.DrainBy;
        if (node.DrainBy is not null) _deadlines.Add(node.Index);
        if (image.Lost) ApplyLost(node, image.Reason, failed: false);
        if (image.Health is { } health)
        {
            node.Health = health;
            _unsteady.Add(node.Index);
        }

        Index.Update(node, freed: false);
        Tenants.Update(node);
    }

    private void RestoreJob(JobImage image)
    {
        var job = new JobState(image.Number, image.Key, image.Spec, Queue.ClassOf(image.Spec), image.SubmittedAt)
        {
            StartedAt = image.StartedAt,
            Reason = image.Reason,
            Done = image.Done,
            Requeues = image.Requeues,
            Preemptions = image.Preemptions,
            Origin = image.Origin,
            Held = image.Held,
            ForwardedTo = image.ForwardedTo,
            WaitingSince = image.WaitingSince,
            Moves = image.Moves,
            Ticket = image.Ticket,
            Transfers = image.Transfers,
            Work = image.Work,
            PartOf = image.PartOf,
        };
        foreach (var beneficiary in image.PreemptedBy) job.LeftFor(beneficiary);
        foreach (var (task, times) in image.Failures) job.Failed(task, times);
        if (image.Spec.Kind == JobKind.Inference) job.Scale(image.Replicas);
        job.RestoreProgress(FromRanges(image.FinishedTasks));
        foreach (var part in image.Parts)
        {
            Give(job, part.Job, [.. FromRanges(part.Tasks)]);
            if (part.Ended is { } how) ApplyPartEnded(job, new PartEnded(job.Number, part.Job, how, part.TasksDone));
        }

        if (image.Ended is { } phase)
        {
            job.End(phase, image.CompletedAt!.Value);
            _finished.Enqueue(job.Number);
        }

        AddJob(job);
    }

    private void RestoreAllocation(AllocationImage image)
    {
        var job = JobOf(image.Job);
        var node = NodeOf(image.Placed.Node);
        var allocation = new AllocationState(image.Placed, job, node, image.PlacedAt, Catalog)
        {
            StartedAt = image.StartedAt,
            Finished = image.Finished,
            DoneBefore = image.DoneBefore,
            DoneAtStart = image.DoneAtStart,
        };
        job.Bind(allocation);
        node.Bind(allocation);
        Releases.Add(allocation);
        _allocations.Add(allocation.Sequence, allocation);
        if (!allocation.Started) _unstarted.Add(allocation.Sequence, allocation);
        Note(allocation);
        Usage.Use(allocation, +1);
        Tenants.Use(allocation, +1);
        Index.Update(node, freed: false);
    }

    private static JobImage ImageOf(JobState job) => new(
        job.Number, job.Key, job.Spec, job.Ended, job.SubmittedAt, job.StartedAt, job.CompletedAt, job.Reason,
        job.Done, job.Replicas, job.Requeues, job.Preemptions, ToRanges(job.Finished), job.Origin, job.Held,
        job.ForwardedTo)
    {
        PreemptedBy = [.. job.PreemptedBy],
        Failures = [.. job.Failures.Select(f => new TaskFailures(f.Key, f.Value))],
        WaitingSince = job.WaitingSince,
        Moves = job.Moves,
        Ticket = job.Ticket,
        Transfers = job.Transfers,
        Work = job.Work,
        PartOf = job.PartOf,
        Parts = [.. job.Parts.Select(p => new PartImage(
            p.Key, ToRanges(p.Value.Tasks), p.Value.Ended, p.Value.TasksDone))],
    };

    private static List<int> ToRanges(IEnumerable<int> numbers)
    {
        var ranges = new List<int>();
        foreach (var number in numbers)
        {
            if (ranges.Count > 0 && ranges[^1] == number - 1) ranges[^1] = number;
            else ranges.AddRange([number, number]);
        }

        return ranges;
    }

    private static IEnumerable<int> FromRanges(IReadOnlyList<int> ranges)
    {
        for (var i = 0; i + 1 < ranges.Count; i += 2)
        {
            if (ranges[i] < 0 || ranges[i + 1] > Limits.TasksPerJobMax)
                throw new InvariantBrokenException($"tasks {ranges[i]} to {ranges[i + 1]} cannot be");
            for (var number = ranges[i]; number <= ranges[i + 1]; number++) yield return number;
        }
    }
}
