using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>Orders to hosts and what they say back.</summary>
public sealed class OrderTests : CellSpec
{
    [Fact]
    public async Task A_start_is_repeated_until_it_is_reported()
    {
        await StartWithGangAsync();

        for (var again = 0; again < 3; again++)
        {
            Real.Advance(Options.OrderResendAfter * 1.5);
            Assert.Equal(0xFFu, (await StartOrderAsync(1)).DeviceMask);
        }

        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);
        await SaidToHostAsync();
        await PassAsync(Options.OrderResendAfter * 3, () => Beat(1));
        Assert.DoesNotContain(await SaidToHostAsync(), m => m is NodeOrders);
    }

    [Fact]
    public async Task A_stop_is_repeated_until_the_node_says_that_it_stopped()
    {
        await StartWithGangAsync();
        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);
        Assert.Equal("cancelled", (await AskAsync<JobReply>(new CancelJob { Cell = "north", Number = 1 })).Job.State);

        for (var again = 0; again < 3; again++)
        {
            Assert.Equal("n1", (await StopOrderAsync(1)).Node);
            Real.Advance(Options.OrderResendAfter * 1.5);
        }

        Report(Said(ReportKind.Stopped, "n1", 1, id: 2));
        await NextAsync<WorkReportsAck>(Host);
        await SaidToHostAsync();
        await PassAsync(Options.OrderResendAfter * 3, () => Beat(1));
        Assert.DoesNotContain(await SaidToHostAsync(), m => m is NodeOrders);
    }

    [Fact]
    public async Task The_same_key_again_gives_the_same_job_and_writes_nothing()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        var first = await SubmitAsync("k", Gang());
        var rows = Rows();
        var second = await SubmitAsync("k", Gang());

        Assert.False(first.Repeated);
        Assert.True(second.Repeated);
        Assert.Equal(first.Job.Id, second.Job.Id);
        Assert.Equal(rows, Rows());
    }

    [Fact]
    public async Task Two_submissions_with_one_key_in_one_message_are_one_job()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        var spec = Protocol.Mapping.JobSpecMapping.ToWire(Gang());
        var reply = await AskAsync<SubmitJobsReply>(new SubmitJobs
        {
            Cell = "north",
            Jobs = { new Submission { Key = "k", Spec = spec }, new Submission { Key = "k", Spec = spec } },
        });
        Assert.Equal(["north-1", "north-1"], reply.Results.Select(r => r.Job.Id));
        Assert.Equal([false, true], reply.Results.Select(r => r.Repeated));
    }

    [Fact]
    public async Task What_a_router_repeats_is_no_repeat_of_the_client()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        var spec = Protocol.Mapping.JobSpecMapping.ToWire(Gang());
        async Task<IEnumerable<bool>> RepeatedAsync(params string[] attempts)
        {
            var message = new SubmitJobs { Cell = "north" };
            message.Jobs.AddRange(attempts.Select(a => new Submission { Key = "k", Spec = spec, Attempt = a }));
            return (await AskAsync<SubmitJobsReply>(message)).Results.Select(r => r.Repeated);
        }

        Assert.Equal([false, true], await RepeatedAsync("a", "b"));
        Assert.Equal([false, true], await RepeatedAsync("a", "b"));
        Assert.Equal([true], await RepeatedAsync("c"));
        Assert.Equal([true], await RepeatedAsync(""));
    }

    [Fact]
    public async Task Another_job_under_a_used_key_is_refused_and_nothing_is_submitted()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await SubmitAsync("k", Gang());
        var refusal = (await SubmitAsync("k", Gang(devices: 4))).Refusal;

        Assert.Equal(Refusal.KeyConflict, refusal.Code);
        Assert.Contains("north-1", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await ViewAsync()).Submitted);
    }

    [Fact]
    public async Task A_node_that_advertises_without_its_running_allocation_has_its_work_requeued()
    {
        await StartWithGangAsync();
        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);

        await AdmitAsync(Advert("n1", running: 1));
        Assert.Equal(0, (await JobAsync(1)).Requeues);
        await AdmitAsync(Advert("n1"));

        Assert.Equal(1, (await JobAsync(1)).Requeues);
        Assert.Equal("north-1", (await StartOrderAsync(2)).Job);
    }

    /// <summary>Else the node would keep the devices for ever, and what is placed there next would never start.
    /// </summary>
    [Fact]
    public async Task An_advertisement_older_than_a_start_has_the_work_stopped_before_it_is_started_again()
    {
        await StartWithGangAsync();
        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);

        // It was sent before the order came, and went a longer way.
        await AdmitAsync(Advert("n1"));

        var orders = await NextAsync<NodeOrders>(Host, o => o.Starts.Any(s => s.Sequence == 2));
        Assert.Equal(1, Assert.Single(orders.Stops).Sequence);
    }

    [Fact]
    public async Task A_late_word_of_a_failure_does_not_forget_what_is_to_be_stopped()
    {
        StartCell();
        await AdmitAsync(Advert("n1", incarnation: 2, running: 77));
        await StopOrderAsync(77);

        // Of the incarnation before, and repeated because its acknowledgement was lost.
        Report(Said(ReportKind.NodeFailed, "n1", 0));
        await NextAsync<WorkReportsAck>(Host);
        Real.Advance(Options.OrderResendAfter * 1.5);

        Assert.Equal("n1", (await StopOrderAsync(77)).Node);
    }

    [Fact]
    public async Task A_node_that_started_anew_has_all_its_work_requeued()
    {
        await StartWithGangAsync();
        await AdmitAsync(Advert("n1", incarnation: 2));

        Assert.Contains("started anew", (await JobAsync(1)).Requeues == 1
            ? (await ReplayedAsync()).FindJob(1)!.Reason
            : "not requeued", StringComparison.Ordinal);
        await StartOrderAsync(2);
    }

    [Fact]
    public async Task A_node_that_runs_something_unknown_is_told_to_stop_it()
    {
        StartCell();
        await AdmitAsync(Advert("n1", running: 77));
        Assert.Equal("n1", (await StopOrderAsync(77)).Node);
        Report(Said(ReportKind.Stopped, "n1", 77));
        await NextAsync<WorkReportsAck>(Host);
    }

    [Fact]
    public async Task A_node_that_reports_the_start_of_something_that_has_ended_is_told_to_stop_it()
    {
        await StartWithGangAsync();
        // The order met the node after it had started anew: the cell gives the work up, and the node begins it.
        await AdmitAsync(Advert("n1", incarnation: 2));
        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);
        Real.Advance(Options.TickInterval * 2);

        Assert.Equal("n1", (await StopOrderAsync(1)).Node);
    }

    [Fact]
    public async Task Work_that_is_reported_twice_counts_once()
    {
        StartCell();
        await AdmitAsync(Advert("n1", model: "A10"));
        await SubmitAsync("k", Tasks(2));
        await StartOrderAsync(2);
        for (var again = 0; again < 3; again++)
        {
            Report(Said(ReportKind.Started, "n1", 1, 1), Said(ReportKind.Completed, "n1", 1, 2));
            Assert.Equal([1, 2], (await NextAsync<WorkReportsAck>(Host)).Ids);
        }

        Assert.Equal(1, (await JobAsync(1)).TasksDone);
        Report(Said(ReportKind.Completed, "n1", 2, 3));
        await NextAsync<WorkReportsAck>(Host);
        Assert.Equal("completed", (await JobAsync(1)).State);
    }

    [Fact]
    public async Task A_gang_that_takes_devices_from_guests_has_them_stopped_before_it_starts()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await SubmitAsync("service", new JobSpec
        {
            Name = "service", Kind = JobKind.Inference, MinReplicas = 2, MaxReplicas = 2, Devices = 1,
        });
        await StartOrderAsync(2);
        Report(Said(ReportKind.Started, "n1", 1, 1), Said(ReportKind.Started, "n1", 2, 2));
        await NextAsync<WorkReportsAck>(Host);
        await SubmitAsync("gang", Gang());

        var orders = await NextAsync<NodeOrders>(Host, o => o.Stops.Count > 0);
        Assert.Equal([1L, 2L], orders.Stops.Select(s => s.Sequence).Order());
        Assert.Contains(orders.Starts, s => s.Job == "north-2");
    }

    [Fact]
    public async Task A_task_that_was_done_as_it_was_told_to_leave_is_not_done_again()
    {
        StartCell();
        await AdmitAsync(Advert("n1"), Advert("n2"));
        await SubmitAsync("tasks", Tasks(1));
        var node = (await StartOrderAsync(1)).Node;
        Report(Said(ReportKind.Started, node, 1));
        await NextAsync<WorkReportsAck>(Host);
        await AskAsync<NodeReply>(new DrainNode { Cell = "north", Node = node, DeadlineMs = 1 });
        await StopOrderAsync(1);
        Assert.Contains((await JobAsync(1)).State, new[] { "pending", "placed" });

        Report(Said(ReportKind.Completed, node, 1, 2));
        await NextAsync<WorkReportsAck>(Host);

        Assert.Equal(("completed", 1), ((await JobAsync(1)).State, (await JobAsync(1)).TasksDone));
    }
}
