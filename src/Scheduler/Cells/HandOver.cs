using Stockpile.Core;
using Stockpile.Core.Cells;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Cells;

/// <summary>Which waiting jobs a cell offers to which other cell. Pure: the others' digests come in as data.</summary>
public static class HandOver
{
    /// <summary>
    /// At most <paramref name="offersMax"/> jobs, most urgent first, that wait here as a whole while another cell's
    /// digest shows room on one of their home models; each with the cell that has most. Room that an offer may take is
    /// not offered twice. The other cell decides: its digest may be old.
    /// </summary>
    /// <param name="offered">Jobs whose last offer is not answered yet.</param>
    public static IReadOnlyList<(JobState Job, string Cell)> Choose(
        CellState state, IReadOnlyCollection<CellView> others, Func<long, bool> offered, int offersMax)
    {
        var room = new Room(others);
        var offers = new List<(JobState, string)>();
        foreach (var number in state.Queue.Heads(offersMax))
        {
            if (offers.Count >= offersMax) break;
            var job = state.FindJob(number)!;
            if (!job.MayMove || offered(number)) continue;
            if (room.Take(job) is { } cell) offers.Add((job, cell));
        }

        return offers;
    }

    private sealed class Room(IReadOnlyCollection<CellView> others)
    {
        private readonly Dictionary<(string Cell, string Model), long> _taken = [];

        /// <summary>The cell with most room for the job, which then counts as taken; null when none has any.</summary>
        public string? Take(JobState job)
        {
            var spec = job.Spec;
            long wanted = spec.Kind == JobKind.Training
                ? spec.LeastDevices * (long)Limits.MilliPerDevice
                : Math.Max(1, spec.ShareMilli > 0 ? spec.ShareMilli : spec.Devices * Limits.MilliPerDevice);
            (string Cell, string Model, long Free) best = ("", "", 0);
            foreach (var other in others)
                foreach (var use in other.Models)
                {
                    if (use.DevicesPerNodeMax < spec.PerNode) continue;
                    if (!job.Class.Home.Any(a => a.Model == use.Model)) continue;
                    var free = FreeFor(spec, use) - _taken.GetValueOrDefault((other.Cell, use.Model));
                    if (free >= wanted && free > best.Free) best = (other.Cell, use.Model, free);
                }

            if (best.Free == 0) return null;
            var key = (best.Cell, best.Model);
            _taken[key] = _taken.GetValueOrDefault(key) + wanted;
            return best.Cell;
        }

        /// <summary>Gangs may count on what guests hold; a task needs its devices, or its share, free on one node.
        /// </summary>
        private static long FreeFor(JobSpec spec, ModelUse use) => spec.Kind switch
        {
            JobKind.Training => use.FreeDevices * (long)Limits.MilliPerDevice + use.GuestMilli,
            _ when spec.ShareMilli > 0 => use.FreeMilli,
            _ => use.LargestFree >= spec.Devices ? Math.Max(1, use.FreeDevices * (long)Limits.MilliPerDevice) : 0,
        };
    }
}
