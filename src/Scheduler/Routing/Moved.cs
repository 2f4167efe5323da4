using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Routing;

/// <summary>Jobs that went to other cells: each cell on the way keeps a note of where its job went.</summary>
internal static class Moved
{
    /// <summary>The home, each further cell, and the home again where a job came back.</summary>
    private const int StopsMax = Limits.TransfersPerJobMax + 2;

    /// <summary>The answer of the cell that has the job now, or the last one where it is on its way.</summary>
    /// <param name="jobOf">The job in an answer.</param>
    /// <param name="there">The request for another cell, by the job's id.</param>
    public static async Task<T> FollowAsync<T>(
        T reply, Func<T, JobView?> jobOf, Func<string, string, ICellMessage> there,
        Func<ICellMessage, Task<T>> ask)
    {
        for (var stop = 0; stop < StopsMax; stop++)
        {
            if (jobOf(reply) is not { ForwardedTo.Length: > 0 } moved) return reply;
            var next = await ask(there(moved.ForwardedTo, moved.Id)).ConfigureAwait(false);
            if (jobOf(next) is null) return next;
            reply = next;
        }

        return reply;
    }
}
