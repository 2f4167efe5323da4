using Akka.Actor;
using Stockpile.Node.Nodes;
using Stockpile.Node.Tests.Hosts;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Nodes;

public sealed class FaultTests : HostSpec
{
    public FaultTests() => Clock = new BreakableClock();

    [Fact]
    public async Task A_node_that_fails_reports_only_itself_and_does_nothing_more()
    {
        await StartAdmittedAsync("n1", "n2");
        await RunAsync(Start("n1", 1));
        Fault("n1", FaultKind.Fail);
        var failed = await ReportAsync(ReportKind.NodeFailed, 0);
        Assert.Equal(("n1", 1_000L), (failed.Node, failed.Incarnation));
        Order(1, [Stop("n1", 1)], [Start("n1", 2)]);
        Tell(new BeatReply { Cell = "north", Epoch = 2 });
        Clock.Advance(Hour);
        await NextAsync<NodeAdvert>(a => a.Node == "n2");
        await BeatsAsync(4);
        Assert.DoesNotContain(Said<NodeAdvert>(), a => a.Node == "n1");
        Assert.DoesNotContain(Said<WorkReport>(), r => r.Kind != ReportKind.NodeFailed);
        Assert.Equal((1, 0), await UpAndRunningAsync());
        Assert.False(await ExistsAsync("/user/host/n1/north-1.1"));
    }

    [Fact]
    public async Task A_node_that_recovers_is_a_new_and_empty_one()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 1, mask: 0xFF));
        Fault("n1", FaultKind.Fail);
        Ack(await ReportAsync(ReportKind.NodeFailed, 0));
        Fault("n1", FaultKind.Recover);
        var advert = await NextAsync<NodeAdvert>(a => a.Incarnation > 1_000);
        Assert.Empty(advert.Running);
        Order(Start("n1", 2, mask: 0xFF));
        Assert.Equal(advert.Incarnation, (await ReportAsync(ReportKind.Started, 2)).Incarnation);
        Clock.Advance(Hour);
        await ReportAsync(ReportKind.Completed, 2);
        Assert.DoesNotContain(Said<WorkReport>(), r => r.Sequence == 1);
    }

    [Fact]
    public async Task A_slow_node_stretches_what_runs_and_what_comes()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 1, mask: 1, hours: 10));
        Clock.Advance(5 * Hour);
        Fault("n1", FaultKind.Slow, 2);
        await RunAsync(Start("n1", 2, mask: 2, hours: 1));
        var beat = await NextAsync<HostBeat>();
        Assert.Equal(0.5, beat.Progress.Single(p => p.Sequence == 1).Done, 9);
        Clock.Advance(2 * Hour);
        await ReportAsync(ReportKind.Completed, 2);
        await FenceAsync();
        beat = await NextAsync<HostBeat>();
        Assert.Equal(0.6, beat.Progress.Single(p => p.Sequence == 1).Done, 9);
        Clock.Advance(8 * Hour);
        await ReportAsync(ReportKind.Completed, 1);
    }

    [Fact]
    public async Task Recovery_of_a_slow_node_gives_it_its_speed_back_and_keeps_its_work()
    {
        await StartAdmittedAsync("n1");
        Fault("n1", FaultKind.Slow, 4);
        await RunAsync(Start("n1", 1, hours: 1));
        Clock.Advance(2 * Hour);
        Fault("n1", FaultKind.Recover);
        await RunAsync(Start("n1", 2, mask: 2, hours: 10));
        Clock.Advance(Hour / 2);
        await ReportAsync(ReportKind.Completed, 1);
        Clock.Advance(9.5 * Hour);
        await ReportAsync(ReportKind.Completed, 2);
    }

    [Fact]
    public async Task Failure_ends_slowness()
    {
        await StartAdmittedAsync("n1");
        Fault("n1", FaultKind.Slow, 4);
        Fault("n1", FaultKind.Fail);
        Fault("n1", FaultKind.Recover);
        await NextAsync<NodeAdvert>(a => a.Incarnation > 1_000);
        await RunAsync(Start("n1", 1, hours: 1));
        Clock.Advance(Hour);
        await ReportAsync(ReportKind.Completed, 1);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public async Task A_senseless_slow_factor_is_ignored(double factor)
    {
        await StartAdmittedAsync("n1");
        Fault("n1", FaultKind.Slow, factor);
        await RunAsync(Start("n1", 1));
        Clock.Advance(Hour);
        await ReportAsync(ReportKind.Completed, 1);
    }

    [Fact]
    public async Task A_node_whose_program_breaks_fails_and_comes_back_empty()
    {
        await StartAdmittedAsync("n1", "n2");
        await RunAsync(Start("n1", 1, mask: 0xFF));
        await RunAsync(Start("n2", 2));
        ((BreakableClock)Clock).IsBroken = true;
        Order(Start("n1", 3, mask: 0, hours: 1));
        var failed = await ReportAsync(ReportKind.NodeFailed, 0);
        Assert.Equal(("n1", 1_000L), (failed.Node, failed.Incarnation));
        ((BreakableClock)Clock).IsBroken = false;
        var advert = await NextAsync<NodeAdvert>(a => a.Incarnation > 1_000);
        Assert.Equal("n1", advert.Node);
        Assert.Empty(advert.Running);
        Order(Start("n1", 4, mask: 0xFF));
        await ReportAsync(ReportKind.Started, 4);
        Assert.Equal((2, 2), await UpAndRunningAsync());
        Assert.True(await ExistsAsync("/user/host/n2/north-1.2"));
        Assert.False(await ExistsAsync("/user/host/n1/north-1.1"));
    }

    [Fact]
    public async Task A_killed_node_comes_back_with_a_greater_incarnation_each_time()
    {
        await StartAdmittedAsync("n1");
        Sys.ActorSelection("/user/host/n1").Tell(Kill.Instance);
        var second = await NextAsync<NodeAdvert>(a => a.Incarnation > 1_000);
        Sys.ActorSelection("/user/host/n1").Tell(Kill.Instance);
        await NextAsync<NodeAdvert>(a => a.Incarnation > second.Incarnation);
    }

    [Fact]
    public async Task Work_that_ended_leaves_no_timer_behind()
    {
        await StartAdmittedAsync("n1", "n2");
        await RunAsync(Start("n1", 1, mask: 1, hours: 1));
        await RunAsync(Start("n1", 2, mask: 2, hours: 9));
        await RunAsync(Start("n2", 3, mask: 1, hours: 9));
        var clock = (BreakableClock)Clock;
        await AwaitConditionAsync(() => Task.FromResult(clock.LiveTimers == 3), Patience,
            cancellationToken: TestContext.Current.CancellationToken);
        Clock.Advance(Hour);
        await ReportAsync(ReportKind.Completed, 1);
        Order(1, [Stop("n1", 2)], []);
        Fault("n2", FaultKind.Fail);
        await AwaitConditionAsync(() => Task.FromResult(clock.LiveTimers == 0), Patience,
            cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Nobody_but_its_own_actor_completes_an_allocation()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 1));
        Sys.ActorSelection("/user/host/n1").Tell(new AllocationDone(1), TestActor);
        Assert.True(await ExistsAsync("/user/host/n1"));
        Order(Start("n1", 1));
        // Of finished work the node would say that it is completed.
        var report = await NextAsync<WorkReport>();
        Assert.Equal(ReportKind.Started, report.Kind);
    }

    private async Task<(int Up, int Running)> UpAndRunningAsync()
    {
        var cell = (await StatusAsync()).Cells.Single();
        return (cell.NodesUp, cell.Running);
    }
}
