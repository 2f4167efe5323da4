using Stockpile.Node.Devices;
using Stockpile.Node.Hosts;
using Stockpile.Node.Nodes;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosts;

public sealed class CellLinkTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CellLink Cell(int nodes)
    {
        var cell = new CellLink("north", "h1");
        for (var i = 0; i < nodes; i++) cell.Add(new NodeLink(Fleet.Node($"n{i}"), "frontier", 1));
        return cell;
    }

    private static AdvertiseReply Admit(string node) => new() { Cell = "north", Epoch = 1, Admitted = { node } };

    [Fact]
    public void Progress_beyond_one_beat_stands_in_the_next_ones_in_turn()
    {
        var cell = Cell(10);
        for (var i = 0; i < 10; i++)
            cell.Nodes[i].Running[i] = RunningWork.Start(Now, TimeSpan.FromHours(1), done: 0.5);
        var sequences = new List<long>();
        for (var beat = 0; beat < 5; beat++)
        {
            var progress = cell.Beat(1, Now, Now, progressMax: 4).Progress;
            Assert.Equal(4, progress.Count);
            sequences.AddRange(progress.Select(p => p.Sequence));
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)(i % 10)), sequences);
    }

    [Fact]
    public void A_beat_tells_no_progress_of_services()
    {
        var cell = Cell(1);
        cell.Nodes[0].Running[1] = RunningWork.Start(Now, TimeSpan.Zero, done: 0);
        cell.Nodes[0].Running[2] = RunningWork.Start(Now, TimeSpan.FromHours(4), done: 0);
        var progress = Assert.Single(cell.Beat(1, Now.AddHours(1), Now, 100).Progress);
        Assert.Equal(2, progress.Sequence);
        Assert.Equal(0.25, progress.Done, 12);
    }

    [Fact]
    public void The_first_epoch_is_no_recovery_and_an_older_one_changes_nothing()
    {
        var cell = Cell(1);
        Assert.False(cell.IsRecovered(3));
        Assert.False(cell.IsRecovered(2));
        Assert.Equal(3, cell.Epoch);
        Assert.True(cell.IsRecovered(4));
        Assert.False(cell.IsRecovered(4));
    }

    [Fact]
    public void Reports_go_out_before_adverts()
    {
        var cell = Cell(1);
        cell.Nodes[0].Advertised(new NodeAdvertised("n0", 2, []));
        cell.Outbox.Add("n0", 1, 0, ReportKind.NodeFailed);
        Assert.Collection(cell.TakeMessages(),
            first => Assert.IsType<WorkReports>(first),
            second => Assert.IsType<AdvertiseNodes>(second));
        Assert.Empty(cell.TakeMessages());
    }

    [Fact]
    public void An_answer_to_the_last_incarnation_does_not_admit_the_next()
    {
        var cell = Cell(1);
        var node = cell.Nodes[0];
        node.Advertised(new NodeAdvertised("n0", 1, []));
        Assert.Single(cell.TakeMessages());
        node.Failed();
        node.Advertised(new NodeAdvertised("n0", 2, []));
        Assert.Single(cell.TakeMessages());
        cell.Answered(Admit("n0"), 1);
        Assert.True(node.IsUnanswered);
        cell.Answered(Admit("n0"), 1);
        Assert.False(node.IsUnanswered);
    }

    [Fact]
    public void A_reply_that_names_the_incarnation_answers_only_that_however_many_are_under_way()
    {
        var cell = Cell(1);
        var node = cell.Nodes[0];
        node.Advertised(new NodeAdvertised("n0", 1, []));
        Assert.Single(cell.TakeMessages());
        node.Failed();
        node.Advertised(new NodeAdvertised("n0", 2, []));
        Assert.Single(cell.TakeMessages());
        AdvertiseReply Named(long incarnation) => new()
        {
            Cell = "north", Epoch = 1, Admitted = { "n0" }, AdmittedIncarnations = { incarnation },
        };
        cell.Answered(Named(1), 1);
        cell.Answered(Named(1), 1);
        Assert.True(node.IsUnanswered);
        var late = new AdvertiseReply { Cell = "north", Epoch = 1 };
        late.Refused.Add(new RefusedNode { Node = "n0", Message = "full", Incarnation = 1 });
        cell.Answered(late, 9);
        Assert.True(node.IsDueOnBeat());
        // The reply to the first was lost: the second one's is the answer all the same.
        cell.Answered(Named(2), 1);
        Assert.False(node.IsUnanswered);
    }

    [Fact]
    public void The_same_refusal_is_news_only_once()
    {
        var node = Cell(1).Nodes[0];
        Assert.Equal([true, false, true], new[] { "a", "a", "b" }.Select(node.IsNewRefusal));
    }

    [Fact]
    public void A_node_that_was_admitted_meanwhile_does_not_advertise_again()
    {
        var cell = Cell(1);
        cell.Nodes[0].Advertised(new NodeAdvertised("n0", 1, []));
        Assert.Single(cell.TakeMessages());
        cell.Answered(Admit("n0"), 1);
        cell.Nodes[0].Advertised(new NodeAdvertised("n0", 1, []));
        Assert.Empty(cell.TakeMessages());
        Assert.False(cell.Nodes[0].IsUnanswered);
        cell.Nodes[0].AskToAdvertise();
        cell.Nodes[0].Advertised(new NodeAdvertised("n0", 1, []));
        Assert.Single(cell.TakeMessages());
    }

    [Fact]
    public void A_refused_node_asks_again_only_after_its_beats()
    {
        var cell = Cell(1);
        var node = cell.Nodes[0];
        node.Advertised(new NodeAdvertised("n0", 1, []));
        Assert.Single(cell.TakeMessages());
        Assert.True(node.IsDueOnBeat());
        var refusal = new AdvertiseReply { Cell = "north", Epoch = 1 };
        refusal.Refused.Add(new RefusedNode { Node = "n0", Message = "full" });
        cell.Answered(refusal, 3);
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(_ => node.IsDueOnBeat()));
    }
}
