using Stockpile.Core;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Tests.Cells;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>The past, from the journal of a cell that is up or down.</summary>
public sealed class JournalReaderTests : CellSpec
{
    [Fact]
    public async Task A_time_gives_the_state_of_the_last_round_up_to_and_including_it()
    {
        var cancel = TestContext.Current.CancellationToken;
        StartCell();
        await AdmitAsync(Advert("n1"));
        Clock.Advance(TimeSpan.FromHours(1));
        var submitted = Clock.GetUtcNow();
        await SubmitAsync("k", Gang());
        await StartOrderAsync(1);
        Clock.Advance(TimeSpan.FromHours(1));
        Report(Said(ReportKind.Completed, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);
        var digest = (await ViewAsync()).AllocationsDigest;
        await CrashCellAsync();

        var reader = Reader();
        Assert.Empty((await reader.StateAtAsync("north", submitted.AddMilliseconds(-1), cancel)).Jobs);
        Assert.Single((await reader.StateAtAsync("north", submitted, cancel)).Allocations);
        var between = await reader.StateAtAsync("north", submitted.AddMinutes(59), cancel);
        Assert.Equal(JobPhase.Placed, between.FindJob(1)!.Phase);
        var last = await reader.StateAtAsync("north", DateTimeOffset.MaxValue, cancel);
        Assert.Equal(JobPhase.Completed, last.FindJob(1)!.Phase);
        Assert.Equal(digest, AllocationsHash.Of(last));
        Assert.Equal(0, (await reader.StateAtAsync("north", DateTimeOffset.MinValue, cancel)).RoundNumber);
        Assert.Equal(8, (await reader.CellAtAsync("north", submitted, cancel)).Devices);
    }

    [Fact]
    public async Task The_last_rounds_come_without_those_before_and_with_those_that_came_since()
    {
        var cancel = TestContext.Current.CancellationToken;
        StartCell();
        await AdmitAsync(Advert("n1"));
        foreach (var key in new[] { "a", "b", "c" }) await SubmitAsync(key, Gang());
        var newest = (await ViewAsync()).Round;
        await CrashCellAsync();

        var reader = Reader();
        Assert.True(newest >= 4);
        var last = await reader.LastRoundsAsync("north", newest, 2, cancel);
        Assert.Equal([newest - 1, newest], last.Select(r => r.Number));
        Assert.Equal("c", Assert.IsType<JobSubmitted>(last[1].Events[0]).Key);
        Assert.Equal(newest, (await reader.LastRoundsAsync("north", newest, 1_000, cancel)).Count);
        // Two rounds were committed after the cell was asked: the newest ones still are the answer.
        Assert.Equal([newest - 1, newest],
            (await reader.LastRoundsAsync("north", newest - 2, 2, cancel)).Select(r => r.Number));
        Assert.Empty(await reader.LastRoundsAsync("nowhere", 0, 5, cancel));

        // A row that cannot be read harms only whoever reads it.
        Sql("UPDATE journal SET manifest = 'nothing' WHERE sequence_number = 1; SELECT 0");
        Assert.Equal(2, (await reader.LastRoundsAsync("north", newest, 2, cancel)).Count);
        await Assert.ThrowsAnyAsync<Exception>(() => reader.LastRoundsAsync("north", newest, 1_000, cancel));
    }

    [Fact]
    public async Task Cells_and_histories_come_from_the_journal_alone()
    {
        var cancel = TestContext.Current.CancellationToken;
        StartCell();
        await AdmitAsync(Advert("n1"));
        await SubmitAsync("k", Gang());
        await CrashCellAsync();

        var reader = Reader();
        Assert.Equal(["north"], await reader.CellsAsync());
        Assert.Equal(["JobSubmitted", "JobPlaced"],
            (await reader.HistoryAsync(new JobId("north", 1), cancel)).Select(e => e.Event));
        Assert.Empty(await reader.HistoryAsync(new JobId("north", 2), cancel));
        Assert.Empty(await reader.HistoryAsync(new JobId("nowhere", 1), cancel));
    }
}
