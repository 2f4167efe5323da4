using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;

namespace Stockpile.Core.Cells;

/// <summary>What one cycle did.</summary>
/// <param name="More">There may be more to place at once: the round is full, or somebody was sent away.</param>
public readonly record struct CycleResult(int Placed, int Preempted, bool More);

/// <summary>The scheduling cycle.</summary>
public static class SchedulingCycle
{
    /// <summary>Places what fits, within one round.</summary>
    public static CycleResult Run(CellState state, RoundWriter round)
    {
        // 0  What the scoring of single tasks expects follows what is submitted.
        ExpectedWork.Update(state);

        var migrations = state.Counters.Migrations;

        // 1  Services follow their demand.
        ScaleServices(state, round);

        // 1b Nodes that have to be empty by an instant are left.
        var left = Leaving.Run(state, round);

        // 2  Home tiers, most urgent job first; a gang may take devices back from guests.
        var (placed, preempted, full) = Place(state, round, guests: false);

        // 3  What is left on better tiers is lent to those that found no room at home.
        var lent = full ? default : Place(state, round, guests: true);

        // 4  Running work grows into what nobody waits for, or moves to where it ends sooner.
        if (!full && !lent.Full) Rearranging.Run(state, round);

        // Whoever was sent away, or stood where somebody moved from, may find room elsewhere;
        // its class has had its turn in this round.
        var more = full || lent.Full || preempted > 0 || left > 0 || state.Counters.Migrations > migrations;
        return new CycleResult(placed + lent.Placed, preempted, more);
    }

    private static void ScaleServices(CellState state, RoundWriter round)
    {
        foreach (var job in state.Services)
        {
            var wanted = job.Spec.ReplicasAt(round.At);
            if (job.Held || wanted == job.Replicas || round.Count >= Limits.EventsPerRoundMax) continue;
            var superfluous = job.Allocations.Values
                .Where(a => a.Placed.Task >= wanted)
                .Select(a => a.Sequence)
                .ToList();
            if (superfluous.Count > 0) round.Commit(new AllocationsEnded(superfluous, AllocationEnd.ScaledDown));
            round.Commit(new ReplicasScaled(job.Number, wanted));
        }
    }

    /// <summary>
    /// Takes the head of every class that is not blocked, in queue order. A job that fits is placed and the next of
    /// its class takes its turn; a class whose head does not fit is out for this pass.
    /// </summary>
    private static (int Placed, int Preempted, bool Full) Place(CellState state, RoundWriter round, bool guests)
    {
        var heads = new PriorityQueue<JobClass, QueueKey>();
        foreach (var jobClass in state.Queue.WaitingClasses)
            if ((guests ? jobClass.Guest : jobClass.Home).Count > 0 && !jobClass.IsBlocked(state.Index))
                heads.Enqueue(jobClass, jobClass.Waiting.Min);

        var placed = 0;
        var preempted = 0;
        while (heads.TryDequeue(out var jobClass, out var head))
        {
            if (round.Count >= Limits.EventsPerRoundMax) return (placed, preempted, true);
            var job = state.FindJob(head.Number)!;
            var before = round.Count;
            var outcome = job.Spec.Kind == JobKind.Training
                ? PlaceGang(state, round, job, ref preempted)
                : PlaceTasks(state, round, job, guests ? jobClass.Guest : jobClass.Home);
            if (round.Count > before) placed++;
            switch (outcome)
            {
                case Outcome.RoundFull:
                    return (placed, preempted, true);
                case Outcome.Placed when jobClass.Waiting.Count > 0:
                    heads.Enqueue(jobClass, jobClass.Waiting.Min);
                    break;
                case Outcome.NoRoom when !guests:
                    jobClass.HomeFullAt = state.Index.Stamp;
                    if (jobClass.Guest.Count == 0) jobClass.BlockedAt = jobClass.HomeFullAt;
                    break;
                case Outcome.NoRoom:
                    // A guest that left in this cycle was not tried at home, so its class must not be blocked there.
                    jobClass.BlockedAt = jobClass.Home.Count > 0 ? jobClass.HomeFullAt : state.Index.Stamp;
                    break;
            }
        }

        return (placed, preempted, false);
    }

    /// <summary>How a job leaves the cycle.</summary>
    private enum Outcome
    {
        /// <summary>Nothing of it waits any more.</summary>
        Placed,

        /// <summary>All or a part of it waits, because no allowed node has room.</summary>
        NoRoom,

        /// <summary>A part of it waits for the next round, because this one holds enough events.</summary>
        RoundFull,
    }

    /// <summary>
    /// All or nothing. Guests, and gangs of a lower priority class where nothing else helps, leave in the same round
    /// and wait again.
    /// </summary>
    private static Outcome PlaceGang(CellState state, RoundWriter round, JobState job, ref int preempted)
    {
        var reason = $"training job {new JobId(state.Cell, job.Number)} took its devices";
        var plan = GangPlanner.Plan(state, job.Spec, job.Class.Home);
        if (plan is null && Shrinking.MakeRoom(state, round, job))
            plan = GangPlanner.Plan(state, job.Spec, job.Class.Home);
        if (plan is null && Preemption.Victims(state, job) is { } victims)
        {
            Preempt(victims.SelectMany(v => v.Allocations.Keys).ToList(), ref preempted);
            plan = GangPlanner.Plan(state, job.Spec, job.Class.Home);
        }

        if (plan is null) return Outcome.NoRoom;
        Preempt(plan.Pieces.SelectMany(p => p.Evicted).Select(a => a.Sequence).ToList(), ref preempted);

        var runTime = plan.RunTime(state, job.Spec);
        var sequence = state.NextSequence;
        var allocations = plan.Pieces
            .Select(p => new PlacedAllocation(
                sequence++, p.Node.Id, p.DeviceMask, 0, Task: 0, Ranks: p.Devices, Guest: false, runTime))
            .ToList();
        round.Commit(new JobPlaced(job.Number, allocations));
        return Outcome.Placed;

        void Preempt(List<long> sequences, ref int count)
        {
            foreach (var ending in Endings.Of(state, sequences, AllocationEnd.Preempted, reason)) round.Commit(ending);
            count += sequences.Count;
        }
    }

    /// <summary>Places as many tasks as fit, each by itself.</summary>
    private static Outcome PlaceTasks(
        CellState state, RoundWriter round, JobState job, IReadOnlyList<Alternative> alternatives)
    {
        foreach (var task in job.Unplaced.ToList())
        {
            if (round.Count >= Limits.EventsPerRoundMax) return Outcome.RoundFull;
            if (TaskPlanner.Plan(state.Index, job.Spec, alternatives) is not { } plan) return Outcome.NoRoom;
            var runTime = RunTimes.Of(
                job.Spec, state.Catalog, state.Policy.Gangs, plan.Alternative.Model, job.Spec.Devices);
            round.Commit(new JobPlaced(job.Number,
            [
                new PlacedAllocation(state.NextSequence, plan.Node.Id, plan.DeviceMask, job.Spec.ShareMilli, task,
                    Ranks: 1, plan.Alternative.Guest, runTime),
            ]));
        }

        return Outcome.Placed;
    }
}
