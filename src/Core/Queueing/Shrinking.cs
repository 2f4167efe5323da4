using System.Numerics;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Scoring;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>A gang that gives devices up.</summary>
/// <param name="Left">Devices that each of its parts keeps, by sequence.</param>
internal sealed record Shrink(JobState Gang, Dictionary<long, int> Left)
{
    public int Given => Shrinking.RanksOf(Gang) - Left.Values.Sum();
}

/// <summary>
/// Elastic gangs that give devices up, so that nobody has to leave. For a job of a higher priority class they go down
/// to their least size; what they have above the size they asked for they give to a job of their own class too. They
/// are not asked again before the policy's interval has passed.
/// </summary>
public static class Shrinking
{
    /// <summary>True when gangs shrank and the job, or a task of it, fits now; else nothing changes.</summary>
    /// <param name="alternatives">Where the job is at home.</param>
    /// <param name="retryAt">When the next gang may be asked that was resized lately; null: none was.</param>
    public static bool MakeRoom(
        CellState state, RoundWriter round, JobState job, IReadOnlyList<Alternative> alternatives,
        out DateTimeOffset? retryAt)
    {
        retryAt = null;
        foreach (var alternative in alternatives)
        {
            if (alternative.Guest) continue;
            var candidates = new List<JobState>();
            var debts = new Debts(state, alternative.Tier);
            foreach (var gang in state.Gangs)
            {
                if (!IsOn(gang, alternative.Model) || RanksOf(gang) <= FloorFor(gang, job, debts)
                    || !MayShrink(gang)) continue;
                var rested = gang.Allocations.First().Value.PlacedAt + state.Policy.Gangs.ResizeInterval;
                if (rested <= round.At) candidates.Add(gang);
                else if (retryAt is null || rested < retryAt) retryAt = rested;
            }

            candidates.Sort((a, b) => a.Spec.Priority != b.Spec.Priority
                ? a.Spec.Priority.CompareTo(b.Spec.Priority)
                : b.Number.CompareTo(a.Number));
            if (candidates.Count == 0) continue;
            var shrinks = job.Spec.Kind == JobKind.Training
                ? ForGang(state, job, alternative, candidates, debts)
                : ForTask(job, candidates, debts);
            if (shrinks.Count == 0) continue;
            var what = job.Spec.Kind == JobKind.Training ? "training job" : "job";
            Commit(state, round, shrinks, $"for {what} {state.NameOf(job)}");
            return true;
        }

        return false;
    }

    /// <param name="what">For whom or what, as the end of a sentence.</param>
    internal static void Commit(CellState state, RoundWriter round, IEnumerable<Shrink> shrinks, string what)
    {
        foreach (var shrink in shrinks)
        {
            var plan = PlanOf(shrink);
            var reason = $"it shrank from {RanksOf(shrink.Gang)} to {plan.Devices} devices {what}";
            foreach (var committed in Moves.Of(state, shrink.Gang, plan, reason)) round.Commit(committed);
        }
    }

    /// <summary>Whether the gang could go on with fewer devices and lose nothing but a restart.</summary>
    internal static bool MayShrink(JobState gang) =>
        gang.Spec.Checkpoint > TimeSpan.Zero && RanksOf(gang) > gang.Spec.LeastDevices
        && gang.Allocations.Values.All(a => a.Node.Ready) && Moves.IsMovable(gang);

    internal static int RanksOf(JobState gang) => gang.Allocations.Values.Sum(a => a.Placed.Ranks);

    /// <summary>
    /// Frees devices in the ledger until it is enough or the gang is at the floor; the smallest pieces go first, so
    /// that the gang stays close together. A gang with a shape gives up whole pieces.
    /// </summary>
    /// <returns>What it gives, already taken out of the ledger; null: nothing of it would help.</returns>
    internal static Shrink? GiveUp(RoomLedger ledger, JobState gang, int floor, Func<bool> enough)
    {
        var before = ledger.Room;
        var left = gang.Allocations.Values.ToDictionary(a => a.Sequence, Devices);
        var spare = left.Values.Sum() - floor;
        var step = Math.Max(1, gang.Spec.PerNode);
        foreach (var allocation in gang.Allocations.Values.OrderBy(Devices).ThenByDescending(a => a.Sequence))
            while (left[allocation.Sequence] >= step && spare >= step && !enough())
            {
                Change(ledger, allocation, step);
                left[allocation.Sequence] -= step;
                spare -= step;
            }

        var shrink = new Shrink(gang, left);
        if (ledger.Room > before) return shrink;
        TakeBack(ledger, shrink);
        return null;
    }

    /// <summary>It keeps all after all.</summary>
    internal static void TakeBack(RoomLedger ledger, Shrink shrink)
    {
        foreach (var allocation in shrink.Gang.Allocations.Values)
            Change(ledger, allocation, -(Devices(allocation) - shrink.Left[allocation.Sequence]));
    }

    /// <summary>
    /// Frees devices of the gang's part on one node until a task fits there, and more of them as there are more tasks:
    /// the gang is not asked again for a while.
    /// </summary>
    /// <param name="room">The node's, without what else is to leave; changed.</param>
    /// <param name="wish">Devices that it gives if it can.</param>
    /// <returns>Null: no task fits even then.</returns>
    internal static Shrink? GiveUp(NodeRoom room, in TaskShape shape, AllocationState part, int floor, long wish)
    {
        var spec = part.Job.Spec;
        var step = Math.Max(1, spec.PerNode);
        var spare = RanksOf(part.Job) - floor;
        var mask = part.DeviceMask;
        var more = wish;
        while (BitOperations.PopCount(mask) >= step && spare >= step && (more > 0 || !Holds(room, shape)))
        {
            more -= step;
            var given = Highest(mask, step);
            mask &= ~given;
            spare -= step;
            room.Change(new TaskShape(step * spec.CpuMilli, step * spec.MemoryMiB, step, 0), given, -1);
        }

        if (!Holds(room, shape)) return null;
        var left = part.Job.Allocations.Values.ToDictionary(a => a.Sequence, Devices);
        left[part.Sequence] = BitOperations.PopCount(mask);
        return new Shrink(part.Job, left);
    }

    internal static bool Holds(NodeRoom room, in TaskShape shape) =>
        room.Holds(shape) && room.MemoryFreeMiB >= shape.MemoryMiB;

    /// <summary>Devices that the gang keeps whoever of the job's class waits. Of those that it asked for, another
    /// tenant's job gets none that are its tenant's by right.</summary>
    private static int FloorFor(JobState gang, JobState job, Debts debts)
    {
        var asked = Math.Max(gang.Spec.LeastDevices, gang.Spec.Devices);
        if (gang.Spec.Priority > job.Spec.Priority) return int.MaxValue;
        if (gang.Spec.Priority == job.Spec.Priority) return asked;
        return debts.HasRights(gang, job) ? Math.Min(asked, debts.FloorOf(gang)) : gang.Spec.LeastDevices;
    }

    private static bool IsOn(JobState gang, string model) =>
        gang.Allocations.First().Value.Node.Accelerator.Model == model;

    /// <summary>What is above the wishes of the gangs goes to the job's wish; what they need less, to its least size.
    /// </summary>
    private static List<Shrink> ForGang(
        CellState state, JobState job, Alternative alternative, List<JobState> candidates, Debts debts)
    {
        var ledger = new RoomLedger(state, job.Spec, alternative.Model);
        var shrinks = new List<Shrink>();
        foreach (var gang in candidates)
        {
            if (ledger.Room >= job.Spec.Devices) break;
            var wish = Math.Max(gang.Spec.LeastDevices, gang.Spec.Devices);
            if (RanksOf(gang) > wish
                && GiveUp(ledger, gang, wish, () => ledger.Room >= job.Spec.Devices) is { } surplus)
                shrinks.Add(surplus);
        }

        foreach (var gang in candidates)
        {
            if (ledger.Fits) break;
            var given = shrinks.Find(s => s.Gang == gang);
            if (given is not null)
            {
                TakeBack(ledger, given);
                shrinks.Remove(given);
            }

            if (GiveUp(ledger, gang, FloorFor(gang, job, debts), () => ledger.Fits) is not { } more) continue;
            debts.Pay(more);
            shrinks.Add(more);
        }

        return ledger.Fits ? shrinks : [];
    }

    /// <summary>Devices that the waiting tasks of a job need together.</summary>
    internal static long WishOf(JobState job)
    {
        var milli = (long)job.Unplaced.Count * TaskShape.Of(job.Spec).DeviceMilli;
        return (milli + Limits.MilliPerDevice - 1) / Limits.MilliPerDevice;
    }

    /// <summary>The gang of the lowest class that comes nearest to what is needed.</summary>
    private static List<Shrink> ForTask(JobState job, List<JobState> candidates, Debts debts)
    {
        var shape = TaskShape.Of(job.Spec);
        var wish = WishOf(job);
        Shrink? best = null;
        foreach (var gang in candidates)
        {
            if (best is not null && best.Gang.Spec.Priority < gang.Spec.Priority) break;
            foreach (var part in gang.Allocations.Values)
                if (Feasibility.HasLabels(part.Node, job.Spec.Labels)
                    && GiveUp(part.Node.Room.Copy(), shape, part, FloorFor(gang, job, debts), wish) is { } shrink
                    && (best is null || Math.Abs(shrink.Given - wish) < Math.Abs(best.Given - wish))) best = shrink;
        }

        return best is null ? [] : [best];
    }

    private static GangPlan PlanOf(Shrink shrink)
    {
        var pieces = new List<GangPiece>();
        foreach (var allocation in shrink.Gang.Allocations.Values)
        {
            var keeps = shrink.Left[allocation.Sequence];
            var mask = allocation.DeviceMask & ~Highest(allocation.DeviceMask, Devices(allocation) - keeps);
            if (mask != 0) pieces.Add(new GangPiece(allocation.Node, mask, []));
        }

        var model = pieces[0].Node.Accelerator.Model;
        return new GangPlan(
            pieces, shrink.Gang.Class.Home.First(a => a.Model == model), pieces.Sum(p => p.Devices));
    }

    private static uint Highest(uint mask, int count)
    {
        var highest = 0u;
        for (; count > 0; count--) highest |= 1u << BitOperations.Log2(mask & ~highest);
        return highest;
    }

    private static int Devices(AllocationState allocation) => BitOperations.PopCount(allocation.DeviceMask);

    private static void Change(RoomLedger ledger, AllocationState allocation, int devices) => ledger.Free(
        allocation.Node, devices, devices * allocation.Job.Spec.CpuMilli, devices * allocation.Job.Spec.MemoryMiB);
}
