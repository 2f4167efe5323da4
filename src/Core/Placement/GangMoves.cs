using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>Whether a running gang may go on in a better place, and whether that pays: the same rules inside a cell and
/// between cells.</summary>
public static class GangMoves
{
    /// <summary>A gang without checkpoints would begin from nothing, so it stays.</summary>
    public static bool MayMove(CellState state, JobState gang, DateTimeOffset at) =>
        gang.Spec.Checkpoint > TimeSpan.Zero && IsRested(state, gang.Allocations.First().Value, at)
        && Moves.IsMovable(gang);

    public static bool IsRested(CellState state, AllocationState allocation, DateTimeOffset at) =>
        allocation.PlacedAt + state.Policy.Gangs.ResizeInterval <= at;

    /// <summary>Whether what is left ends clearly sooner after a move.</summary>
    /// <param name="after">See <see cref="After"/>.</param>
    public static bool Pays(CellState state, JobState gang, TimeSpan after, DateTimeOffset at) =>
        after * state.Policy.Gangs.MigrateGain < Remaining.Of(gang, at);

    /// <summary>Time until it would be done after a move, given the run time of the whole work there.</summary>
    public static TimeSpan After(CellState state, JobState gang, TimeSpan runTime, DateTimeOffset at)
    {
        var grace = state.Policy.Guests.Grace;
        return runTime * Remaining.ShareAfterMove(gang, at, grace > TimeSpan.Zero)
            + state.Policy.Gangs.Restart + grace;
    }
}
