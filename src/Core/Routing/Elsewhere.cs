using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.State;

namespace Stockpile.Core.Routing;

/// <summary>How another cell looks for a job, by its last status.</summary>
public sealed record CellReport(string Cell, string Verdict);

/// <summary>
/// Explains by the rules of <see cref="Transfers"/> why a job that is not where it would be best stays in its cell, or
/// when it goes to another.
/// </summary>
/// <param name="Cells">The best of the others; empty where none could run it, or where it is best off here.</param>
/// <param name="Stays">Why it stays for now, or what it waits for to go; empty: nothing to say.</param>
public sealed record Elsewhere(IReadOnlyList<CellReport> Cells, string Stays)
{
    private const int CellsMax = 4;

    private static readonly Elsewhere Nothing = new([], "");

    /// <param name="others">What is known of the other cells, as for <see cref="Transfers.Choose"/>.</param>
    /// <param name="mayGo">As for <see cref="Transfers.Choose"/>.</param>
    public static Elsewhere Look(
        CellState state, RoutingTable others, Func<long, string, bool> mayGo, JobState job, DateTimeOffset now)
    {
        if (others.Cells.Count == 0 || job.Ended is not null) return Nothing;
        if (job.Waits) return Waiting(state, others, mayGo, job);
        return job.Spec.Kind == JobKind.Training && job.Allocations.Count > 0
            ? Running(state, others, mayGo, job, now)
            : Nothing;
    }

    private static Elsewhere Waiting(
        CellState state, RoutingTable others, Func<long, string, bool> mayGo, JobState job)
    {
        var routed = RoutedJob.Of(job.Spec, job.Class.Alternatives, state.Policy);
        var order = others.Order(routed, _ => true);
        if (order.Count == 0) return new Elsewhere([], "no other cell could run it");
        var cells = order.Take(CellsMax).Select(o => new CellReport(
            o.Cell, Verdict(others, routed, o.Cell, o.Rank) + Kept(job.Number, o.Cell, mayGo))).ToList();
        var stays = job.MayMove ? "it goes to the first of them that would have room for it at home at once"
            : job.Transfers >= Limits.TransfersPerJobMax ? MovedOften(job)
            : job.MaySplit ? "it has begun, so tasks that wait go to the first of them that would have room for some "
                + "at home at once, as a part: a job of its own"
            : job.Spec.Kind == JobKind.Batch
                ? $"it has given tasks to {Wording.Count(job.Parts.Count, "part")}, which is the most, so the rest "
                    + "stays"
            : job.Allocations.Count > 0 ? "some of it runs here, so the rest stays too"
            : "it needs no replica at all, so it stays";
        return new Elsewhere(cells, stays);
    }

    private static string Verdict(RoutingTable others, RoutedJob job, string cell, CellRank rank) =>
        others.Find(cell)!.HasRoomAtHome(job) ? $"would have room at home at once{On(job, rank)}"
            : rank.Level >= CellRank.Waiting ? "it would wait there too"
            : rank.Level >= CellRank.AsGuest ? "has room for it as a guest only"
            : rank.Level >= CellRank.PushingGuests ? "would have room for some of it if guests left"
            : rank.Level >= CellRank.Preempting ? "would have room if gangs of a lower class left"
            : "would have room for some of it";

    /// <summary>The level of a gang tells the model; that of tasks is a mean.</summary>
    private static string On(RoutedJob job, CellRank rank) => job.Spec.Kind != JobKind.Training ? ""
        : $", on {job.Home[(int)rank.Level / 2].Model}{((int)rank.Level % 2 == 1 ? " that guests hold" : "")}";

    private static string Kept(long job, string cell, Func<long, string, bool> mayGo) =>
        mayGo(job, cell) ? "" : "; it was offered there, and is again after a while if that comes to nothing";

    private static Elsewhere Running(
        CellState state, RoutingTable others, Func<long, string, bool> mayGo, JobState gang, DateTimeOffset now)
    {
        var model = Transfers.ModelOf(gang);
        var better = gang.Class.Home.TakeWhile(a => a.Model != model).ToList();
        if (better.Count == 0) return Nothing;
        var cells = new List<CellReport>();
        var stays = new List<string>();
        foreach (var alternative in better)
        {
            var routed = RoutedJob.Of(gang.Spec, [alternative], state.Policy);
            var free = others.Order(routed, _ => true)
                .Where(o => o.Rank.Level < CellRank.Preempting && (int)o.Rank.Level % 2 == 0).ToList();
            cells.AddRange(free.Select(o => new CellReport(o.Cell,
                $"has {alternative.Model} free for all of it{Kept(gang.Number, o.Cell, mayGo)}")));
            if (free.Count == 0) stays.Add($"no other cell has enough {alternative.Model} free");
            else if (Transfers.IsWanted(state, others, alternative))
                stays.Add($"jobs that wait for {alternative.Model} come first");
            else if (!Transfers.Pays(state, gang, alternative, now))
                stays.Add($"for what is left of it a move to {alternative.Model} would cost more than it gains");
        }

        if (cells.Count > 0 && WhyNotNow(state, gang, now) is { } never) stays.Add(never);
        return new Elsewhere([.. cells.Take(CellsMax)], string.Join("; ", stays));
    }

    /// <summary>Why the gang goes nowhere now, whatever is free; null: it may.</summary>
    private static string? WhyNotNow(CellState state, JobState gang, DateTimeOffset now) =>
        gang.Transfers >= Limits.TransfersPerJobMax ? MovedOften(gang)
        : gang.Spec.Checkpoint <= TimeSpan.Zero ? "it writes no checkpoints, so it would begin from nothing"
        : !GangMoves.IsRested(state, gang.Allocations.First().Value, now)
            ? $"it does not move sooner than {state.Policy.Gangs.ResizeInterval} after it was placed"
        : !Moves.IsMovable(gang) ? "a part of it has ended"
        : null;

    private static string MovedOften(JobState job) =>
        $"it has changed cells {Wording.Count(job.Transfers, "time")}, and no job does more often";
}
