using Stockpile.Core.Commands;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>What users see of nodes that keep failing, of drains, and of jobs that nothing could run any more.
/// </summary>
public sealed class UnsteadyTests : CellSpec
{
    [Fact]
    public async Task A_node_that_its_host_says_failed_three_times_rests_and_says_why_and_until_when()
    {
        StartCell();
        await FailAsync(times: 3, "the fan");

        var view = await NodeAsync();
        Assert.Equal("resting", view.State);
        Assert.Matches("^failed 3 times of late, last because of: the fan; rests and takes no new work until "
            + @"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$", view.Reason);
        Assert.Empty((await ListAsync("ready")).Nodes);
        Assert.Single((await ListAsync("resting")).Nodes);
        Assert.Equal("pending", (await SubmitAsync("k", Gang())).Job.State);

        // The journal knows, and the cell gives it work again by itself.
        await RestartCellAsync();
        await AdmitAsync(Advert("n1", incarnation: 4));
        Assert.Equal("resting", (await NodeAsync()).State);
        Clock.Advance(TimeSpan.FromMinutes(31));
        await SubmitAsync("wakes", Tasks(1));
        view = await NodeAsync();
        Assert.Equal(("ready", "failed 3 times of late, last because of: the fan; steady nodes come first"),
            (view.State, view.Reason));
        Assert.Equal("placed", (await JobAsync(1)).State);
        var rested = Assert.Single((await ReplayedAsync()).Nodes);
        Assert.Equal((3, false), (rested.Health.Failures, rested.Health.Rests));
    }

    [Fact]
    public async Task A_node_whose_host_stopped_in_order_is_as_steady_as_before()
    {
        StartCell();
        await FailAsync(times: 5, LoseNode.HostStopped);
        Assert.Equal(("ready", ""), ((await NodeAsync()).State, (await NodeAsync()).Reason));
    }

    [Fact]
    public async Task A_drain_names_its_deadline_until_a_later_one_has_none()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        var drained = await DrainAsync(new Protocol.V1.DrainNode { DeadlineMs = 3_600_000 });
        Assert.True(drained.DrainByMs > 0);
        Assert.Matches(@"^drained, and has to be empty by \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$", drained.Reason);
        Assert.Equal(drained.Reason, Assert.Single((await ListAsync("draining")).Nodes).Reason);

        var lifted = await DrainAsync(new Protocol.V1.DrainNode { Cordon = true });
        Assert.Equal((0, "drained without a deadline"), (lifted.DrainByMs, lifted.Reason));
    }

    [Fact]
    public async Task What_nothing_could_run_any_more_is_said_as_a_new_submission_would_be_told()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await SubmitAsync("k", Gang());
        Assert.Equal("", (await WhyAsync()).Never);
        Report(Said(ReportKind.NodeFailed, "n1", 0));
        await NextAsync<WorkReportsAck>(Host);
        await AdmitAsync(Advert("n1", devices: 4, incarnation: 2));

        var told = (await SubmitAsync("again", Gang())).Refusal.Message;
        Assert.Equal($"nothing in the fleet could ever run it as it is now: {told}", (await WhyAsync()).Never);
        Assert.Contains("at most 4 of H800", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_wants_nothing_is_listed_as_idle_and_not_as_pending()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        var job = (await SubmitAsync("k", new Core.Jobs.JobSpec
        {
            Name = "quiet", Kind = Core.Jobs.JobKind.Inference, Devices = 1, MaxReplicas = 4, Models = ["H800"],
        })).Job;
        Assert.Equal(("idle", "wants no replica: its fewest are 0 and it has no demand"), (job.State, job.Reason));
        Assert.Equal(job.Reason, (await WhyAsync()).Reason);
        Assert.Single((await AskAsync<JobsReply>(new ListJobs { Cell = "north", State = "idle" })).Jobs);
        Assert.Empty((await AskAsync<JobsReply>(new ListJobs { Cell = "north", State = "pending" })).Jobs);
    }

    private async Task FailAsync(int times, string reason)
    {
        await AdmitAsync(Advert("n1"));
        for (var i = 1; i <= times; i++)
        {
            var report = Said(ReportKind.NodeFailed, "n1", 0, id: i);
            (report.Incarnation, report.Reason) = (i, reason);
            Report(report);
            await NextAsync<WorkReportsAck>(Host);
            await AdmitAsync(Advert("n1", incarnation: i + 1));
        }
    }

    private async Task<NodeView> NodeAsync() =>
        (await AskAsync<NodeReply>(new GetNode { Cell = "north", Node = "n1" })).Node;

    private async Task<NodeView> DrainAsync(Protocol.V1.DrainNode drain)
    {
        (drain.Cell, drain.Node) = ("north", "n1");
        return (await AskAsync<NodeReply>(drain)).Node;
    }

    private Task<NodesReply> ListAsync(string state) =>
        AskAsync<NodesReply>(new ListNodes { Cell = "north", State = state });

    private Task<WhyReply> WhyAsync() => AskAsync<WhyReply>(new WhyJob { Cell = "north", Number = 1 });
}
