using Google.Protobuf;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>A cell whose next round another scheduler has written: this one was paused, or is cut off.</summary>
public class OvertakenTests : CellSpec
{
    public OvertakenTests()
    {
    }

    protected OvertakenTests(CellStore store) : base(store)
    {
    }

    [Fact]
    public async Task It_leaves_the_cell_alone_until_it_must_have_heard_that_it_was_put_out()
    {
        StartSupervised();
        await AdmitAsync(Advert("n1"));
        var last = Rows();
        Overtake(last + 1);

        Cell.Tell(new AdvertiseNodes { Cell = "north", Host = "h2", Nodes = { Advert("n2") } }, Host.Ref);
        var down = await UntilAsync<CellDown>();

        Assert.StartsWith(
            $"cell north was taken over by another scheduler, which has written round {last + 1}: ", down.Message,
            StringComparison.Ordinal);
        Assert.False(down.Stopped);
        Assert.Equal(Options.RestWhenOvertaken.TotalMilliseconds, down.RetryAfterMs);
        // It has not raised the epoch above the other one's.
        Assert.Equal(last + 1, Rows());
    }

    [Fact]
    public async Task One_that_has_written_nothing_yet_tries_again_soon()
    {
        Options = Options with { RestWhenOvertaken = TimeSpan.FromHours(1), RestFirst = TimeSpan.FromMilliseconds(10) };
        StartCell();
        await AdmitAsync(Advert("n1"));
        await CrashCellAsync();
        Gate.Hold();
        StartSupervised();
        await Gate.ArrivedAsync(Patience);
        // The owner before was not as dead as it seemed: its last round comes before this one's first.
        Overtake(Rows() + 1);
        Gate.Release();

        Assert.Equal(3, (await UntilAsync<CellView>()).Epoch);
    }

    /// <summary>Another owner writes the cell's next round: it raises the epoch.</summary>
    private void Overtake(long number)
    {
        const string Last = "SELECT MAX(sequence_number) FROM journal WHERE persistence_id = 'cell-north'";
        var round = RoundCommitted.Parser.ParseFrom(Bytes(
            "SELECT message FROM journal WHERE persistence_id = 'cell-north' AND sequence_number = 1"));
        var before = RoundCommitted.Parser.ParseFrom(Bytes(
            $"SELECT message FROM journal WHERE persistence_id = 'cell-north' AND sequence_number = ({Last})"));
        round.Number = number;
        round.Epoch = before.Epoch + 1;
        round.AtMs = before.AtMs;
        round.Events.Clear();
        round.Events.Add(new CellEventMsg { EpochRaised = round.Epoch });
        Assert.Equal(1, Change(
            "INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier) "
            + $"SELECT created, deleted, persistence_id, {number}, @bytes, manifest, identifier FROM journal "
            + "WHERE persistence_id = 'cell-north' AND sequence_number = 1", round.ToByteArray()));
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class PostgresOvertakenTests() : OvertakenTests(CellStore.Postgres());
