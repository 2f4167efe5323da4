using Akka.Actor;
using Google.Protobuf;
using Stockpile.Core.Audit;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Audit;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Tests.Cells;

namespace Stockpile.Scheduler.Tests.Audit;

/// <summary>A real cell with its journal, and a host that says what the test wants.</summary>
public sealed class ClusterAuditorTests : CellSpec
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>How often the host was asked; each time it says the next of these, at last the last again.</summary>
    private int _asked;

    /// <param name="says">What runs on n1, look by look.</param>
    private Task<AuditReport> AuditAsync(params long[][] says) => new ClusterAuditor(async (message, cancel) =>
    {
        try
        {
            if (message is not AuditHost) return await Cell.Ask<CellAudit>(message, TimeSpan.FromSeconds(5), cancel);
            Cell.Tell(message, Client.Ref);
            Assert.Equal(message, await NextAsync<AuditHost>(Host));
            var node = new HostedNode { Node = "n1", Incarnation = 1, Up = true };
            node.Running.AddRange(says[Math.Min(_asked++, says.Length - 1)]);
            return new HostAudit { Cell = "north", Host = "h1", HostIncarnation = 7, Epoch = 1, Nodes = { node } };
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }, Reader(), TimeProvider.System) { Pause = TimeSpan.FromMilliseconds(10) }.RunAsync(Cancel);

    private async Task StartRunningAsync()
    {
        await StartWithGangAsync();
        Beat(1);
        await NextAsync<BeatReply>(Host);
        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);
    }

    [Fact]
    public async Task A_cell_that_agrees_with_its_journal_and_its_host_is_clean_at_the_first_look()
    {
        await StartRunningAsync();
        var report = await AuditAsync([1]);

        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        Assert.Equal((1, 0), (report.Looks, report.Passed));
        var cell = Assert.Single(report.Cells);
        Assert.Equal(("north", 1L, 1, 1), (cell.Cell, cell.Epoch, cell.Nodes, cell.Allocations));
        Assert.Equal((1, 1, 0), (cell.Hosts, cell.HostsAsked, cell.Findings));
        Assert.Equal((await ViewAsync()).AllocationsDigest, cell.Digest);
        Assert.StartsWith("akka", cell.Member, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_that_the_cell_does_not_know_and_work_that_is_missing_are_found_after_three_looks()
    {
        await StartRunningAsync();
        var report = await AuditAsync([77]);

        Assert.Equal(
            [(AuditKind.NotRunning, 1L), (AuditKind.RunsUnknown, 77L)],
            report.Findings.Select(f => (f.Kind, f.Sequence)));
        Assert.Equal((ClusterAuditor.LooksMax, 0), (report.Looks, report.Passed));
        Assert.Equal(2, report.Cells[0].Findings);
    }

    [Fact]
    public async Task What_a_later_look_does_not_have_any_more_has_passed_by_itself()
    {
        await StartRunningAsync();
        var report = await AuditAsync([1, 77], [1, 78], [1, 77]);

        // 77 was there twice, but not all the time.
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        Assert.Equal((2, 1), (report.Looks, report.Passed));
    }

    [Fact]
    public async Task A_journal_that_was_changed_behind_the_cells_back_is_found_at_the_cells_round()
    {
        await StartRunningAsync();
        var round = (await ViewAsync()).Round;
        Sql($"DELETE FROM journal WHERE persistence_id = 'cell-north' AND sequence_number = {round}; SELECT 0");
        var report = await AuditAsync([1]);

        var finding = Assert.Single(report.Findings);
        Assert.Equal(AuditKind.JournalDiffers, finding.Kind);
        Assert.Contains($"at round {round}", finding.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_with_a_missing_row_is_found_and_says_where()
    {
        await StartRunningAsync();
        Sql("DELETE FROM journal WHERE persistence_id = 'cell-north' AND sequence_number = 2; SELECT 0");
        var report = await AuditAsync([1]);

        var finding = Assert.Single(report.Findings);
        Assert.Equal(AuditKind.JournalBroken, finding.Kind);
        Assert.Contains(
            "row 2 of cell-north is missing: row 3 follows row 1", finding.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cell_that_does_not_answer_is_found()
    {
        await StartRunningAsync();
        var report = await new ClusterAuditor(
            (_, _) => Task.FromResult<Protocol.IWireMessage?>(null), Reader(), TimeProvider.System)
            { Pause = TimeSpan.Zero }.RunAsync(Cancel);
        Assert.Equal(AuditKind.CellSilent, Assert.Single(report.Findings).Kind);
    }

    [Fact]
    public async Task A_cell_answers_for_a_host_it_does_not_know()
    {
        StartCell();
        var audit = await AskAsync<HostAudit>(new AuditHost { Cell = "north", Host = "gone" });
        Assert.True(audit.Unknown);
        Assert.Null(audit.ToClaim());
    }

    [Fact]
    public void An_audit_of_ten_thousand_nodes_and_eighty_thousand_allocations_fits_one_frame()
    {
        const int FrameBytesMax = 4 * 1024 * 1024;
        var state = Large(nodes: 10_000, tasksPerNode: 8);
        Assert.Equal(80_000, state.Allocations.Count);
        var audit = CellAudits.Of(state, new Address("akka.tcp", "stockpile", "scheduler-1", 4053), [("h1", 1)]);

        Assert.InRange(audit.CalculateSize(), 1_000_000, FrameBytesMax - 64 * 1024);
        var claim = CellAudit.Parser.ParseFrom(audit.ToByteArray()).ToClaim();
        Assert.Equal(80_000, claim.Nodes.Sum(n => n.Allocations.Count));
        Assert.Equal(["h1"], claim.Hosts);
    }

    /// <summary>Names as long as they may be.</summary>
    private static CellState Large(int nodes, int tasksPerNode)
    {
        var state = new CellState("north", Catalog, Policy);
        var events = new List<CellEvent>();
        for (var i = 0; i < nodes; i++)
            events.Add(new NodeAdmitted(
                $"{new string('n', 120)}{i:00000000}", "h1", 1_790_000_000_000, "H800", 8, 128_000, 1 << 20,
                new Dictionary<string, string>()));
        var tasks = nodes * tasksPerNode;
        for (var job = 1; job <= tasks / 10_000; job++)
            events.Add(new JobSubmitted(job, "", Tasks(10_000)));
        for (var i = 0; i < tasks; i++)
            events.Add(new JobPlaced(i / 10_000 + 1,
            [
                new PlacedAllocation(
                    i + 1, ((NodeAdmitted)events[i / tasksPerNode]).Node, 1u << (i % tasksPerNode), 0, i % 10_000, 1,
                    false, TimeSpan.FromHours(1)),
            ]));
        state.Replay(new Round("north", 1, 1, DateTimeOffset.UnixEpoch, events));
        return state;
    }
}
