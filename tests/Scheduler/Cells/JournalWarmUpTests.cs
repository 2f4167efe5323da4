using Akka.Actor;
using Akka.Event;
using Google.Protobuf;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>A scheduler that starts recovers a cell of the journal, whoever owns it, and leaves no trace.</summary>
public class JournalWarmUpTests : CellSpec
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_recovers_a_cell_beside_its_owner_and_writes_nothing()
    {
        await StartWithSnapshotAsync();
        var before = await ViewAsync();

        await EndsAsync(Task.FromResult<IReadOnlyList<string>>(["north", "south"]));

        Assert.Equal(["cell-north", "cell-north"], Gate.Replayed);
        Assert.Equal(before.Round, Rows());
        // The owner goes on; another epoch would have put it out.
        await SubmitAsync("after", Gang());
        Assert.Equal(before.Epoch, (await ViewAsync()).Epoch);
    }

    [Fact]
    public async Task Without_a_cell_it_recovers_nothing_and_writes_nothing()
    {
        await EndsAsync(Task.FromResult<IReadOnlyList<string>>([]));
        await EndsAsync(Task.FromException<IReadOnlyList<string>>(new IOException("no journal, says the test")));

        Assert.Equal(["warm-up", "warm-up"], Gate.Replayed);
        Assert.Equal(0, Sql("SELECT COUNT(*) FROM journal"));
    }

    [Fact]
    public async Task A_row_of_no_use_is_for_its_cell_to_tell()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        foreach (var key in new[] { "a", "b", "c" }) await SubmitAsync(key, Gang());
        await CrashCellAsync();
        var row = RoundCommitted.Parser.ParseFrom(Bytes("SELECT message FROM journal WHERE sequence_number = 3"));
        row.Number = 2;
        Assert.Equal(1, Change("UPDATE journal SET message = @bytes WHERE sequence_number = 3", row.ToByteArray()));
        var rows = Rows();

        var errors = CreateTestProbe();
        Sys.EventStream.SetLogLevel(LogLevel.ErrorLevel);
        Sys.EventStream.Subscribe(errors.Ref, typeof(Error));
        await EndsAsync(Task.FromResult<IReadOnlyList<string>>(["north"]));

        // It would have been said before it ended.
        Assert.False(errors.HasMessages);
        Assert.Equal(rows, Rows());
    }

    private async Task EndsAsync(Task<IReadOnlyList<string>> cells)
    {
        var warmUp = Sys.ActorOf(JournalWarmUp.Props(Options, cells));
        await WatchAsync(warmUp);
        await ExpectTerminatedAsync(warmUp, Patience, cancellationToken: Cancel);
    }
}
