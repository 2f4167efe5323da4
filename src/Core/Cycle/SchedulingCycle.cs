using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Cycle;

/// <summary>What one cycle did.</summary>
/// <param name="More">There may be more to place at once: the round is full, or somebody was sent away.</param>
public readonly record struct CycleResult(int Placed, int Preempted, bool More);

/// <summary>The scheduling cycle.</summary>
public static class SchedulingCycle
{
    /// <summary>Places what fits, within one round.</summary>
    public static CycleResult Run(CellState state, RoundWriter round)
    {
        // 0  A new cycle: what the scoring of single tasks expects follows what is submitted.
        var findings = new Findings(state, round);

        var migrations = state.Counters.Migrations;

        // 1  Services follow their demand.
        ServiceScaling.Run(state, round);

        // 1b Nodes that have to be empty by an instant are left.
        var left = Leaving.Run(state, round);

        // 1c Nodes that keep failing rest, or have rested.
        Unsteadiness.Run(state, round);

        // 2  Home tiers, most urgent job first; guests and less urgent work may have to leave. What is reserved for
        //    those that find no room is closed to those behind them, unless they are done before it is needed.
        var backfill = CycleBackfill.Begin(state, round);
        var (placed, preempted, full) = Place(state, round, backfill, findings, guests: false);

        // 3  What is left on better tiers is lent to those that found no room at home.
        var lent = full ? default : Place(state, round, backfill, findings, guests: true);

        // 4  Running work grows into what nobody waits for, or moves to where it ends sooner.
        if (!full && !lent.Full) Rearranging.Run(state, round);

        // Whoever was sent away, or stood where somebody moved from, may find room elsewhere;
        // its class has had its turn in this round.
        var more = full || lent.Full || preempted > 0 || left > 0 || state.Counters.Migrations > migrations;
        return new CycleResult(placed + lent.Placed, preempted, more);
    }

    /// <summary>
    /// Takes the head of every class that is not blocked, in queue order. A job that fits is placed and the next of
    /// its class takes its turn; a class whose head does not fit is out for this pass.
    /// </summary>
    private static (int Placed, int Preempted, bool Full) Place(
        CellState state, RoundWriter round, CycleBackfill? backfill, Findings findings, bool guests)
    {
        backfill?.BeginPass();
        foreach (var waiting in state.Queue.WaitingClasses)
            if ((guests ? waiting.Guest : waiting.Home).Count > 0
                && waiting.IsBlocked(state.Index, state.Queue.Promises, round.At)) backfill?.Blocked(waiting);
        var turns = new FairQueue(state, round.At, guests);
        var gangs = new GangPlacement(state, round);
        var placed = 0;
        var preempted = 0;
        while (turns.Next() is { } lane)
        {
            if (round.Count >= Limits.EventsPerRoundMax) return (placed, preempted, true);
            var job = turns.JobOf(lane);
            // Whoever was just sent away may have a right to what a borrower would take now; the next cycle tells.
            if (preempted > 0 && !guests && state.Queue.Borrows(job)) continue;
            var jobClass = lane.Class;
            var before = round.Count;
            var alternatives = guests ? jobClass.Guest : jobClass.Home;
            var guard = backfill?.GuardFor(job, alternatives);
            var outcome = job.Spec.Kind == JobKind.Training
                ? PlaceGang(state, round, gangs, job, guard, ref preempted)
                : guests ? PlaceTasks(state, round, job, jobClass.Guest, guard, MakeRoom.Never, ref preempted)
                : PlaceTasksAtHome(state, round, job, guard, ref preempted);
            if (round.Count > before) placed++;
            findings.Note(
                lane, job, outcome, alternatives, guard, gangs.StandsInWayOf, turns.Passes(lane, job), guests);
            if (outcome == CycleOutcome.NoRoom) backfill?.NoRoom(job, guard, guests);
            switch (outcome)
            {
                case CycleOutcome.RoundFull:
                    return (placed, preempted, true);
                case CycleOutcome.Placed when backfill?.IsHeldBack(jobClass) == true:
                    break;
                case CycleOutcome.Placed:
                    if (lane.Waiting.Count > 0) turns.Add(lane);
                    break;
                case CycleOutcome.OverQuota:
                    lane.Refuse(round);
                    break;
                case CycleOutcome.HeldBack:
                    turns.Drop(jobClass);
                    break;
                case CycleOutcome.NoRoom:
                    lane.Refuse(round);
                    turns.Drop(jobClass);
                    Block(round, jobClass, guests);
                    break;
            }

            // A shorter job of a class that was held back may be done before what is reserved is needed.
            if (backfill?.Next(job) is not { } shorter) continue;
            turns.Pass(lane, shorter);
        }

        return (placed, preempted, false);
    }

    private static void Block(RoundWriter round, EquivalenceClass jobClass, bool guests)
    {
        var stamp = round.State.Index.Stamp;
        jobClass.Become(round, guests
            ? jobClass.Retry.FullAsGuest(stamp, hasHome: jobClass.Home.Count > 0)
            : jobClass.Retry.FullAtHome(stamp, isAll: jobClass.Guest.Count == 0));
    }

    /// <summary>
    /// All or nothing. Guests, and gangs of a lower priority class where nothing else helps, leave in the same round
    /// and wait again.
    /// </summary>
    private static CycleOutcome PlaceGang(
        CellState state, RoundWriter round, GangPlacement gangs, JobState job, ReservationGuard? guard,
        ref int preempted)
    {
        var reason = $"training job {state.NameOf(job)} took its devices";
        var mine = QuotaCheck.Within(state, job, job.Class.Home);
        var open = gangs.Open(job, mine);
        var plan = gangs.Plan(job, open, guard);
        // What running work gives back to a more urgent job it must not give to this one instead.
        var mayTake = plan is null && guard is null;
        var reclaim = plan is null ? Reclaim.Find(state, job, open, round.At) : ReclaimPlan.Nothing;
        if (reclaim.Any)
        {
            // What is an owner's by right was never anybody's to be promised, and it is no more than its right.
            guard = null;
            preempted += GiveBack(state, round, job, reclaim);
            plan = gangs.Plan(job, open, guard, byRight: true);
        }

        // Those that may run on fewer devices give some before anybody has to leave.
        DateTimeOffset? shrinkAt = null;
        if (plan is null && mayTake && Shrinking.MakeRoom(state, round, job, open, out shrinkAt))
            plan = gangs.Plan(job, open, guard);

        if (plan is null && mayTake && gangs.Victims(job, open) is { } victims)
        {
            Preempt(victims.SelectMany(v => v.Allocations.Keys).ToList(), ref preempted);
            plan = gangs.Plan(job, open, guard);
        }

        if (plan is null && mine.Count < job.Class.Home.Count) return CycleOutcome.OverQuota;
        if (plan is null && open.Count < mine.Count) return CycleOutcome.HeldBack;
        if (plan is null)
        {
            gangs.FoundNoRoom(job, open);
            job.Class.Become(round, job.Class.Retry.By(reclaim.RetryAt, round.At));
            job.Class.Become(round, job.Class.Retry.By(shrinkAt, round.At));
            return CycleOutcome.NoRoom;
        }

        gangs.Placed(job, plan);
        Preempt(plan.Pieces.SelectMany(p => p.Evicted).Select(a => a.Sequence).ToList(), ref preempted);

        var runTime = plan.RunTime(state, job.Spec);
        var sequence = state.NextSequence;
        var allocations = plan.Pieces
            .Select(p => new PlacedAllocation(
                sequence++, p.Node.Id, p.DeviceMask, 0, Task: 0, Ranks: p.Devices, Guest: false, runTime))
            .ToList();
        if (guard is not null)
            foreach (var piece in plan.Pieces)
                CycleBackfill.Take(guard, plan.Alternative, plan.Devices, piece.Node, piece.DeviceMask, piece.Devices);
        round.Commit(new JobPlaced(job.Number, allocations));
        return CycleOutcome.Placed;

        void Preempt(List<long> sequences, ref int count)
        {
            foreach (var ending in Endings.Of(state, sequences, AllocationEnd.Preempted, reason, job.Number))
                round.Commit(ending);
            count += sequences.Count;
        }
    }

    /// <summary>Borrowers of the tenant's quota shrink or leave.</summary>
    /// <returns>Allocations that ended.</returns>
    private static int GiveBack(CellState state, RoundWriter round, JobState job, ReclaimPlan reclaim)
    {
        Shrinking.Commit(state, round, reclaim.Shrinks,
            $"because tenant {job.Spec.Tenant} needs what was borrowed from its quota");
        var reason = $"tenant {job.Spec.Tenant} needs what was borrowed from its quota";
        foreach (var ending in Endings.Of(state, reclaim.Sequences, AllocationEnd.Reclaimed, reason))
            round.Commit(ending);
        return reclaim.Sequences.Count;
    }

    /// <summary>Tasks at home, as far as the tenant's quota goes; what others borrowed of it is taken back.</summary>
    private static CycleOutcome PlaceTasksAtHome(
        CellState state, RoundWriter round, JobState job, ReservationGuard? guard, ref int preempted)
    {
        if (!state.Policy.Queue.Quotas.Any)
            return PlaceTasks(
                state, round, job, job.Class.Home, guard, MakeRoom.ByMoves | MakeRoom.ByPreemption, ref preempted);
        for (var turn = 0; turn < Limits.TasksPerTurnMax && job.Unplaced.Count > 0; turn++)
        {
            var mine = QuotaCheck.Within(state, job, job.Class.Home);
            var outcome = PlaceTasks(state, round, job, mine, guard, MakeRoom.ByMoves, ref preempted, tasks: 1);
            if (outcome == CycleOutcome.NoRoom)
            {
                var reclaim = Reclaim.Find(state, job, mine, round.At);
                job.Class.Become(round, job.Class.Retry.By(reclaim.RetryAt, round.At));
                preempted += GiveBack(state, round, job, reclaim);
                // What is an owner's by right was never anybody's to be promised.
                outcome = PlaceTasks(
                    state, round, job, mine, reclaim.Any ? null : guard, MakeRoom.ByPreemption,
                    ref preempted, tasks: 1);
            }

            if (outcome == CycleOutcome.NoRoom && mine.Count < job.Class.Home.Count) return CycleOutcome.OverQuota;
            if (outcome != CycleOutcome.Placed) return outcome;
        }

        return CycleOutcome.Placed;
    }

    /// <summary>Places as many tasks as fit, each by itself, and at most those of one turn.</summary>
    /// <param name="makeRoom">What may be done to others where there is no room; nothing behind a guard.</param>
    private static CycleOutcome PlaceTasks(
        CellState state, RoundWriter round, JobState job, IReadOnlyList<Alternative> alternatives,
        ReservationGuard? guard, MakeRoom makeRoom, ref int preempted, int tasks = Limits.TasksPerTurnMax)
    {
        if (guard is not null) makeRoom = MakeRoom.Never;
        foreach (var task in job.Unplaced.Take(tasks).ToList())
        {
            if (round.Count >= Limits.EventsPerRoundMax) return CycleOutcome.RoundFull;
            var plan = TaskPlanner.Decide(round, job.Spec, alternatives, guard);
            if (plan is null && makeRoom.HasFlag(MakeRoom.ByMoves)
                && Defragmentation.MakeRoom(state, round, job, alternatives))
                plan = TaskPlanner.Decide(round, job.Spec, alternatives);
            if (plan is null && makeRoom.HasFlag(MakeRoom.ByPreemption)
                && (Push(state, round, job, alternatives, ref preempted)
                    || Shrink(state, round, job, alternatives)))
                plan = TaskPlanner.Decide(round, job.Spec, alternatives);
            if (plan is null) return CycleOutcome.NoRoom;
            if (guard is not null)
                CycleBackfill.Take(guard, plan.Alternative, job.Spec.Devices, plan.Node, plan.DeviceMask, ranks: 1);
            var runTime = RunTimes.Of(
                job.Spec, state.Catalog, state.Policy.Gangs, plan.Alternative.Model, job.Spec.Devices);
            round.Commit(new JobPlaced(job.Number,
            [
                new PlacedAllocation(state.NextSequence, plan.Node.Id, plan.DeviceMask, job.Spec.ShareMilli, task,
                    Ranks: 1, plan.Alternative.Guest, runTime),
            ]));
        }

        return CycleOutcome.Placed;
    }

    /// <summary>An elastic gang gives devices up for a task at home. True when one did.</summary>
    private static bool Shrink(
        CellState state, RoundWriter round, JobState job, IReadOnlyList<Alternative> alternatives)
    {
        var shrank = Shrinking.MakeRoom(state, round, job, alternatives, out var retryAt);
        job.Class.Become(round, job.Class.Retry.By(retryAt, round.At));
        return shrank;
    }

    /// <summary>What may be done to running tasks so that another one finds room.</summary>
    [Flags]
    private enum MakeRoom
    {
        Never = 0,
        ByMoves = 1,
        ByPreemption = 2,
    }

    /// <summary>Guests and less urgent tasks leave for a task at home. True when somebody did.</summary>
    private static bool Push(
        CellState state, RoundWriter round, JobState job, IReadOnlyList<Alternative> alternatives, ref int preempted)
    {
        if (!state.Policy.Queue.Preemption.Tasks) return false;
        var plan = TaskPreemption.Find(state, job, alternatives, round.At);
        job.Class.Become(round, job.Class.Retry.By(plan.RetryAt, round.At));
        var reason = $"job {state.NameOf(job)} took its place";
        foreach (var ending in Endings.Of(state, plan.Sequences, AllocationEnd.Preempted, reason, job.Number))
            round.Commit(ending);
        preempted += plan.Sequences.Count;
        return plan.Sequences.Count > 0;
    }
}
