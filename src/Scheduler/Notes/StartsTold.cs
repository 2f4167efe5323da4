using Stockpile.Core.Explain;
using Stockpile.Core.State;

namespace Stockpile.Scheduler.Notes;

/// <summary>
/// The starts that were told of waiting jobs, so that the next answer can say that one has moved and why. Kept beside
/// the state, which no question changes.
/// </summary>
public sealed class StartsTold
{
    private const int KeptMost = 4_096;

    private readonly RecentJobs<StartTold> _told = new(KeptMost);

    /// <summary>Notes what is told now; how it has moved since it was told before, or null.</summary>
    public StartMove? Note(CellState state, JobState job, Explanation why, DateTimeOffset now)
    {
        var told = job.Waits ? StartTold.Of(state, why, _told[job.Number], now) : null;
        _told[job.Number] = told;
        return told?.Moved;
    }
}
