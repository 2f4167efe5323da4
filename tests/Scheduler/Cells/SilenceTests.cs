using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>Hosts that say nothing, in a real time that the test moves.</summary>
public sealed class SilenceTests : CellSpec
{
    private async Task StartRunningAsync()
    {
        await StartWithGangAsync();
        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);
    }

    [Fact]
    public async Task The_nodes_of_a_silent_host_are_lost_and_their_work_waits_again()
    {
        await StartRunningAsync();
        await PassAsync(Options.HostSilenceMax * 2);

        Assert.Equal(1, (await ViewAsync()).NodesLost);
        var job = await JobAsync(1);
        Assert.Equal("pending", job.State);
        Assert.Equal(1, job.Requeues);
        Assert.Contains("h1 fell silent", (await ReplayedAsync()).FindJob(1)!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_beats_keeps_its_nodes()
    {
        await StartRunningAsync();
        await PassAsync(Options.HostSilenceMax * 2, () => Beat(1));
        Assert.Equal(0, (await ViewAsync()).NodesLost);
        Assert.Equal("running", (await JobAsync(1)).State);
    }

    [Fact]
    public async Task A_cell_that_was_itself_paused_does_not_take_its_hosts_for_silent()
    {
        await StartRunningAsync();
        await PassAsync(TimeSpan.FromSeconds(2));
        Real.Advance(Options.HostSilenceMax * 6);
        await PassAsync(TimeSpan.FromSeconds(4));
        Assert.Equal(0, (await ViewAsync()).NodesLost);

        await PassAsync(Options.HostSilenceMax * 2);
        Assert.Equal(1, (await ViewAsync()).NodesLost);
    }

    [Fact]
    public async Task A_host_that_comes_back_is_admitted_again_and_what_it_still_runs_is_stopped()
    {
        await StartRunningAsync();
        await PassAsync(Options.HostSilenceMax * 2);
        Beat(1);
        Assert.True((await NextAsync<BeatReply>(Host)).Advertise);

        Assert.Equal(["n1"], (await AdmitAsync(Advert("n1", running: 1))).Admitted);

        var orders = await NextAsync<NodeOrders>(Host, o => o.Stops.Count > 0);
        Assert.Equal([1L], orders.Stops.Select(s => s.Sequence));
        Assert.Equal([2L], orders.Starts.Select(s => s.Sequence));
        Assert.Equal(0, (await ViewAsync()).NodesLost);
    }

    [Fact]
    public async Task After_a_recovery_the_silence_of_hosts_never_heard_counts_from_the_recovery()
    {
        await StartRunningAsync();
        await CrashCellAsync();
        Real.Advance(Options.HostSilenceMax * 3);
        StartCell();
        await PassAsync(TimeSpan.FromSeconds(4));
        Assert.Equal(0, (await ViewAsync()).NodesLost);

        await PassAsync(Options.HostSilenceMax * 2);
        Assert.Equal(1, (await ViewAsync()).NodesLost);
    }

    [Fact]
    public async Task A_node_that_failed_is_lost_at_once()
    {
        await StartRunningAsync();
        Report(new WorkReport
        {
            Id = 2, Node = "n1", Incarnation = 1, Kind = ReportKind.NodeFailed, Reason = "a fan broke",
        });
        await NextAsync<WorkReportsAck>(Host);
        var node = (await AskAsync<NodeReply>(new GetNode { Cell = "north", Node = "n1" })).Node;
        Assert.Equal("lost", node.State);
        Assert.Equal("a fan broke", node.Reason);
        Assert.Equal("pending", (await JobAsync(1)).State);
    }

    [Fact]
    public async Task A_host_that_leaves_loses_nothing_that_a_whole_checkpoint_holds_and_its_work_waits_at_once()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await SubmitAsync("k", Gang() with { Checkpoint = TimeSpan.FromMinutes(6) });
        await StartOrderAsync(1);
        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);
        var run = (await ReplayedAsync()).FindAllocation(1)!.Placed.RunTime;

        // What a host says when it stops: how far all is, and then that its nodes are gone.
        Cell.Tell(new HostBeat
        {
            Cell = "north", Host = "h1", HostIncarnation = 7, Nodes = 1,
            Progress = { new Progress { Sequence = 1, Done = 0.5 } },
        }, Host.Ref);
        Report(new WorkReport
        {
            Id = 2, Node = "n1", Incarnation = 1, Kind = ReportKind.NodeFailed, Reason = "its host stopped",
        });
        await NextAsync<WorkReportsAck>(Host);

        var node = (await AskAsync<NodeReply>(new GetNode { Cell = "north", Node = "n1" })).Node;
        Assert.Equal(("lost", "its host stopped"), (node.State, node.Reason));
        var job = (await ReplayedAsync()).FindJob(1)!;
        Assert.Equal("node n1: its host stopped", job.Reason);
        Assert.InRange(job.Done, 0.5 - TimeSpan.FromMinutes(6) / run, 0.5);

        Assert.Equal(["n1"], (await AdmitAsync(Advert("n1", incarnation: 2))).Admitted);
        Assert.Equal(job.Done, (await StartOrderAsync(2)).Done);
        Assert.Equal(0, (await ViewAsync()).NodesLost);
    }
}
