using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosts;

public sealed class OrderTests : HostSpec
{
    [Fact]
    public async Task Work_is_reported_started_and_when_its_time_is_over_completed()
    {
        await StartAdmittedAsync("n1");
        Order(Start("n1", 7));
        var started = await ReportAsync(ReportKind.Started, 7);
        Assert.Equal(("n1", 1_000L), (started.Node, started.Incarnation));
        Clock.Advance(Hour - TimeSpan.FromSeconds(1));
        await FenceAsync();
        await BeatsAsync(3);
        Assert.DoesNotContain(Said<WorkReport>(), r => r.Kind == ReportKind.Completed);
        Clock.Advance(TimeSpan.FromSeconds(1));
        var completed = await ReportAsync(ReportKind.Completed, 7);
        Assert.True(completed.Id > started.Id);
    }

    [Fact]
    public async Task Work_that_was_partly_done_takes_only_the_rest()
    {
        await StartAdmittedAsync("n1");
        var start = Start("n1", 7, hours: 10);
        start.Done = 0.75;
        await RunAsync(start);
        Clock.Advance(TimeSpan.FromHours(2.5));
        await ReportAsync(ReportKind.Completed, 7);
    }

    [Fact]
    public async Task Work_longer_than_the_longest_timer_ends_in_time()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7, hours: 24 * 100));
        Clock.Advance(TimeSpan.FromDays(60));
        await FenceAsync();
        await BeatsAsync(3);
        Assert.Empty(Said<WorkReport>());
        Clock.Advance(TimeSpan.FromDays(40));
        await ReportAsync(ReportKind.Completed, 7);
    }

    [Fact]
    public async Task A_service_runs_until_it_is_stopped()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7, hours: 0));
        Clock.Advance(TimeSpan.FromDays(1_000));
        await BeatsAsync(3);
        Assert.Empty(Said<WorkReport>());
        Order(1, [Stop("n1", 7)], []);
        await ReportAsync(ReportKind.Stopped, 7);
    }

    [Fact]
    public async Task The_actor_tree_shows_every_running_allocation()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 942));
        Assert.True(await ExistsAsync("/user/host/n1/north-1.942"));
        Assert.False(await ExistsAsync("/user/host/n1/north-1.943"));
        Order(1, [Stop("n1", 942)], []);
        await ReportAsync(ReportKind.Stopped, 942);
        await AwaitConditionAsync(async () => !await ExistsAsync("/user/host/n1/north-1.942"), Patience,
            cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_repeated_start_is_reported_again_and_starts_nothing()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 7));
        Clock.Advance(Hour / 2);
        Order(Start("n1", 7));
        await ReportAsync(ReportKind.Started, 7);
        Assert.Equal(1, (await FenceAsync()).Running);
        Clock.Advance(Hour / 2);
        await ReportAsync(ReportKind.Completed, 7);
        await FenceAsync();
        Order(Start("n1", 7));
        await ReportAsync(ReportKind.Completed, 7);
        Assert.Equal(0, (await FenceAsync()).Running);
    }

    [Fact]
    public async Task Orders_of_an_older_epoch_are_refused()
    {
        await StartAdmittedAsync("n1");
        Order(5, [], [Start("n1", 1, mask: 1)]);
        await ReportAsync(ReportKind.Started, 1);
        Order(4, [Stop("n1", 1)], [Start("n1", 2, mask: 2)]);
        Order(5, [], [Start("n1", 3, mask: 4)]);
        // Orders are carried out in turn: once the third is reported the second has had its chance.
        await ReportAsync(ReportKind.Started, 3);
        Assert.DoesNotContain(Said<WorkReport>(), r => r.Sequence == 2 || r.Kind == ReportKind.Stopped);
        var status = await FenceAsync();
        Assert.Equal((5, 1, 2), (status.Epoch, status.OrdersRefused, status.Running));
    }

    [Fact]
    public async Task Stops_of_an_order_free_the_devices_for_its_starts()
    {
        await StartAdmittedAsync("n1");
        await RunAsync(Start("n1", 1, mask: 0xFF));
        Order(1, [Stop("n1", 1)], [Start("n1", 2, mask: 0xFF)]);
        await ReportAsync(ReportKind.Stopped, 1);
        await ReportAsync(ReportKind.Started, 2);
        // The stopped work's timer is gone with it.
        Clock.Advance(Hour);
        await ReportAsync(ReportKind.Completed, 2);
        Assert.DoesNotContain(Said<WorkReport>(), r => r.Sequence == 1 && r.Kind == ReportKind.Completed);
    }

    [Fact]
    public async Task A_start_on_devices_that_are_held_is_not_carried_out_until_they_are_free()
    {
        await StartAdmittedAsync("n1");
        Order(Start("n1", 1, mask: 0b0011), Start("n1", 2, mask: 0b0010), Start("n1", 3, mask: 0b0100));
        await ReportAsync(ReportKind.Started, 1);
        await ReportAsync(ReportKind.Started, 3);
        Assert.DoesNotContain(Said<WorkReport>(), r => r.Sequence == 2);
        Assert.False(await ExistsAsync("/user/host/n1/north-1.2"));
        Clock.Advance(Hour);
        await ReportAsync(ReportKind.Completed, 1);
        Order(Start("n1", 2, mask: 0b0010));
        await ReportAsync(ReportKind.Started, 2);
    }

    [Fact]
    public async Task Shares_of_one_device_run_beside_each_other()
    {
        await StartAdmittedAsync("n1");
        Order(Start("n1", 1, share: 400), Start("n1", 2, share: 600), Start("n1", 3, share: 1));
        await ReportAsync(ReportKind.Started, 1);
        await ReportAsync(ReportKind.Started, 2);
        Order(Start("n1", 4, mask: 2));
        await ReportAsync(ReportKind.Started, 4);
        Assert.DoesNotContain(Said<WorkReport>(), r => r.Sequence == 3);
    }

    [Fact]
    public async Task A_stop_of_unknown_work_is_reported_stopped()
    {
        await StartAdmittedAsync("n1");
        Order(1, [Stop("n1", 99)], []);
        await ReportAsync(ReportKind.Stopped, 99);
    }

    [Fact]
    public async Task A_malformed_order_is_ignored_and_the_next_one_carried_out()
    {
        await StartAdmittedAsync("n1");
        var badJob = Start("n1", 1);
        badJob.Job = "no/name";
        var badDone = Start("n1", 2);
        badDone.Done = double.NaN;
        var badMask = Start("n1", 3, mask: 1u << 30);
        var badRun = Start("n1", 4);
        badRun.RunMs = -1;
        var longest = Start("n1", 5);
        longest.RunMs = long.MaxValue;
        Order(badJob, badDone, badMask, badRun, Start("elsewhere", 6), longest);
        await ReportAsync(ReportKind.Started, 5);
        Assert.Empty(Said<WorkReport>());
    }

    [Fact]
    public async Task Reports_are_repeated_until_they_are_acknowledged()
    {
        await StartAdmittedAsync("n1");
        Order(Start("n1", 7));
        var first = await ReportAsync(ReportKind.Started, 7);
        for (var i = 0; i < 3; i++) Assert.Equal(first, await ReportAsync(ReportKind.Started, 7));
        Ack(first);
        Assert.Equal(0, (await FenceAsync()).ReportsWaiting);
        await BeatsAsync(8);
        Assert.Empty(Said<WorkReport>());
    }

    [Fact]
    public async Task What_the_owner_before_did_not_acknowledge_is_told_to_the_new_one_at_once()
    {
        // Nothing is repeated by time alone.
        StartHost(Quick with { ReportResendAfter = Hour }, Fleet.Node("n1"));
        await NextAsync<NodeAdvert>();
        Tell(new AdvertiseReply { Cell = "north", Epoch = 1, Admitted = { "n1" } });
        await FenceAsync();
        Order(Start("n1", 7));
        await ReportAsync(ReportKind.Started, 7);
        await BeatsAsync(4);
        Assert.Empty(Said<WorkReport>());
        Tell(new BeatReply { Cell = "north", Epoch = 2 });
        await ReportAsync(ReportKind.Started, 7);
    }
}
