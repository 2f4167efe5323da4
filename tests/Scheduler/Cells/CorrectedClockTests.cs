using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>Clocks that are put right, of the scheduler and of a host.</summary>
public sealed class CorrectedClockTests : CellSpec
{
    [Fact]
    public async Task A_cell_whose_clock_was_put_back_goes_on_from_its_last_round_and_says_so()
    {
        await StartWithGangAsync();
        Clock.Advance(TimeSpan.FromHours(1));
        var before = await SubmitAsync("late", Gang());
        await CrashCellAsync();
        Options = Options with { Clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(
            new DateTimeOffset(2025, 12, 31, 0, 0, 0, TimeSpan.Zero)) };
        StartCell();
        var clock = (Microsoft.Extensions.Time.Testing.FakeTimeProvider)Options.Clock;
        clock.Advance(TimeSpan.FromMinutes(5));
        await AdmitAsync(Advert("n1", incarnation: 2));
        clock.Advance(TimeSpan.FromMinutes(5));

        var after = await SubmitAsync("after", Gang());
        Assert.InRange(after.Job.SubmittedAtMs - before.Job.SubmittedAtMs, 5 * 60_000, 10 * 60_000);
        Assert.Contains("ahead of the clock of its scheduler", (await ViewAsync()).Clock, StringComparison.Ordinal);
        var why = await AskAsync<WhyReply>(new WhyJob { Cell = "north", Number = 1 });
        Assert.Contains("ahead of the clock of its scheduler", why.Clock, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_starts_with_an_older_clock_is_told_what_the_cell_knows_and_is_listed_until_it_joins()
    {
        StartCell();
        await AdmitAsync(Advert("n1", incarnation: 1_000));
        Report(new WorkReport
        {
            Id = 1, Node = "n1", Incarnation = 1_000, Kind = ReportKind.NodeFailed, Reason = "off",
        });
        await NextAsync<WorkReportsAck>(Host);

        var refused = Assert.Single((await AdmitAsync(Advert("n1", incarnation: 400))).Refused);
        Assert.Equal(1_000, refused.KnownIncarnation);
        var listed = Assert.Single((await AskAsync<NodesReply>(new ListNodes { Cell = "north" })).Nodes);
        Assert.Equal("refused", listed.State);
        Assert.Contains("the clock of its machine was put back", listed.Reason, StringComparison.Ordinal);

        Assert.Equal(["n1"], (await AdmitAsync(Advert("n1", incarnation: 1_001))).Admitted);
    }

    [Fact]
    public async Task A_host_whose_clock_differs_is_named_by_its_nodes_and_by_the_cell()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        Assert.Equal("", (await AskAsync<NodeReply>(new GetNode { Cell = "north", Node = "n1" })).Node.Reason);
        Cell.Tell(new HostBeat
        {
            Cell = "north", Host = "h1", HostIncarnation = 7, Nodes = 1,
            WallMs = Real.GetUtcNow().AddSeconds(61).ToUnixTimeMilliseconds(),
        }, Host.Ref);
        await NextAsync<BeatReply>(Host);

        var node = Assert.Single((await AskAsync<NodesReply>(new ListNodes { Cell = "north" })).Nodes);
        Assert.Equal("the clock of its host h1 is 61 s ahead of that of the scheduler", node.Reason);
        Assert.Equal(
            "the clock of host h1 is 61 s ahead of that of the scheduler of cell north", (await ViewAsync()).Clock);
    }
}
