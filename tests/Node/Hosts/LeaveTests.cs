using Akka.Actor;
using Stockpile.Node.Hosts;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosts;

/// <summary>A host that is asked to stop.</summary>
public sealed class LeaveTests : HostSpec
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<bool> LeaveAsync() => Host.GracefulStop(Patience, LeaveHost.Instance);

    [Fact]
    public async Task It_tells_the_progress_then_that_all_its_nodes_are_gone_and_stops_when_that_is_acknowledged()
    {
        await StartAdmittedAsync("n1", "n2");
        await RunAsync(Start("n1", 7, hours: 10));
        await RunAsync(Start("n2", 8, hours: 0));
        Clock.Advance(4 * Hour);
        await FenceAsync();
        var gone = LeaveAsync();

        var reports = await NextMessageAsync<WorkReports>(out var before);
        var progress = Assert.Single(before.OfType<HostBeat>().Last().Progress);
        Assert.Equal((7, 0.4), (progress.Sequence, Math.Round(progress.Done, 9)));
        Assert.Equal(["n1", "n2"], reports.Reports.Select(r => r.Node).Order());
        Assert.All(reports.Reports, r => Assert.Equal(
            (ReportKind.NodeFailed, 0L, 1_000L, "its host stopped"), (r.Kind, r.Sequence, r.Incarnation, r.Reason)));

        // Half of an acknowledgement is none.
        Ack(reports.Reports[0]);
        // Those that were sent before it was heard may still come.
        var left = reports;
        while (left.Reports.Count == reports.Reports.Count) left = await NextMessageAsync<WorkReports>(out _);
        Assert.Equal(reports.Reports[1], Assert.Single(left.Reports));
        Assert.False(gone.IsCompleted);
        Ack(reports.Reports[1]);
        Assert.True(await gone);
    }

    [Fact]
    public async Task What_ended_before_is_told_before_and_waits_for_its_acknowledgement_too()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7));
        Clock.Advance(Hour);
        var completed = await ReportAsync(ReportKind.Completed, 7);
        var gone = LeaveAsync();
        var failed = await ReportAsync(ReportKind.NodeFailed, 0);
        Assert.True(failed.Id > completed.Id);
        Ack(failed);
        await ReportAsync(ReportKind.Completed, 7);
        Ack(completed);
        Assert.True(await gone);
    }

    [Fact]
    public async Task It_neither_beats_nor_advertises_nor_starts_anything_while_it_leaves()
    {
        await StartAdmittedAsync("n1");
        var gone = LeaveAsync();
        var failed = await ReportAsync(ReportKind.NodeFailed, 0);
        await FenceAsync();
        Tell(new BeatReply { Cell = "north", Epoch = 9, Advertise = true });
        Fault("n1", FaultKind.Recover);
        Order(9, [], [Start("n1", 7)]);
        await ReportAsync(ReportKind.NodeFailed, 0);
        Assert.Empty(Said<HostBeat>());
        Assert.Empty(Said<NodeAdvert>());
        Assert.Empty(Said<WorkReport>());
        Ack(failed);
        Assert.True(await gone);
    }

    [Fact]
    public async Task Cells_that_never_answer_do_not_keep_it()
    {
        StartHost(Quick with { LeaveWithin = TimeSpan.FromMilliseconds(100) }, Fleet.Node("n1"));
        await NextAsync<NodeAdvert>();
        Assert.True(await LeaveAsync());
    }

    [Fact]
    public async Task A_host_whose_nodes_are_all_down_stops_at_once()
    {
        await StartAdmittedAsync("n1");
        Fault("n1", FaultKind.Fail);
        Ack(await ReportAsync(ReportKind.NodeFailed, 0));
        await FenceAsync();
        Assert.True(await LeaveAsync());
        Assert.Empty(Said<WorkReport>());
    }

    [Fact]
    public async Task Many_nodes_leave_in_one_message_so_that_none_is_given_the_work_of_another()
    {
        var names = Enumerable.Range(0, 300).Select(i => $"n{i}").ToArray();
        await StartAdmittedAsync(names);
        var gone = LeaveAsync();
        var reports = await NextMessageAsync<WorkReports>(out _);
        Assert.Equal(names.Length, reports.Reports.Count);
        Ack([.. reports.Reports]);
        Assert.True(await gone);
    }

    /// <summary>The next message of this type as it was sent, and what came before it.</summary>
    private Task<T> NextMessageAsync<T>(out List<object> before) where T : class
    {
        var passed = before = [];
        return NextAsync();

        async Task<T> NextAsync()
        {
            while (true)
            {
                var message = await Cells.ReceiveOneAsync(Patience, Cancel)
                    ?? throw new TimeoutException($"no {typeof(T).Name} came");
                if (message is T wanted) return wanted;
                passed.Add(message);
            }
        }
    }
}
