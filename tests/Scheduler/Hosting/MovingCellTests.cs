using Akka.Actor;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Hosting;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Hosting;

/// <summary>Cells that move between members, and what must not notice: jobs, and the work on the nodes.</summary>
public sealed class MovingCellTests
{
    /// <summary>For one cause; a busy machine may pause for seconds, and downing waits on purpose.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly string[] Cells = ["east", "lab", "north", "south", "west", "yard"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_scheduler_that_leaves_hands_its_cells_over_and_no_work_is_interrupted()
    {
        await using var members = new Members();
        var first = await members.StartSchedulerAsync();
        var second = await members.StartSchedulerAsync();
        var before = await BeginAsync(members, first, second);

        await first.LeaveAsync();

        await SameAsync(second, before);
        Assert.Equal([second.Address], (await OwnersAsync(second)).Values.Distinct());
        // One that comes later learns of all cells, and answers for them.
        var third = await members.StartSchedulerAsync();
        await SameAsync(third, before);
        await SubmitAsync(third, "late");
    }

    [Fact]
    public async Task A_host_ends_when_the_last_scheduler_is_gone_and_not_before()
    {
        await using var members = new Members();
        var first = await members.StartSchedulerAsync();
        var second = await members.StartSchedulerAsync();
        await BeginAsync(members, first, second);
        var host = members.Systems[2];

        await first.LeaveAsync();
        await SubmitAsync(second, "late");
        Assert.Null(CoordinatedShutdown.Get(host).ShutdownReason);

        await second.LeaveAsync();
        await host.WhenTerminated.WaitAsync(Patience, Cancel);
        Assert.Same(NoSchedulerLeft.Instance, CoordinatedShutdown.Get(host).ShutdownReason);
    }

    [Fact]
    public async Task The_cells_of_a_scheduler_that_is_killed_run_elsewhere_and_no_work_is_interrupted()
    {
        await using var members = new Members();
        var first = await members.StartSchedulerAsync();
        var second = await members.StartSchedulerAsync();
        var third = await members.StartSchedulerAsync();
        var before = await BeginAsync(members, first, second, third);
        Assert.Contains(first.Address, (await OwnersAsync(third)).Values);

        await first.KillAsync();

        await SameAsync(third, before);
        Assert.DoesNotContain(first.Address, (await OwnersAsync(third)).Values);
        await SubmitAsync(second, "late");
    }

    [Fact]
    public async Task A_node_host_that_leaves_is_known_to_be_gone_at_once_and_its_work_runs_on_another()
    {
        await using var members = new Members();
        var scheduler = await members.StartSchedulerAsync();
        var gone = await members.StartNodeHostAsync("h1", [Node("north", 1)]);
        await UntilAsync("the node joins", async () =>
            (await scheduler.Gateway.CellsAsync(Cancel)).Any(c => c is { Nodes: 1, NodesLost: 0 }));
        var id = await SubmitAsync(scheduler, "k");
        await RunningAsync(scheduler, id);
        await members.StartNodeHostAsync("h2", [Node("north", 2)]);
        await UntilAsync("the second node joins", async () =>
            (await scheduler.Gateway.CellsAsync(Cancel)).Any(c => c.Nodes == 2));

        await gone.StopAsync(Cancel);

        // The host has stopped, so its cell has acknowledged; nobody had to wait for its silence.
        var node = (await scheduler.Gateway.GetNodeAsync("north-1", Cancel)).Node;
        Assert.Equal(("lost", "its host stopped"), (node.State, node.Reason));
        var job = await RunningAsync(scheduler, id);
        Assert.Equal("north-2", Assert.Single(job.Allocations).Node);
        Assert.Equal(1, job.Requeues);
        await members.StartNodeHostAsync("h1", [Node("north", 1)]);
        await UntilAsync("the node comes back", async () =>
            (await scheduler.Gateway.GetNodeAsync("north-1", Cancel)).Node is { State: "ready", Reason: "" });
    }

    private static NodeSpec Node(string cell, int number) => new(
        $"{cell}-{number}", cell, "A10", 4, 128_000, 1 << 20, new Dictionary<string, string>());

    /// <summary>Six cells spread over the members, and in each of them services that run; job by id.</summary>
    private static async Task<Dictionary<string, JobView>> BeginAsync(
        Members members, params Members.Scheduler[] schedulers)
    {
        await members.StartNodeHostAsync("h1", [.. Cells.SelectMany(c => new[] { Node(c, 1), Node(c, 2) })]);
        foreach (var scheduler in schedulers)
            await UntilAsync("every scheduler knows every cell", async () =>
                (await scheduler.Gateway.CellsAsync(Cancel)).Count(c => c.Nodes == 2) == Cells.Length);
        for (var i = 0; i < 2 * Cells.Length; i++) await SubmitAsync(schedulers[i % schedulers.Length], $"job-{i}");
        var owners = await OwnersAsync(schedulers[0]);
        Assert.Equal(schedulers.Select(s => s.Address).Order(), owners.Values.Distinct().Order());
        return await JobsAsync(schedulers[0]);
    }

    private static async Task<string> SubmitAsync(Members.Scheduler scheduler, string key)
    {
        var service = new JobSpec
        {
            Name = key, Kind = JobKind.Inference, MinReplicas = 1, MaxReplicas = 1, Devices = 1,
        };
        SubmitResult? result = null;
        await UntilAsync($"{key} is taken", async () =>
        {
            var reply = await scheduler.Gateway.SubmitAsync(
                [new Submission { Key = key, Spec = service.ToWire() }], SubmitMode.Each, Cancel);
            return (result = reply.Results.Single()).Job is not null;
        });
        return result!.Job.Id;
    }

    private static async Task<Dictionary<string, JobView>> JobsAsync(Members.Scheduler scheduler)
    {
        var all = await scheduler.Gateway.ListJobsAsync(new JobFilter(null, null, null, null, 100), Cancel);
        var jobs = new Dictionary<string, JobView>(StringComparer.Ordinal);
        foreach (var job in all.Jobs) jobs.Add(job.Id, await RunningAsync(scheduler, job.Id));
        return jobs;
    }

    private static async Task<JobView> RunningAsync(Members.Scheduler scheduler, string id)
    {
        JobView? job = null;
        Assert.True(JobId.TryParse(id, out var parsed));
        await UntilAsync($"{id} runs", async () =>
            (job = (await scheduler.Gateway.GetJobAsync(parsed, Cancel)).Job) is { State: "running" });
        return job!;
    }

    /// <summary>The same jobs with the same allocations, none interrupted, and all parts agree on that.</summary>
    private static async Task SameAsync(Members.Scheduler scheduler, Dictionary<string, JobView> before)
    {
        await UntilAsync("every cell answers and knows its host", async () =>
        {
            var audit = await scheduler.Gateway.AuditAsync(Cancel);
            return audit.IsClean && audit.Cells.Count == Cells.Length;
        });
        var after = await JobsAsync(scheduler);
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        foreach (var (id, job) in after)
        {
            Assert.Equal(before[id].Allocations, job.Allocations);
            Assert.Equal(0, job.Requeues);
        }
    }

    /// <summary>The address of the member that runs it, for each cell.</summary>
    private static async Task<Dictionary<string, string>> OwnersAsync(Members.Scheduler scheduler) =>
        (await scheduler.Gateway.AuditAsync(Cancel)).Cells.ToDictionary(c => c.Cell, c => c.Member);

    private static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var since = TimeProvider.System.GetTimestamp();
        Exception? last = null;
        while (TimeProvider.System.GetElapsedTime(since) < Patience)
        {
            try
            {
                if (await holds()) return;
            }
            catch (Exception fault) when (fault is ClusterUnavailableException or UnknownCellException)
            {
                last = fault;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancel);
        }

        throw new TimeoutException($"{what}: not within {Patience.TotalSeconds} s; {last?.Message}");
    }
}
