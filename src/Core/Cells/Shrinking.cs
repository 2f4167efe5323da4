using System.Numerics;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;

namespace Stockpile.Core.Cells;

/// <summary>
/// Elastic gangs that give devices up for a gang of a higher priority class, so that nobody has to be preempted. They
/// keep their least size, and are not asked again before the policy's interval has passed.
/// </summary>
public static class Shrinking
{
    /// <summary>True when gangs shrank and the job fits now; when they cannot make room nothing changes.</summary>
    public static bool MakeRoom(CellState state, RoundWriter round, JobState job)
    {
        foreach (var alternative in job.Class.Home)
        {
            if (Plans(state, round.At, job, alternative) is not { } plans) continue;
            foreach (var (gang, plan) in plans)
            {
                var before = gang.Allocations.Values.Sum(a => a.Placed.Ranks);
                var reason = $"it shrank from {before} to {plan.Devices} devices for training job {state.NameOf(job)}";
                foreach (var committed in Moves.Of(state, gang, plan, reason)) round.Commit(committed);
            }

            return true;
        }

        return false;
    }

    private static List<(JobState Gang, GangPlan Plan)>? Plans(
        CellState state, DateTimeOffset at, JobState job, Alternative alternative)
    {
        var candidates = state.Gangs
            .Where(g => IsElastic(state, at, g) && g.Spec.Priority < job.Spec.Priority
                && g.Allocations.First().Value.Node.Accelerator.Model == alternative.Model)
            .OrderBy(g => g.Spec.Priority).ThenByDescending(g => g.Number)
            .ToList();
        if (candidates.Count == 0) return null;
        var ledger = new RoomLedger(state, job.Spec, alternative.Model);
        var plans = new List<(JobState Gang, GangPlan Plan)>();
        foreach (var gang in candidates)
        {
            if (ledger.Fits) break;
            var before = ledger.Room;
            var left = GiveUp(ledger, gang);
            if (ledger.Room > before)
            {
                plans.Add((gang, PlanOf(gang, left, alternative)));
                continue;
            }

            // Nothing of it helps, so it keeps all.
            foreach (var allocation in gang.Allocations.Values)
                Change(ledger, allocation, -(Devices(allocation) - left.GetValueOrDefault(allocation.Sequence)));
        }

        return ledger.Fits && plans.Count > 0 ? plans : null;
    }

    private static bool IsElastic(CellState state, DateTimeOffset at, JobState gang) =>
        gang.Spec.Checkpoint > TimeSpan.Zero
        && gang.Allocations.Values.Sum(a => a.Placed.Ranks) > gang.Spec.LeastDevices
        && gang.Allocations.First().Value.PlacedAt + state.Policy.Gangs.ResizeInterval <= at
        && gang.Allocations.Values.All(a => a.Node.Ready)
        && Moves.IsMovable(gang);

    /// <summary>
    /// Frees devices in the ledger until the job fits or the gang is at its least; the smallest pieces go first, so
    /// that the gang stays close together. A gang with a shape gives up whole pieces.
    /// </summary>
    /// <returns>Devices that each allocation keeps.</returns>
    private static Dictionary<long, int> GiveUp(RoomLedger ledger, JobState gang)
    {
        var left = gang.Allocations.Values.ToDictionary(a => a.Sequence, Devices);
        var spare = left.Values.Sum() - gang.Spec.LeastDevices;
        var step = Math.Max(1, gang.Spec.PerNode);
        foreach (var allocation in gang.Allocations.Values.OrderBy(Devices).ThenByDescending(a => a.Sequence))
            while (left[allocation.Sequence] >= step && spare >= step && !ledger.Fits)
            {
                Change(ledger, allocation, step);
                left[allocation.Sequence] -= step;
                spare -= step;
            }

        return left;
    }

    private static GangPlan PlanOf(JobState gang, Dictionary<long, int> left, Alternative alternative)
    {
        var pieces = new List<GangPiece>();
        foreach (var allocation in gang.Allocations.Values)
        {
            var mask = allocation.DeviceMask;
            while (BitOperations.PopCount(mask) > left[allocation.Sequence])
                mask &= ~(1u << BitOperations.Log2(mask));
            if (mask != 0) pieces.Add(new GangPiece(allocation.Node, mask, []));
        }

        return new GangPlan(pieces, alternative, pieces.Sum(p => p.Devices));
    }

    private static int Devices(AllocationState allocation) => BitOperations.PopCount(allocation.DeviceMask);

    private static void Change(RoomLedger ledger, AllocationState allocation, int devices) => ledger.Free(
        allocation.Node, devices, devices * allocation.Job.Spec.CpuMilli, devices * allocation.Job.Spec.MemoryMiB);
}
