using Google.Protobuf;
using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Mapping;
using Stockpile.Scheduler.Routing;
using CoreRound = Stockpile.Core.State.RoundWriter;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>Lists of several cells, read to their end in pages that fit into a message between two members.</summary>
public sealed class ListPagesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, CellState> _cells = new(StringComparer.Ordinal);
    private int _largest;

    [Fact]
    public async Task A_list_of_jobs_is_read_to_its_end_in_order_and_no_reply_is_larger_than_a_frame()
    {
        Add("north", jobs: 9_000);
        Add("south", jobs: 4_000);
        var seen = new List<JobPlace>();
        JobPlace? after = null;
        do
        {
            var page = await JobsAsync(new JobFilter(null, null, null, null, 5_000, after));
            seen.AddRange(page.Jobs.Select(ListPages.PlaceOf));
            Assert.Equal(13_000 + (after is null ? 0 : 1), page.Total);
            after = JobPlace.TryParse(page.Next(), out var next) ? next : null;
            // A job that comes meanwhile stands before all that was read, and moves nothing.
            if (seen.Count == 5_000) Submit("north", 1, at: Start.AddHours(1));
        }
        while (after is not null);

        Assert.Equal(13_000, seen.Count);
        Assert.Equal(seen.Distinct().Order(), seen);
        Assert.InRange(_largest, WireLimits.ReplyBytesMax / 2, WireLimits.RemoteFrameBytesMax / 2);
    }

    [Fact]
    public async Task The_longest_list_that_may_be_asked_for_comes_in_one_answer()
    {
        Add("north", jobs: SchedulerLimits.ListRowsMax);
        var list = await JobsAsync(new JobFilter("pending", "training", null, null, SchedulerLimits.ListRowsMax));
        Assert.Equal(SchedulerLimits.ListRowsMax, list.Jobs.Count);
        Assert.False(list.More);
        Assert.Null(list.Next());
        Assert.InRange(_largest, WireLimits.ReplyBytesMax / 2, WireLimits.RemoteFrameBytesMax / 2);
    }

    [Fact]
    public async Task A_list_of_nodes_is_read_to_its_end()
    {
        Add("north", jobs: 0, nodes: 3_000);
        Add("south", jobs: 0, nodes: 50);
        foreach (var limit in new[] { 700, 3_000, 20_000 })
        {
            var seen = new List<string>();
            NodePlace? after = null;
            do
            {
                var page = await NodesAsync(new NodeFilter(null, null, null, null, limit, after));
                Assert.Equal(3_050, page.Total);
                seen.AddRange(page.Nodes.Select(n => n.Node));
                after = NodePlace.TryParse(page.Next(), out var next) ? next : null;
            }
            while (after is not null);

            Assert.Equal(
                _cells["north"].Nodes.Concat(_cells["south"].Nodes).Select(n => n.Id), seen);
        }

        Assert.InRange(_largest, WireLimits.ReplyBytesMax / 2, WireLimits.RemoteFrameBytesMax / 2);
    }

    [Fact]
    public async Task Allocations_that_do_not_fit_into_a_reply_are_asked_for()
    {
        Add("north", jobs: 0, nodes: 1_250);
        var state = _cells["north"];
        var round = new CoreRound(state, Start);
        round.Run(new SubmitJob("", new JobSpec
        {
            Name = "array", Kind = JobKind.Batch, Tasks = 10_000, Devices = 1, Duration = TimeSpan.FromHours(1),
            Models = ["H800"],
        }));
        while (SchedulingCycle.Run(state, round).More) round = new CoreRound(state, Start);
        var job = state.FindJob(1)!;

        var view = CellMapping.Job(state, job, null, room: new CellMapping.Room());
        Assert.InRange(view.Allocations.Count, 1, 9_999);
        Assert.InRange(view.CalculateSize(), 1, WireLimits.RemoteFrameBytesMax / 2);
        await ListPages.CompleteAsync(view.Allocations, view.AllocationCount, after => Task.FromResult(
            (Google.Protobuf.Collections.RepeatedField<AllocationView>?)CellMapping.Job(
                state, job, null, room: new CellMapping.Room(), after: after).Allocations));
        Assert.Equal(job.Allocations.Keys.Select(s => $"north-1.{s}"), view.Allocations.Select(a => a.Id));
    }

    [Fact]
    public void An_audit_comes_in_parts_of_one_round()
    {
        Add("north", jobs: 0, nodes: 12_000);
        var parts = new AuditParts();
        var member = Akka.Actor.Address.AllSystems;
        var part = parts.Part(new AuditCell { Cell = "north" }, _cells["north"], member, []);
        var round = part.Round;
        var nodes = part.Nodes.Count;
        Assert.InRange(part.Next, 1, 11_999);
        Submit("north", 1, Start.AddHours(1));
        while (part.Next > 0)
        {
            part = parts.Part(
                new AuditCell { Cell = "north", From = part.Next, Epoch = part.Epoch, Round = round },
                _cells["north"], member, []);
            Assert.Equal(round, part.Round);
            Assert.InRange(part.CalculateSize(), 1, WireLimits.RemoteFrameBytesMax / 2);
            nodes += part.Nodes.Count;
        }

        Assert.Equal(12_000, nodes);
        var gone = parts.Part(new AuditCell { Cell = "north", From = 5, Round = round }, _cells["north"], member, []);
        Assert.Equal(-1, gone.Next);
    }

    private void Add(string cell, int jobs, int nodes = 1)
    {
        var state = new CellState(cell, SmallCluster.Catalog, SmallCluster.Policy);
        _cells.Add(cell, state);
        var round = new CoreRound(state, Start);
        for (var i = 0; i < nodes; i++)
            round.Run(new AdmitNode(new NodeAdmitted(
                $"{cell}-{new string('n', 90)}-{nodes - i}", "host", 1, "H800", 8, 128_000, 1 << 20,
                new Dictionary<string, string> { ["what"] = new('l', 120), ["rack"] = new('r', 60) }), []));
        Submit(cell, jobs, Start);
    }

    /// <summary>Instants are shared by a few jobs each.</summary>
    private void Submit(string cell, int jobs, DateTimeOffset at)
    {
        for (var i = 0; i < jobs;)
        {
            var round = new CoreRound(_cells[cell], at.AddMilliseconds(i));
            for (var end = i + 11; i < jobs && i < end; i++)
                Assert.IsType<Accepted>(round.Run(new SubmitJob("", new JobSpec
                {
                    Name = new string('j', 100) + i, Kind = JobKind.Training, Devices = 8, WorkHours = 8,
                    Models = ["H800"],
                })));
        }
    }

    private async Task<JobsReply> JobsAsync(JobFilter filter) => await ListPages.MergeAsync(
        filter, _cells.Keys.Select(cell => Jobs(ListPages.Question(filter, cell, filter.After, filter.Limit))),
        question => Task.FromResult(Jobs(question)), () => TimeSpan.Zero);

    private JobsReply Jobs(ICellMessage question) =>
        Noted(CellMapping.Jobs(_cells[question.Cell], (ListJobs)question, _ => TimeSpan.Zero));

    private async Task<NodesReply> NodesAsync(NodeFilter filter) => await ListPages.MergeAsync(
        filter, _cells.Keys.Select(cell => Nodes(ListPages.Question(filter, cell, filter.After, filter.Limit))),
        question => Task.FromResult(Nodes(question)));

    private NodesReply Nodes(ICellMessage question) =>
        Noted(CellMapping.Nodes(_cells[question.Cell], (ListNodes)question));

    private T Noted<T>(T reply) where T : IMessage
    {
        _largest = Math.Max(_largest, reply.CalculateSize());
        return reply;
    }
}
