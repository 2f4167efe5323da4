using Akka.Actor;
using Stockpile.Core;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>A cell that is asked for more than it takes.</summary>
public sealed class OverloadTests : CellSpec
{
    private const int TooMany = 700;

    [Fact]
    public async Task A_full_inbox_refuses_at_once_and_whatever_was_taken_is_answered_and_in_the_journal()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        Gate.Hold();
        Submit("first", Tasks(1));
        await Gate.ArrivedAsync(Patience);

        for (var i = 0; i < SchedulerLimits.InboxCommandsMax + TooMany; i++) Submit($"k{i}", Tasks(1));
        // While the write hangs, those that do not fit are answered, and nobody else.
        for (var i = 0; i < TooMany; i++)
            Assert.Equal(1_000, (await NextAsync<CellBusy>(Client)).RetryAfterMs);
        // A host that speaks to the full cell counts as heard, and is told to come again.
        Beat(1);
        await NextAsync<CellBusy>(Host);
        Assert.False(Client.HasMessages);

        Gate.Release();
        for (var i = 0; i < SchedulerLimits.InboxCommandsMax + 1; i++)
            Assert.Null(Assert.Single((await NextAsync<SubmitJobsReply>(Client)).Results).Refusal);
        Assert.False(Client.HasMessages);
        Assert.Equal(SchedulerLimits.InboxCommandsMax + 1, (await ReplayedAsync()).Jobs.Count);
        Assert.Equal(0, (await ViewAsync()).Inbox);
    }

    [Fact]
    public async Task A_cell_that_recovers_holds_so_many_messages_and_tells_the_rest_to_come_again()
    {
        Gate.Hold();
        StartSupervised();
        // The first round of the recovery hangs: until it is durable the cell serves nobody.
        await Gate.ArrivedAsync(Patience);

        for (var i = 0; i < SchedulerLimits.RecoveryMessagesMax + TooMany; i++)
            Cell.Tell(new GetCell { Cell = "north" }, Client.Ref);
        for (var i = 0; i < TooMany; i++) await NextAsync<CellBusy>(Client);
        Beat();
        Assert.False(Client.HasMessages);

        Gate.Release();
        for (var i = 0; i < SchedulerLimits.RecoveryMessagesMax; i++) await NextAsync<CellView>(Client);
        Assert.NotNull(await AskAsync<CellView>(new GetCell { Cell = "north" }));
    }

    [Fact]
    public async Task The_longest_silence_of_a_host_is_counted()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        foreach (var seconds in new[] { 1, 4, 2 })
        {
            Real.Advance(TimeSpan.FromSeconds(seconds));
            Beat(1);
            await NextAsync<BeatReply>(Host);
        }

        Assert.Equal(4_000, (await ViewAsync()).HostGapMs);
    }
}
