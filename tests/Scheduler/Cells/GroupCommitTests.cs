using System.Reflection;
using Akka.Actor;
using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>What gathers while a write is in flight.</summary>
public sealed class GroupCommitTests : CellSpec
{
    [Fact]
    public async Task A_hundred_submissions_during_a_write_make_one_more_row()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await ViewAsync();
        var before = Rows();
        Gate.Hold();
        Submit("first", Gang(name: "first"));
        await Gate.ArrivedAsync(Patience);
        for (var i = 0; i < 100; i++) Submit($"k{i}", Gang(name: $"g{i}"));
        await SaidToHostAsync();
        Gate.Release();

        var ids = new HashSet<string>();
        for (var i = 0; i < 101; i++)
            ids.Add(Assert.Single((await NextAsync<SubmitJobsReply>(Client)).Results).Job.Id);

        Assert.Equal(101, ids.Count);
        Assert.Equal(before + 2, Rows());
        Assert.Equal(101, (await ReplayedAsync()).Counters.Submitted);
    }

    [Fact]
    public async Task A_full_queue_answers_that_the_cell_is_busy_and_takes_nothing()
    {
        await StartWithFullQueueAsync();

        Submit("late", Gang(name: "late"));

        var busy = await NextAsync<CellBusy>(Client);
        Assert.Equal("north", busy.Cell);
        Assert.True(busy.RetryAfterMs > 0);
        Assert.Contains($"{SchedulerLimits.InboxCommandsMax}", busy.Message, StringComparison.Ordinal);
        Gate.Release();
        await NextAsync<SubmitJobsReply>(Client);
        // Asked after all the others, so answered when the queue is empty again.
        Assert.Equal(1, (await ViewAsync()).Submitted);
        Assert.Equal("north-2", (await SubmitAsync("late", Gang(name: "late"))).Job.Id);
    }

    [Fact]
    public async Task A_host_that_beats_into_a_full_queue_is_not_taken_for_silent()
    {
        await StartWithFullQueueAsync();
        for (var passed = TimeSpan.Zero; passed < Options.HostSilenceMax * 2; passed += TimeSpan.FromSeconds(2))
        {
            Real.Advance(TimeSpan.FromSeconds(2));
            // Nothing shows that a tick came while a write is in flight, so the test ticks itself.
            Cell.Tell(Activator.CreateInstance(
                typeof(CellActor).GetNestedType("Tick", BindingFlags.NonPublic)!, nonPublic: true)!);
            Beat(1);
            await NextAsync<CellBusy>(Host);
        }

        Gate.Release();
        await NextAsync<SubmitJobsReply>(Client);
        Assert.Equal(0, (await ViewAsync()).NodesLost);
    }

    /// <summary>A write that hangs, and behind it as many requests as the queue takes.</summary>
    private async Task StartWithFullQueueAsync()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        Gate.Hold();
        Submit("first", Gang(name: "first"));
        await Gate.ArrivedAsync(Patience);
        var crowd = CreateTestProbe();
        for (var i = 0; i < SchedulerLimits.InboxCommandsMax; i++) Cell.Tell(new GetCell { Cell = "north" }, crowd.Ref);
    }
}
