using Stockpile.Core.State;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>What a cell is after a crash.</summary>
public class RecoveryTests : CellSpec
{
    public RecoveryTests()
    {
    }

    protected RecoveryTests(CellStore store) : base(store)
    {
    }

    [Fact]
    public async Task Every_recovery_raises_the_epoch_and_its_round_is_durable_before_anything_is_said()
    {
        StartCell();
        Assert.Equal(1, (await AdmitAsync(Advert("n1"))).Epoch);
        await CrashCellAsync();
        Gate.Hold();
        StartCell();
        await Gate.ArrivedAsync(Patience);
        Beat(1);
        var question = AskAsync<CellView>(new GetCell { Cell = "north" });
        Gate.Release();

        Assert.Equal(2, (await question).Epoch);
        await CrashCellAsync();
        StartCell();
        Assert.Equal(3, (await AdmitAsync(Advert("n1"))).Epoch);
    }

    [Fact]
    public async Task A_recovered_cell_repeats_the_starts_that_nobody_reported_and_no_others()
    {
        StartCell();
        await AdmitAsync(Advert("n1"), Advert("n2"));
        await SubmitAsync("a", Gang());
        await SubmitAsync("b", Gang());
        await StartOrderAsync(1);
        var unstarted = await StartOrderAsync(2);
        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);
        await RestartCellAsync();

        await AdmitAsync(Advert("n1", running: 1), Advert("n2"));

        var orders = await NextAsync<NodeOrders>(Host);
        Assert.Equal(2, orders.Epoch);
        Assert.Empty(orders.Stops);
        Assert.Equal(unstarted, Assert.Single(orders.Starts));
    }

    [Fact]
    public async Task A_recovered_cell_knows_every_key_it_acknowledged()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        for (var i = 0; i < 5; i++) await SubmitAsync($"k{i}", Gang(name: $"g{i}"));
        await RestartCellAsync();
        for (var i = 0; i < 5; i++)
        {
            var again = await SubmitAsync($"k{i}", Gang(name: $"g{i}"));
            Assert.True(again.Repeated);
            Assert.Equal($"north-{i + 1}", again.Job.Id);
        }
    }

    [Fact]
    public async Task A_cell_that_was_elsewhere_for_a_while_keeps_what_it_wrote_after_it_came_back()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        for (var i = 0; i < 5; i++) await SubmitAsync($"k{i}", Gang(name: $"g{i}"));
        // Rows carry the id of the process that wrote them: this process, then another one, then this one again.
        await using (var connection = OpenConnection())
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "UPDATE journal SET writer_uuid = 'elsewhere' WHERE sequence_number = 4";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        await RestartCellAsync();
        for (var i = 0; i < 5; i++) Assert.True((await SubmitAsync($"k{i}", Gang(name: $"g{i}"))).Repeated);
    }

    [Fact]
    public async Task A_stop_that_was_lost_with_the_cell_is_ordered_again_when_the_node_still_runs_it()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await SubmitAsync("k", Gang());
        Report(Said(ReportKind.Started, "n1", 1));
        await NextAsync<WorkReportsAck>(Host);
        await AskAsync<JobReply>(new Protocol.V1.CancelJob { Cell = "north", Number = 1 });
        await RestartCellAsync();
        await SaidToHostAfterRecoveryAsync();

        await AdmitAsync(Advert("n1", running: 1));

        Assert.Equal("n1", (await StopOrderAsync(1)).Node);
    }

    [Fact]
    public async Task Recovery_from_a_snapshot_equals_recovery_from_the_journal_alone()
    {
        Options = Options with { SnapshotEventsMin = 10 };
        StartCell();
        await AdmitAsync(Advert("n1"), Advert("n2", model: "A10"));
        await WorkAsync(rounds: 20);
        await SnapshotAsync();
        var rows = Rows();
        await CrashCellAsync();

        StartCell();
        var withSnapshot = await ViewAsync();
        await CrashCellAsync();
        Assert.Equal(rows + 1, Rows());
        Assert.Equal(rows + 1, Sql("SELECT MAX(sequence_number) FROM journal WHERE persistence_id = 'cell-north'"));
        Assert.Equal(0, Sql("SELECT COUNT(*) FROM journal WHERE deleted"));

        // One serializer writes them all, the one that any process with the table of wire types can read.
        Assert.Equal(0, Sql("SELECT COUNT(*) FROM journal WHERE identifier <> 7401 AND persistence_id = 'cell-north'"));
        Assert.Equal(0, Sql("SELECT COUNT(*) FROM snapshot WHERE serializer_id <> 7401"));

        Sql("DELETE FROM snapshot; SELECT 0");
        StartCell();
        var withoutSnapshot = await ViewAsync();

        Assert.Equal(withSnapshot.AllocationsDigest, withoutSnapshot.AllocationsDigest);
        // The second recovery is one epoch and one round later, and nothing else is different.
        withoutSnapshot.Epoch--;
        withoutSnapshot.Round--;
        Assert.Equal(withSnapshot, withoutSnapshot);
        Assert.Equal(AllocationsHash.Of(await ReplayedAsync()), withSnapshot.AllocationsDigest);
    }

    [Fact]
    public async Task A_snapshot_is_used_and_gives_the_state_that_the_journal_gives()
    {
        Options = Options with { SnapshotEventsMin = 10 };
        StartCell();
        await AdmitAsync(Advert("n1"), Advert("n2", model: "A10"));
        await WorkAsync(rounds: 20);
        await SnapshotAsync();
        var state = await ReplayedAsync();
        await CrashCellAsync();
        // Without these rows only the snapshot can tell; a cell that reads it does not miss them.
        Sql("DELETE FROM journal WHERE persistence_id = 'cell-north' AND sequence_number <= 5; SELECT 0");
        StartCell();

        var view = await ViewAsync();
        Assert.Equal(AllocationsHash.Of(state), view.AllocationsDigest);
        Assert.Equal(state.Counters.Submitted, view.Submitted);
        Assert.Equal(state.Counters.Completed, view.Completed);
        Assert.Equal(state.RoundNumber + 1, view.Round);
    }

    /// <summary>Jobs come, start and end; something of everything is left over.</summary>
    private async Task WorkAsync(int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            Clock.Advance(TimeSpan.FromMinutes(7));
            await SubmitAsync($"k{i}", i % 3 == 0 ? Gang(4, $"g{i}") : Tasks(2, $"t{i}"));
            var live = (await ReplayedAsync()).Allocations.Keys.Order().Take(2).ToList();
            if (i % 4 == 3 || live.Count == 0) continue;
            var state = await ReplayedAsync();
            Report([.. live.Select((s, n) => Said(
                i % 2 == 0 ? ReportKind.Started : ReportKind.Completed, state.FindAllocation(s)!.Node.Id, s, n))]);
            await NextAsync<WorkReportsAck>(Host);
        }
    }

    private async Task SnapshotAsync()
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (Snapshots() == 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < Patience, "no snapshot was saved");
            await ViewAsync();
        }
    }

    private async Task SaidToHostAfterRecoveryAsync()
    {
        await ViewAsync();
        await SaidToHostAsync();
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class PostgresRecoveryTests() : RecoveryTests(CellStore.Postgres());
