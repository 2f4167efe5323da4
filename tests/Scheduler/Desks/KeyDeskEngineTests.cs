using Akka.Actor;
using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Tests.Desks;

/// <summary>When a desk answers, and what its rows hold.</summary>
public sealed class KeyDeskEngineTests() : Akka.TestKit.Xunit.TestKit("akka.loglevel = OFF")
{
    private const string Desk = "desk-07";

    private static readonly string[] Keys =
        [.. Enumerable.Range(0, int.MaxValue).Select(i => $"k{i}").Where(k => KeyDesks.Of(k) == Desk).Take(600)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_answered_before_the_row_is_durable_and_what_gathers_is_one_row()
    {
        var bench = new DeskBench(Desk, holds: true);
        bench.Engine.Begin();
        Ask(bench, Wish(0, "north"));
        Ask(bench, Wish(1, "south"), Wish(0, "south"));
        Ask(bench, Wish(2, ""));
        await SilentAsync();
        bench.Write();
        await SilentAsync();
        bench.Write();

        Assert.Equal([(Keys[0], "north", 1, true)], await AnswerAsync());
        Assert.Equal([(Keys[1], "south", 1, true), (Keys[0], "north", 1, false)], await AnswerAsync());
        Assert.Equal([(Keys[2], "", 0, false)], await AnswerAsync());
        Assert.Equal([0, 2], bench.Rows.Select(r => r.Keys.Count));
        Assert.Equal([(1, 1), (1, 2)], bench.Rows.Select(r => (r.Epoch, r.Number)));
    }

    /// <summary>The state runs ahead of the journal: what it says is as little durable as a new binding.</summary>
    [Fact]
    public async Task A_repeat_and_a_look_up_wait_for_the_write_that_they_rest_on()
    {
        var bench = new DeskBench(Desk);
        bench.Engine.Begin();
        bench.Holds = true;
        Ask(bench, Wish(0, "north"));
        Ask(bench, Wish(0, "north"));
        Ask(bench, Wish(0, ""));
        await SilentAsync();
        bench.Write();
        foreach (var isNew in new[] { true, false, false })
            Assert.Equal([(Keys[0], "north", 1, isNew)], await AnswerAsync());
        Assert.Equal(2, bench.Rows.Count);
    }

    [Fact]
    public async Task After_a_write_that_failed_the_next_owner_knows_what_is_durable_and_nothing_else()
    {
        var bench = new DeskBench(Desk);
        bench.Engine.Begin();
        Ask(bench, Wish(0, "north"));
        await AnswerAsync();
        bench.Holds = true;
        Ask(bench, Wish(1, "north"));
        await SilentAsync();

        var next = new DeskBench(Desk);
        foreach (var row in bench.Rows) next.Engine.Replay(row);
        next.Engine.Begin();
        Ask(next, Wish(0, "south"), Wish(1, "south"));
        Assert.Equal([(Keys[0], "north", 1, false), (Keys[1], "south", 1, true)], await AnswerAsync());
        Assert.Equal([(2, 3), (2, 4)], next.Rows.Select(r => (r.Epoch, r.Number)));
    }

    [Fact]
    public async Task A_refused_binding_is_replaced_once()
    {
        var bench = new DeskBench(Desk);
        bench.Engine.Begin();
        Ask(bench, Wish(0, "north"));
        Ask(bench, Wish(0, "south", "north", 1));
        Ask(bench, Wish(0, "west", "north", 1));
        Ask(bench, Wish(0, "east"));
        Assert.Equal([(Keys[0], "north", 1, true)], await AnswerAsync());
        Assert.Equal([(Keys[0], "south", 2, true)], await AnswerAsync());
        Assert.Equal([(Keys[0], "south", 2, false)], await AnswerAsync());
        Assert.Equal([(Keys[0], "south", 2, false)], await AnswerAsync());
    }

    [Fact]
    public async Task A_full_inbox_is_refused()
    {
        var bench = new DeskBench(Desk, holds: true);
        bench.Engine.Begin();
        for (var i = 0; i < SchedulerLimits.DeskInboxMessagesMax; i++)
            bench.Engine.Receive(new BindKeys { Desk = Desk, Wishes = { Wish(0, "north") } }, ActorRefs.Nobody);
        Ask(bench, Wish(1, "north"));
        var busy = await ExpectMsgAsync<CellBusy>(cancellationToken: Cancel);
        Assert.Equal(Desk, busy.Cell);
        Assert.True(busy.RetryAfterMs > 0);
    }

    [Fact]
    public async Task What_is_not_for_this_desk_is_ignored()
    {
        var bench = new DeskBench(Desk);
        bench.Engine.Begin();
        var other = Enumerable.Range(0, 1_000).Select(i => $"o{i}").First(k => KeyDesks.Of(k) != Desk);
        Ask(bench, Wish(0, "north"), new KeyWish { Key = other, Cell = "north" });
        Ask(bench, new KeyWish { Cell = "north" });
        Ask(bench, [.. Enumerable.Range(0, SchedulerLimits.KeysPerMessageMax + 1).Select(i => Wish(i, "north"))]);
        bench.Engine.Receive(new BindKeys { Desk = "desk-08", Wishes = { Wish(0, "north") } }, TestActor);
        await SilentAsync();
        Assert.Single(bench.Rows);
    }

    [Fact]
    public void A_snapshot_is_saved_when_enough_was_bound_and_recovery_goes_on_from_it()
    {
        var bench = new DeskBench(Desk, snapshotKeysMin: 10);
        bench.Engine.Begin();
        for (var i = 0; i < 25; i++) Ask(bench, Wish(i, "north"));
        Assert.NotEmpty(bench.Snapshots);
        var snapshot = bench.Snapshots[^1];
        var next = new DeskBench(Desk);
        next.Engine.Restore(snapshot);
        foreach (var row in bench.Rows.Where(r => r.Number > snapshot.Row)) next.Engine.Replay(row);
        Assert.Equivalent(bench.Engine.State.Capture(), next.Engine.State.Capture(), strict: true);
    }

    [Fact]
    public async Task A_desk_that_is_told_to_stop_finishes_its_row_first()
    {
        var bench = new DeskBench(Desk);
        bench.Engine.Begin();
        bench.Holds = true;
        Ask(bench, Wish(0, "north"));
        bench.Engine.StopWhenDurable();
        Assert.False(bench.Stopped);
        bench.Write();
        await AnswerAsync();
        Assert.True(bench.Stopped);
    }

    [Fact]
    public void Keys_spread_over_all_desks_the_same_way_in_every_process()
    {
        Assert.Equal(64, KeyDesks.All.Distinct().Count());
        // What these are in one process they have to be in all, for the life of every journal.
        Assert.Equal("desk-18", KeyDesks.Of("train-1"));
        var counts = Enumerable.Range(0, 64_000).CountBy(i => KeyDesks.Of($"key-{i}")).ToDictionary();
        Assert.Equal(64, counts.Count);
        Assert.All(counts.Values, n => Assert.InRange(n, 700, 1_300));
    }

    private static KeyWish Wish(int key, string cell, string not = "", int generation = 0) =>
        new() { Key = Keys[key], Cell = cell, NotCell = not, NotGeneration = generation };

    private void Ask(DeskBench bench, params KeyWish[] wishes) =>
        bench.Engine.Receive(new BindKeys { Desk = Desk, Wishes = { wishes } }, TestActor);

    private async Task<(string, string, int, bool)[]> AnswerAsync() =>
        [.. (await ExpectMsgAsync<BindKeysReply>(cancellationToken: Cancel)).Bindings
            .Select(b => (b.Key, b.Cell, b.Generation, b.IsNew))];

    private ValueTask SilentAsync() => new(ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50), Cancel).AsTask());
}
