using System.Globalization;
using Google.Protobuf.Collections;
using Stockpile.Core.State;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// Puts together what cells tell in pages, because a message between two members has a limit. A list has the same order
/// in every cell, so the pages of several are merged, and each cell is asked for more only when its turn comes.
/// </summary>
public static class ListPages
{
    public static ListJobs Question(JobFilter filter, string cell, JobPlace? after, int limit) => new()
    {
        Cell = cell,
        State = filter.State ?? "",
        Kind = filter.Kind ?? "",
        Tenant = filter.Tenant ?? "",
        Limit = limit,
        After = after?.ToString() ?? "",
        Departed = filter.Cell is null,
    };

    /// <summary>A cell before the one where the list goes on is asked for its total alone.</summary>
    public static ListNodes Question(NodeFilter filter, string cell, NodePlace? after, int limit)
    {
        var order = after is { } place ? string.CompareOrdinal(cell, place.Cell) : 1;
        return new ListNodes
        {
            Cell = cell,
            Model = filter.Model ?? "",
            Tier = filter.Tier ?? "",
            State = filter.State ?? "",
            Limit = order < 0 ? 1 : limit,
            After = order == 0 ? after!.Value.Node : "",
        };
    }

    /// <summary>
    /// The answers of the cells are seconds apart, and jobs go from one to another meanwhile. So each cell also tells
    /// those that it let go of lately, and such a row is shown where the job's new cell does not tell it.
    /// </summary>
    /// <param name="first">The first page of each cell.</param>
    /// <param name="since">How long ago the first cell was asked.</param>
    public static async Task<JobsReply> MergeAsync(
        JobFilter filter, IEnumerable<JobsReply> first, Func<ICellMessage, Task<JobsReply>> ask, Func<TimeSpan> since)
    {
        var all = new JobsReply();
        // Of a job that has gone and is told by its new cell too, the new cell's row comes first.
        var pages = new PriorityQueue<JobPage, (JobPlace Place, bool Gone)>();
        foreach (var reply in first)
        {
            all.Total += reply.Total;
            Enqueue(new JobPage(reply, 0, since()));
        }

        var last = filter.After;
        while (pages.TryDequeue(out var page, out var turn))
        {
            var (place, gone) = turn;
            // A job on its way between two cells is told by both, and a cell of an older version begins anew.
            var isTold = last is { } before && place.CompareTo(before) <= 0;
            if (isTold && last != filter.After && place == last && !gone) all.Total--;
            // It went before its new cell was asked, which does not tell it: it is in another state by now.
            var isElsewhere = gone && filter.State is not null
                && page.Row.ForwardedMsAgo > page.Since.TotalMilliseconds;
            if (!isTold && !isElsewhere)
            {
                if (all.Jobs.Count == filter.Limit)
                {
                    all.More = true;
                    return all;
                }

                all.Jobs.Add(page.Row);
                last = place;
            }

            if (page.At + 1 < page.Reply.Jobs.Count) Enqueue(page with { At = page.At + 1 });
            else if (page.Reply.More && all.Jobs.Count == filter.Limit) all.More = true;
            else if (page.Reply.More)
                Enqueue(new JobPage(await ask(Question(
                    filter, page.Row.Cell, place, Math.Max(1, filter.Limit - all.Jobs.Count)))
                    .ConfigureAwait(false), 0, since()));
        }

        // The cells counted at different instants, and where all is told the rows are the count.
        if (filter.After is null && !all.More) all.Total = all.Jobs.Count;
        return all;

        void Enqueue(JobPage page)
        {
            if (page.At < page.Reply.Jobs.Count)
                pages.Enqueue(page, (PlaceOf(page.Row), page.Row.ForwardedTo.Length > 0));
        }
    }

    /// <param name="first">The first page of each cell.</param>
    public static async Task<NodesReply> MergeAsync(
        NodeFilter filter, IEnumerable<NodesReply> first, Func<ICellMessage, Task<NodesReply>> ask)
    {
        var all = new NodesReply();
        foreach (var reply in first.OrderBy(r => r.Nodes.FirstOrDefault()?.Cell, StringComparer.Ordinal))
        {
            all.Total += reply.Total;
            if (reply.Nodes.Count == 0
                || filter.After is { } after && string.CompareOrdinal(reply.Nodes[0].Cell, after.Cell) < 0) continue;
            for (var page = reply; ;)
            {
                var room = filter.Limit - all.Nodes.Count;
                all.Nodes.AddRange(page.Nodes.Take(room));
                all.More |= page.Nodes.Count > room || (page.More && page.Nodes.Count == room);
                if (!page.More || page.Nodes.Count >= room || page.Nodes.Count == 0) break;
                var last = PlaceOf(page.Nodes[^1]);
                page = await ask(Question(filter, last.Cell, last, room - page.Nodes.Count)).ConfigureAwait(false);
            }
        }

        return all;
    }

    /// <summary>The cursor with which the list goes on; null: it is at its end.</summary>
    public static string? Next(this JobsReply reply) =>
        reply is { More: true, Jobs: [.., var last] } ? PlaceOf(last).ToString() : null;

    /// <inheritdoc cref="Next(JobsReply)"/>
    public static string? Next(this NodesReply reply) =>
        reply is { More: true, Nodes: [.., var last] } ? PlaceOf(last).ToString() : null;

    public static JobPlace PlaceOf(JobView job) => JobPlace.Of(job.SubmittedAtMs, job.Id);

    public static NodePlace PlaceOf(NodeView node) => new(node.Cell, node.Node);

    /// <summary>Adds the allocations that a reply had no room for. What ends meanwhile may be missing.</summary>
    /// <param name="more">Asks for those of later sequences; null: there is nobody to ask any more.</param>
    public static async Task CompleteAsync(
        RepeatedField<AllocationView> list, int count, Func<long, Task<RepeatedField<AllocationView>?>> more)
    {
        while (list.Count < count)
        {
            var last = list.Count == 0 ? 0 : SequenceOf(list[^1]);
            var next = await more(last).ConfigureAwait(false);
            // A cell of an older version tells all of them again.
            if (next is null || next.Count == 0 || SequenceOf(next[0]) <= last) return;
            list.AddRange(next);
        }
    }

    private static long SequenceOf(AllocationView allocation) => long.Parse(
        allocation.Id.AsSpan(allocation.Id.LastIndexOf('.') + 1), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <param name="Since">How long ago the first cell was asked, when this reply was there.</param>
    private sealed record JobPage(JobsReply Reply, int At, TimeSpan Since)
    {
        public JobView Row => Reply.Jobs[At];
    }
}
