namespace Stockpile.Core.State;

/// <summary>Copies of a cell's state that a question may change: they expect the work that the cell expects.</summary>
public static class CellCopy
{
    /// <summary>All of it, as a snapshot would bring it back.</summary>
    public static CellState Whole(CellState state)
    {
        var copy = CellState.Restore(state.Capture(), state.Catalog, state.Policy);
        ExpectedWork.Copy(state, copy);
        return copy;
    }

    /// <summary>
    /// A copy with the nodes, the jobs that hold something, and the first jobs of every class and tenant. It must not
    /// outlive the next change of the cell, which it asks how many of the other jobs come before one.
    /// </summary>
    public static CellState Of(CellState state, int perLane)
    {
        var fronts = state.Queue.Fronts(perLane).ToList();
        var jobs = fronts.Concat(state.Services).Concat(state.Held)
            .Concat(state.Allocations.Values.Select(a => a.Job)).Distinct().OrderBy(j => j.Number);
        var copy = CellState.Restore(state.Capture(jobs), state.Catalog, state.Policy);
        ExpectedWork.Copy(state, copy);
        copy.Queue.AheadElsewhere = key => state.Queue.Before(key)
            - fronts.Count(front => state.Queue.KeyOf(front).CompareTo(key) < 0);
        return copy;
    }
}
