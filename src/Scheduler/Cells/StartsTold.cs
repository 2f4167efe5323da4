using Stockpile.Core.Cells;
using Stockpile.Core.Placement;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// The starts that were told of waiting jobs, so that the next answer can say that one has moved and why. Kept beside
/// the state, which no question changes, and for the last jobs that were asked for; a fail-over forgets them.
/// </summary>
public sealed class StartsTold
{
    private const int KeptMost = 4_096;

    private readonly Dictionary<long, StartTold> _told = [];
    private readonly Queue<long> _order = new();

    /// <summary>Notes what is told now; how it has moved since it was told before, or null.</summary>
    public StartMove? Note(CellState state, JobState job, Explanation why, DateTimeOffset now)
    {
        var before = _told.GetValueOrDefault(job.Number);
        if (!job.Waits || StartTold.Of(state, why, before, now) is not { } told)
        {
            _told.Remove(job.Number);
            return null;
        }

        if (before is null) _order.Enqueue(job.Number);
        _told[job.Number] = told;
        if (_order.Count > KeptMost) _told.Remove(_order.Dequeue());
        return told.Moved;
    }
}
