using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Routing;

/// <summary>A job that could be better off in another cell.</summary>
/// <param name="Above">The model that it runs on; empty: it waits.</param>
public sealed record Transfer(JobState Job, string Cell, string Above);

/// <summary>
/// Which jobs a cell offers to which other cell. Pure: how the others are comes in as data. Waiting jobs go where they
/// would have devices at once; gangs that run on a lesser model go to a better one by the rules that hold inside a
/// cell. The other cell decides: what is known of it may be old.
/// </summary>
public static class Transfers
{
    /// <summary>Most running gangs that a cell offers at a time: each offer that is taken costs a restart.</summary>
    private const int RunningMax = 4;

    /// <summary>Whether anything waits, or runs on a model that is not its best: else no cell has to be looked at.
    /// </summary>
    public static bool HasAny(CellState state) => state.Queue.WaitingClasses.Any()
        || state.Gangs.Any(gang => gang.Class.Home.Count > 1 && ModelOf(gang) != gang.Class.Home[0].Model);

    /// <param name="others">What is known of the other cells; what is offered is taken out of it, so that no room is
    /// offered twice.</param>
    /// <param name="mayGo">Whether a job may be offered to a cell: no offer of it is open, and the cell has not let an
    /// earlier one pass.</param>
    /// <param name="most">Most offers.</param>
    /// <returns>Waiting jobs, most urgent first, then running gangs, oldest first.</returns>
    public static IReadOnlyList<Transfer> Choose(
        CellState state, RoutingTable others, Func<long, string, bool> mayGo, DateTimeOffset now, int most)
    {
        var transfers = new List<Transfer>();
        foreach (var number in state.Queue.Heads(most))
        {
            if (transfers.Count >= most) return transfers;
            var job = state.FindJob(number)!;
            if (!job.MayMove) continue;
            var routed = RoutedJob.Of(job.Spec, job.Class.Alternatives, state.Policy);
            if (others.ChooseNow(routed, cell => mayGo(number, cell)) is not { } cell) continue;
            others.Book(cell, routed);
            transfers.Add(new Transfer(job, cell, ""));
        }

        foreach (var gang in state.Gangs)
        {
            if (transfers.Count >= most || transfers.Count(t => t.Above.Length > 0) >= RunningMax) break;
            if (gang.Transfers >= Limits.TransfersPerJobMax || !GangMoves.MayMove(state, gang, now)) continue;
            if (Better(state, others, mayGo, gang, now) is not { } better) continue;
            others.Book(better.Cell, better.Job);
            transfers.Add(new Transfer(gang, better.Cell, ModelOf(gang)));
        }

        return transfers;
    }

    /// <summary>
    /// Arrays that have begun and wait here still, while other cells have room for tasks of theirs: each gives as many
    /// to a part as the best of those cells would take at once.
    /// </summary>
    /// <param name="others">As in <see cref="Choose"/>, after it: what is offered is taken out of it.</param>
    public static IReadOnlyList<SplitArray> Splits(CellState state, RoutingTable others, int most)
    {
        var splits = new List<SplitArray>();
        foreach (var number in state.Queue.Heads(most))
        {
            if (splits.Count >= most) break;
            var job = state.FindJob(number)!;
            if (!job.MaySplit) continue;
            var rest = job.Spec with { Tasks = job.Unplaced.Count };
            var routed = RoutedJob.Of(rest, job.Class.Alternatives, state.Policy);
            if (others.ChooseNow(routed, _ => true) is not { } cell) continue;
            var tasks = (int)Math.Min(job.Unplaced.Count, others.Find(cell)!.TasksAtHome(routed));
            others.Book(cell, RoutedJob.Of(rest with { Tasks = tasks }, job.Class.Alternatives, state.Policy));
            splits.Add(new SplitArray(number, tasks));
        }

        return splits;
    }

    private static (string Cell, RoutedJob Job)? Better(
        CellState state, RoutingTable others, Func<long, string, bool> mayGo, JobState gang, DateTimeOffset now)
    {
        var model = ModelOf(gang);
        foreach (var better in gang.Class.Home.TakeWhile(a => a.Model != model))
        {
            // Whoever waits for it, here or anywhere, comes first.
            if (IsWanted(state, others, better) || !Pays(state, gang, better, now)) continue;
            var routed = RoutedJob.Of(gang.Spec, [better], state.Policy);
            if (others.ChooseFree(routed, cell => mayGo(gang.Number, cell)) is { } cell) return (cell, routed);
        }

        return null;
    }

    /// <summary>Whether somebody waits for the model, here or anywhere.</summary>
    internal static bool IsWanted(CellState state, RoutingTable others, Alternative model) =>
        QuotaCheck.IsWanted(state, model.Model) || others.IsWanted(model.Model);

    internal static bool Pays(CellState state, JobState gang, Alternative better, DateTimeOffset now)
    {
        var size = Math.Max(gang.Spec.MaxDevices, gang.Spec.Devices);
        var runTime = RunTimes.Of(gang.Spec, state.Catalog, state.Policy.Gangs, better.Model, size);
        return GangMoves.Pays(state, gang, GangMoves.After(state, gang, runTime, now), now);
    }

    internal static string ModelOf(JobState gang) => gang.Allocations.First().Value.Node.Accelerator.Model;
}
