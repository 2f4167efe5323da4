using Google.Protobuf;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>A snapshot that is of no use: the journal alone is enough.</summary>
public class BadSnapshotTests : CellSpec
{
    public BadSnapshotTests()
    {
    }

    protected BadSnapshotTests(CellStore store) : base(store)
    {
    }

    [Theory]
    [InlineData("torn")]
    [InlineData("newer")]
    [InlineData("foreign")]
    [InlineData("other type")]
    [InlineData("other round")]
    [InlineData("contradiction")]
    [InlineData("empty")]
    [InlineData("gone")]
    public async Task The_cell_recovers_from_its_rows_to_the_same_state(string damage)
    {
        await StartWithSnapshotAsync();
        var before = await ViewAsync();
        await CrashCellAsync();
        Assert.Equal(Snapshots(), Damage(damage));

        StartSupervised();
        var after = await UntilAsync<CellView>();

        Assert.Equal((before.Round + 1, before.Epoch + 1), (after.Round, after.Epoch));
        after.Round--;
        after.Epoch--;
        Assert.Equal(before, after);
        Assert.Equal(AllocationsHash.Of(await ReplayedAsync()), after.AllocationsDigest);

        // The next snapshot takes the place of the one that was of no use.
        while (Sql("SELECT COUNT(*) FROM snapshot WHERE sequence_number > " + before.Round) == 0) await ViewAsync();
        await CrashCellAsync();
        StartSupervised();
        Assert.Equal(before.AllocationsDigest, (await UntilAsync<CellView>()).AllocationsDigest);
    }

    private int Damage(string damage) => damage switch
    {
        "torn" => Change("UPDATE snapshot SET snapshot = @bytes", [10, 200, 1, 2, 3]),
        "newer" => Change("UPDATE snapshot SET manifest = 'cell-snapshot:2'"),
        "foreign" => Change("UPDATE snapshot SET serializer_id = 99"),
        "other type" => Change("UPDATE snapshot SET manifest = 'get-cell:1', snapshot = @bytes",
            new GetCell { Cell = "north" }.ToByteArray()),
        "other round" => Edit(snapshot => snapshot.Round -= 1),
        "contradiction" => Edit(snapshot => snapshot.Allocations[0].Job = 99),
        "empty" => Change("UPDATE snapshot SET snapshot = @bytes", []),
        "gone" => Change("DELETE FROM snapshot"),
        _ => throw new ArgumentOutOfRangeException(nameof(damage), damage, "no such damage"),
    };

    private int Edit(Action<CellSnapshot> edit)
    {
        var snapshot = CellSnapshot.Parser.ParseFrom(Bytes("SELECT snapshot FROM snapshot"));
        edit(snapshot);
        return Change("UPDATE snapshot SET snapshot = @bytes", snapshot.ToByteArray());
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class PostgresBadSnapshotTests() : BadSnapshotTests(CellStore.Postgres());
