using Google.Protobuf;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>A journal with a row that nobody can use.</summary>
public class BadRowTests : CellSpec
{
    private const string Third = "WHERE persistence_id = 'cell-north' AND sequence_number = 3";

    public BadRowTests()
    {
    }

    protected BadRowTests(CellStore store) : base(store)
    {
    }

    /// <summary>Each with what is said of row 3.</summary>
    public static TheoryData<string, string> Damages => new()
    {
        { "torn", "row 3 of cell-north cannot be read: 9 bytes with the manifest 'round-committed:1' do not parse: " },
        { "newer", "row 3 of cell-north cannot be read: the manifest 'round-committed:2' is unknown to this release" },
        { "foreign", "row 3 of cell-north cannot be read: Cannot find serializer with id [99]" },
        { "other type", "row 3 of cell-north holds a GetCell and not a round" },
        { "missing", "row 3 of cell-north is missing: row 4 follows row 2" },
        { "deleted", "row 3 of cell-north is missing: row 4 follows row 2" },
        { "other cell", "row 3 of cell-north holds a round of cell south" },
        { "doubled", "row 3 of cell-north holds round 2" },
        { "unknown event", "row 3 of cell-north (round-committed:1) cannot be read: cell north, round 3: this release "
            + "does not know event case 99; " },
        { "contradiction", "row 3 of cell-north contradicts the rows before it: job 7 is not the next one, 1" },
        { "earlier", "row 3 of cell-north contradicts the rows before it: a round at " },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task It_stops_the_cell_with_its_name_and_a_check_finds_the_same_row(string damage, string said)
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        foreach (var key in new[] { "a", "b", "c" }) await SubmitAsync(key, Gang());
        await CrashCellAsync();
        Assert.Equal(1, Damage(damage));

        StartSupervised();
        var down = await UntilAsync<CellDown>();

        Assert.True(down.Stopped);
        Assert.StartsWith($"cell north is stopped: {said}", down.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', down.Message);
        var fault = await Assert.ThrowsAsync<JournalRowException>(ReplayedAsync);
        Assert.Equal(3, fault.Row);
        Assert.Equal($"cell north is stopped: {fault.Message}", down.Message);
        // The cell wrote nothing on top of it.
        Assert.True(Rows() is 4 or 5);
        Assert.InRange(Sql("SELECT MAX(sequence_number) FROM journal WHERE persistence_id = 'cell-north'"), 5, 5);
    }

    [Fact]
    public async Task A_key_of_the_stopped_cell_is_still_known_and_others_are_not_taken_for_known()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        foreach (var key in new[] { "a", "b", "c" }) await SubmitAsync(key, Gang());
        await CrashCellAsync();
        // Row 3 has the key a; what it holds is gone, what comes after it is not.
        Assert.Equal(1, Damage("torn"));
        StartSupervised();
        await UntilAsync<CellDown>();

        var known = await UntilAsync<FindKeysReply>(
            new FindKeys { Cell = "north", Keys = { "a", "b", "c", "d" } });

        Assert.Equal(["b", "c"], known.Known);
    }

    [Fact]
    public async Task A_row_that_is_repaired_is_used_without_a_restart_of_the_process()
    {
        Options = Options with { RestWhenStopped = TimeSpan.FromMilliseconds(200) };
        StartCell();
        await AdmitAsync(Advert("n1"));
        foreach (var key in new[] { "a", "b", "c" }) await SubmitAsync(key, Gang());
        await CrashCellAsync();
        var whole = Bytes($"SELECT message FROM journal {Third}");
        Assert.Equal(1, Damage("torn"));
        StartSupervised();
        Assert.True((await UntilAsync<CellDown>()).Stopped);

        Assert.Equal(1, Change($"UPDATE journal SET message = @bytes {Third}", whole));

        Assert.Equal(3, (await UntilAsync<CellView>()).Submitted);
    }

    private int Damage(string damage) => damage switch
    {
        "torn" => Change($"UPDATE journal SET message = @bytes {Third}", [10, 200, 1, 2, 3, 4, 5, 6, 7]),
        "newer" => Change($"UPDATE journal SET manifest = 'round-committed:2' {Third}"),
        "foreign" => Change($"UPDATE journal SET identifier = 99 {Third}"),
        "other type" => Change($"UPDATE journal SET manifest = 'get-cell:1', message = @bytes {Third}",
            new GetCell { Cell = "north" }.ToByteArray()),
        "missing" => Change($"DELETE FROM journal {Third}"),
        "deleted" => Change($"UPDATE journal SET deleted = '1' {Third}"),
        "other cell" => Edit(round => round.Cell = "south"),
        "doubled" => Edit(round => round.Number = 2),
        "unknown event" => Change($"UPDATE journal SET message = @bytes {Third}", WithUnknownEvent()),
        "contradiction" => Edit(round => round.Events.First(e => e.JobSubmitted is not null).JobSubmitted.Job = 7),
        "earlier" => Edit(round => round.AtMs -= 1),
        _ => throw new ArgumentOutOfRangeException(nameof(damage), damage, "no such damage"),
    };

    private RoundCommitted Round() => RoundCommitted.Parser.ParseFrom(Bytes($"SELECT message FROM journal {Third}"));

    private int Edit(Action<RoundCommitted> edit)
    {
        var round = Round();
        edit(round);
        return Change($"UPDATE journal SET message = @bytes {Third}", round.ToByteArray());
    }

    /// <summary>As a newer release may write it: an event in a field that this one does not have.</summary>
    private byte[] WithUnknownEvent()
    {
        var round = Round();
        round.Events.Clear();
        // Field 99 of the event, a varint; the event is the last field of the round.
        byte[] unknown = [0x98, 0x06, 0x01];
        var tag = WireFormat.MakeTag(RoundCommitted.EventsFieldNumber, WireFormat.WireType.LengthDelimited);
        return [.. round.ToByteArray(), (byte)tag, (byte)unknown.Length, .. unknown];
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class PostgresBadRowTests() : BadRowTests(CellStore.Postgres());
