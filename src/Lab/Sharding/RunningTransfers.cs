using Stockpile.Core;
using Stockpile.Core.Cycle;
using Stockpile.Core.Fleets;
using Stockpile.Core.Placement;
using Stockpile.Core.Routing;
using Stockpile.Core.State;

namespace Stockpile.Lab.Sharding;

/// <summary>
/// Which running gangs of a cell go on in another: the rules of <see cref="Rearranging"/> with the other cell's status
/// in place of its nodes. Only onto devices that are free and that nobody who waits there may use, only when the rest
/// ends clearly sooner, and not again before the policy's interval has passed.
/// </summary>
internal sealed class RunningTransfers(Catalog catalog, Policy policy, RoutingTable table)
{
    /// <summary>The gangs one by one, each with its cell: the next is looked for when the table knows of the last.
    /// </summary>
    public IEnumerable<(JobState Gang, string Cell, RoutedJob Job)> Choose(CellState state, DateTimeOffset now)
    {
        var wanted = table.Find(state.Cell)!.Status.Wanted;
        foreach (var gang in state.Gangs.ToList())
        {
            if (gang.Transfers >= Limits.TransfersPerJobMax || !GangMoves.MayMove(state, gang, now)) continue;
            var model = gang.Allocations.First().Value.Node.Accelerator.Model;
            foreach (var better in gang.Class.Home.TakeWhile(a => a.Model != model))
            {
                // Whoever waits here goes first, as soon as it has room there.
                if (wanted.Contains(better.Model)) continue;
                var job = RoutedJob.Of(gang.Spec, [better], policy);
                var to = table.Choose(job, cell => cell != state.Cell
                    && !table.Find(cell)!.Status.Wanted.Contains(better.Model));
                if (to is null) continue;
                var rank = table.Find(to)!.Rank(job);
                if (rank.Level > 0 || !Pays(state, gang, better, -rank.Fewer, now)) continue;
                yield return (gang, to, job);
                break;
            }
        }
    }

    private bool Pays(CellState state, JobState gang, Alternative better, int devices, DateTimeOffset now)
    {
        var whole = RunTimes.Of(gang.Spec, catalog, policy.Gangs, better.Model, devices);
        return GangMoves.Pays(state, gang, GangMoves.After(state, gang, whole, now), now);
    }
}
