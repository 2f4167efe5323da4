using Akka.Actor;
using Google.Protobuf;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Desks;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Tests.Cells;

namespace Stockpile.Scheduler.Tests.Desks;

/// <summary>A key desk on a real journal: it survives its end, and what cannot write rests and says so.</summary>
public sealed class KeyDeskActorTests : CellSpec
{
    private const string Desk = "desk-07";

    private static readonly string[] Keys =
        [.. Enumerable.Range(0, int.MaxValue).Select(i => $"k{i}").Where(k => KeyDesks.Of(k) == Desk).Take(40)];

    private IActorRef _desk = ActorRefs.Nobody;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_answered_is_known_after_a_crash_with_a_snapshot_and_without()
    {
        Options = Options with { SnapshotEventsMin = 10 };
        Start();
        for (var i = 0; i < 20; i++) await BindAsync(i, "north");
        while (Sql($"SELECT COUNT(*) FROM snapshot WHERE persistence_id = '{Desk}'") == 0) await BindAsync(0, "");
        await BindAsync(20, "south", "", 0);
        await CrashAsync();
        Start();
        Assert.Equal(("north", 1, false), await BindAsync(3, "south"));
        Assert.Equal(("south", 1, false), await BindAsync(20, "north"));
        Assert.Equal(("south", 2, true), await BindAsync(3, "south", "north", 1));
        await CrashAsync();
        Change("UPDATE snapshot SET manifest = 'key-desk-snapshot:2'");
        Start();
        Assert.Equal(("south", 2, false), await BindAsync(3, "north"));
        Assert.Equal(("", 0, false), await BindAsync(30, ""));
        Assert.Equal(3, (await EpochsAsync()).Distinct().Count());
    }

    [Fact]
    public async Task Many_bindings_during_a_write_are_one_row()
    {
        Start();
        await BindAsync(0, "north");
        var before = Rows();
        Gate.Hold();
        Tell(1, "north");
        await Gate.ArrivedAsync(Patience);
        for (var i = 2; i < 30; i++) Tell(i, "north");
        Gate.Release();
        for (var i = 1; i < 30; i++) await NextAsync<BindKeysReply>(Client);
        Assert.InRange(Rows(), before + 1, before + 2);
    }

    [Fact]
    public async Task A_failed_write_is_never_acknowledged_and_the_desk_rests_and_says_so()
    {
        Options = Options with { RestFirst = TimeSpan.FromMilliseconds(700) };
        Start();
        await BindAsync(0, "north");
        Gate.Hold();
        Tell(1, "north");
        await Gate.ArrivedAsync(Patience);
        Gate.Release(JournalVerdict.Fail);

        var down = await UntilAsync<CellDown>(2);
        Assert.Equal((Desk, 700, false), (down.Cell, down.RetryAfterMs, down.Stopped));
        Assert.StartsWith($"key desk {Desk} could not write row 3: ", down.Message, StringComparison.Ordinal);
        await UntilAsync<BindKeysReply>(2);
        // What was not acknowledged is not bound.
        Assert.Equal(("south", 1, true), await BindAsync(1, "south"));
    }

    [Fact]
    public async Task A_desk_that_was_taken_over_is_left_alone_for_a_while()
    {
        Start();
        await BindAsync(0, "north");
        var last = Rows();
        var row = KeysBound.Parser.ParseFrom(Bytes(
            $"SELECT message FROM journal WHERE persistence_id = '{Desk}' AND sequence_number = {last}"));
        row.Number = last + 1;
        row.Epoch++;
        row.Keys.Clear();
        Assert.Equal(1, Change(
            "INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier) "
            + $"SELECT created, deleted, persistence_id, {last + 1}, @bytes, manifest, identifier FROM journal "
            + $"WHERE persistence_id = '{Desk}' AND sequence_number = {last}", row.ToByteArray()));

        Tell(1, "north");
        var down = await UntilAsync<CellDown>(2);
        Assert.StartsWith(
            $"key desk {Desk} was taken over by another scheduler, which has written row {last + 1}: ", down.Message,
            StringComparison.Ordinal);
        Assert.Equal(Options.RestWhenOvertaken.TotalMilliseconds, down.RetryAfterMs);
        Assert.Equal(last + 1, Rows());
    }

    [Fact]
    public async Task A_row_that_cannot_be_used_stops_the_desk_by_name()
    {
        Start();
        await BindAsync(0, "north");
        await CrashAsync();
        var row = KeysBound.Parser.ParseFrom(Bytes(
            $"SELECT message FROM journal WHERE persistence_id = '{Desk}' AND sequence_number = 2"));
        row.Keys[0].Generation = 7;
        Change($"UPDATE journal SET message = @bytes WHERE persistence_id = '{Desk}' AND sequence_number = 2",
            row.ToByteArray());
        Start();
        var down = await UntilAsync<CellDown>(1);
        Assert.True(down.Stopped);
        Assert.Equal(Options.RestWhenStopped.TotalMilliseconds, down.RetryAfterMs);
    }

    /// <summary>What lists cells must not take a desk for one.</summary>
    [Fact]
    public async Task A_desk_is_no_cell()
    {
        Start();
        await BindAsync(0, "north");
        Assert.Empty(await Reader().CellsAsync());
    }

    private void Start() => _desk = Sys.ActorOf(KeyDeskSupervisor.Props(Desk, Options));

    private async Task CrashAsync()
    {
        await WatchAsync(_desk);
        Sys.Stop(_desk);
        await ExpectTerminatedAsync(_desk, Patience, cancellationToken: Cancel);
    }

    private void Tell(int key, string cell, string not = "", int generation = 0) => _desk.Tell(new BindKeys
    {
        Desk = Desk,
        Wishes = { new KeyWish { Key = Keys[key], Cell = cell, NotCell = not, NotGeneration = generation } },
    }, Client.Ref);

    private async Task<(string Cell, int Generation, bool IsNew)> BindAsync(
        int key, string cell, string not = "", int generation = 0)
    {
        Tell(key, cell, not, generation);
        var bound = Assert.Single((await NextAsync<BindKeysReply>(Client)).Bindings);
        Assert.Equal(Keys[key], bound.Key);
        return (bound.Cell, bound.Generation, bound.IsNew);
    }

    /// <summary>Real time passes, and it is looked up again and again until the answer is of this type.</summary>
    private async Task<T> UntilAsync<T>(int key) where T : class
    {
        var since = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(since) < Patience)
        {
            Tell(key, "");
            if (await Client.ReceiveOneAsync(TimeSpan.FromMilliseconds(200), Cancel) is T answer) return answer;
        }

        throw new TimeoutException($"no {typeof(T).Name} within {Patience}");
    }

    private new long Rows() => Sql($"SELECT COUNT(*) FROM journal WHERE persistence_id = '{Desk}'");

    private Task<List<long>> EpochsAsync()
    {
        var epochs = new List<long>();
        for (var row = 1; row <= Rows(); row++)
            epochs.Add(KeysBound.Parser.ParseFrom(Bytes(
                $"SELECT message FROM journal WHERE persistence_id = '{Desk}' AND sequence_number = {row}")).Epoch);
        Assert.Equal(epochs.Order(), epochs);
        return Task.FromResult(epochs);
    }
}
