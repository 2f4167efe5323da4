using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosts;

public sealed class GraceTests : HostSpec
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private static StopOrder Leave(string node, long sequence)
    {
        var stop = Stop(node, sequence);
        stop.GraceMs = (long)Grace.TotalMilliseconds;
        return stop;
    }

    /// <summary>The node has taken up that all its work leaves: the host alone may have, and its clock runs by then.
    /// </summary>
    private Task LeavingAsync() => AwaitConditionAsync(async () => (await FenceAsync()).Running == 0, Patience,
        cancellationToken: TestContext.Current.CancellationToken);

    [Fact]
    public async Task Work_that_leaves_does_no_more_and_tells_at_the_end_of_its_grace_how_far_it_came()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7, hours: 10));
        Clock.Advance(TimeSpan.FromHours(4));
        Order(1, [Leave("n1", 7)], []);
        await LeavingAsync();
        Clock.Advance(Grace - TimeSpan.FromSeconds(1));
        await FenceAsync();
        await BeatsAsync(3);
        Assert.Empty(Said<WorkReport>());
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0.4, (await ReportAsync(ReportKind.Stopped, 7)).Done, 9);
    }

    [Fact]
    public async Task Who_is_to_have_the_devices_next_waits_until_they_are_free()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7, mask: 3));
        Order(1, [Leave("n1", 7)], [Start("n1", 8, mask: 6), Start("n1", 9, mask: 8)]);
        Ack(await ReportAsync(ReportKind.Started, 9));
        // A repeat of both orders, as the cell sends it while it waits, changes nothing.
        Order(1, [Leave("n1", 7)], [Start("n1", 8, mask: 6)]);
        await FenceAsync();
        await BeatsAsync(3);
        Assert.Empty(Said<WorkReport>());
        Clock.Advance(Grace);
        await ReportAsync(ReportKind.Stopped, 7);
        await ReportAsync(ReportKind.Started, 8);
    }

    [Fact]
    public async Task A_stop_without_a_grace_ends_it_at_once_and_one_that_waits_need_not_start()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7));
        Order(1, [Leave("n1", 7)], [Start("n1", 8)]);
        await FenceAsync();
        Order(1, [Stop("n1", 8)], []);
        await ReportAsync(ReportKind.Stopped, 8);
        Order(1, [Stop("n1", 7)], []);
        await ReportAsync(ReportKind.Stopped, 7);
        await FenceAsync();
        await BeatsAsync(3);
        Assert.DoesNotContain(Said<WorkReport>(), r => r.Kind == ReportKind.Started);
    }

    [Fact]
    public async Task A_node_that_fails_during_the_grace_forgets_who_left_and_who_waited()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7));
        Order(1, [Leave("n1", 7)], [Start("n1", 8)]);
        await FenceAsync();
        Fault("n1", FaultKind.Fail);
        await ReportAsync(ReportKind.NodeFailed, 0);
        Fault("n1", FaultKind.Recover);
        var advert = await NextAsync<NodeAdvert>(a => a.Incarnation == 1_001);
        Assert.Empty(advert.Running);
        Clock.Advance(Grace);
        await FenceAsync();
        Assert.DoesNotContain(Said<WorkReport>(), r => r.Sequence is 7 or 8);
        Order(Start("n1", 9));
        await ReportAsync(ReportKind.Started, 9);
    }

    [Fact]
    public async Task An_audit_does_not_see_as_running_what_is_leaving()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7));
        Order(1, [Leave("n1", 7)], []);
        await LeavingAsync();
        Tell(new AuditHost { Cell = "north", Host = "h1" });
        var node = Assert.Single((await NextAsync<HostAudit>()).Nodes);
        Assert.Empty(node.Running);
        Assert.Equal([7], node.Ended);
    }
}
