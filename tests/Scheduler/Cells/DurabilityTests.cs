using System.Data.Common;
using Akka.Actor;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>What the cell says, and when, around a write that hangs or fails.</summary>
public class DurabilityTests : CellSpec
{
    public DurabilityTests()
    {
    }

    protected DurabilityTests(CellStore store) : base(store)
    {
    }

    [Fact]
    public async Task Nothing_is_answered_and_nothing_ordered_before_the_round_is_durable()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        Gate.Hold();
        Submit("k", Gang());
        await Gate.ArrivedAsync(Patience);

        Assert.Empty(await SaidToHostAsync());
        Assert.False(Client.HasMessages);
        var rows = Rows();

        Gate.Release();
        Assert.Equal("north-1", Assert.Single((await NextAsync<SubmitJobsReply>(Client)).Results).Job.Id);
        Assert.Equal("north-1", (await StartOrderAsync(1)).Job);
        Assert.Equal(rows + 1, Rows());
    }

    [Fact]
    public async Task A_write_that_waits_for_a_locked_database_holds_the_answer_back()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await using (var other = OpenConnection())
        {
            Execute(other, LockSql);
            Submit("k", Gang());
            // The round after this beat would hold the answer, had the write come through.
            Assert.Empty(await SaidToHostAsync());
            Assert.Empty(await SaidToHostAsync());
            Assert.False(Client.HasMessages);
            Execute(other, "COMMIT");
        }

        Assert.Null(Assert.Single((await NextAsync<SubmitJobsReply>(Client)).Results).Refusal);
        await StartOrderAsync(1);
    }

    [Fact]
    public async Task A_question_waits_for_the_round_in_flight_so_nobody_learns_of_what_may_yet_be_lost()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        Gate.Hold();
        Submit("k", Gang());
        await Gate.ArrivedAsync(Patience);
        var reader = CreateTestProbe();
        Cell.Tell(new GetJob { Cell = "north", Number = 1 }, reader.Ref);

        await SaidToHostAsync();
        Assert.False(reader.HasMessages);

        Gate.Release();
        Assert.Equal("north-1", (await NextAsync<JobReply>(reader)).Job.Id);
    }

    [Theory]
    [InlineData(JournalVerdict.Fail)]
    [InlineData(JournalVerdict.Reject)]
    public async Task A_failed_write_is_never_acknowledged_and_the_cell_recovers_with_the_state_before_it(
        JournalVerdict verdict)
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        Assert.Equal("north-1", (await SubmitAsync("first", Gang())).Job.Id);
        await StartOrderAsync(1);
        var before = (await ReplayedAsync()).Capture();
        await WatchAsync(Cell);

        Gate.Hold();
        Submit("second", Gang(name: "lost"));
        await Gate.ArrivedAsync(Patience);
        Gate.Release(verdict);

        await ExpectTerminatedAsync(Cell, Patience, cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(Client.HasMessages);
        Assert.False(Host.HasMessages);
        Assert.Equivalent(before, (await ReplayedAsync()).Capture());

        StartCell();
        Assert.Equal(1, (await ViewAsync()).Submitted);
        // The number of the job that was lost is given to the next one: nobody was told of it.
        Assert.Equal("north-2", (await SubmitAsync("second", Gang(name: "lost"))).Job.Id);
    }

    [Fact]
    public async Task Reports_are_acknowledged_only_when_what_they_say_is_durable()
    {
        await StartWithGangAsync();
        Gate.Hold();
        Report(Said(ReportKind.Started, "n1", 1, id: 41));
        await Gate.ArrivedAsync(Patience);

        Assert.Empty(await SaidToHostAsync());

        Gate.Release();
        Assert.Equal([41], (await NextAsync<WorkReportsAck>(Host)).Ids);
        Assert.Equal("running", (await JobAsync(1)).State);
    }

    [Fact]
    public async Task An_admission_is_answered_only_when_it_is_durable()
    {
        StartCell();
        await ViewAsync();
        Gate.Hold();
        Cell.Tell(new AdvertiseNodes { Cell = "north", Host = "h1", Nodes = { Advert("n1") } }, Host.Ref);
        await Gate.ArrivedAsync(Patience);

        Assert.Empty(await SaidToHostAsync());

        Gate.Release();
        Assert.Equal(["n1"], (await NextAsync<AdvertiseReply>(Host)).Admitted);
    }

    [Fact]
    public async Task A_stop_during_a_write_takes_effect_after_it_and_the_answer_is_given()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await WatchAsync(Cell);
        Gate.Hold();
        Submit("k", Gang());
        await Gate.ArrivedAsync(Patience);
        Cell.Tell(CellActor.StopCell.Instance);
        await SaidToHostAsync();
        Assert.False(HasMessages);

        Gate.Release();

        Assert.Null(Assert.Single((await NextAsync<SubmitJobsReply>(Client)).Results).Refusal);
        await ExpectTerminatedAsync(Cell, Patience, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Single((await ReplayedAsync()).Jobs);
    }

    [Fact]
    public async Task A_stop_between_two_writes_takes_effect_at_once()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await ViewAsync();
        await WatchAsync(Cell);
        Cell.Tell(CellActor.StopCell.Instance);
        await ExpectTerminatedAsync(Cell, Patience, cancellationToken: TestContext.Current.CancellationToken);
    }

    private static void Execute(DbConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class PostgresDurabilityTests() : DurabilityTests(CellStore.Postgres());
