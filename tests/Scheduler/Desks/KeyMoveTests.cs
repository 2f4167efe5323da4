using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Time.Testing;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using Stockpile.Scheduler.Tests.Journal;

namespace Stockpile.Scheduler.Tests.Desks;

/// <summary>What a cell does for the desks: it tells them keys of before there were any, and closes keys.</summary>
public sealed class KeyMoveTests : Akka.TestKit.Xunit.TestKit, ICellPorts
{
    private static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<RoundCommitted> _rows = [];
    private CellView? _digest;

    public KeyMoveTests() : base("akka.loglevel = OFF")
    {
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    IActorRef ICellPorts.Self => ActorRefs.Nobody;

    IActorRef ICellPorts.Cells => ActorRefs.Nobody;

    IActorRef ICellPorts.Desks => TestActor;

    Address ICellPorts.Member { get; } = new("akka", "test");

    void ICellPorts.Persist(RoundCommitted round, Action whenDurable)
    {
        _rows.Add(round);
        whenDurable();
    }

    void ICellPorts.SaveSnapshot(CellSnapshot snapshot)
    {
    }

    void ICellPorts.Publish(CellView digest) => _digest = digest;

    void ICellPorts.Stop()
    {
    }

    [Fact]
    public async Task A_new_cell_has_its_keys_at_the_desks_with_its_first_round()
    {
        var cell = Cell();
        cell.Begin();
        Assert.Equal(
            [CellEventMsg.EventOneofCase.EpochRaised, CellEventMsg.EventOneofCase.KeysAtDesks],
            Assert.Single(_rows).Events.Select(e => e.EventCase));
        Assert.True(_digest!.KeysAtDesks);
        cell.Begin();
        Assert.Equal(CellEventMsg.EventOneofCase.EpochRaised, Assert.Single(_rows[1].Events).EventCase);
        await ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50), Cancel);
    }

    [Fact]
    public async Task The_cell_of_an_old_journal_tells_its_keys_until_every_desk_has_answered()
    {
        var cell = OldCell("a", "b", "c");
        Assert.False(_digest!.KeysAtDesks);
        var asked = new List<BindKeys>();
        for (var i = 0; i < KeyDesks.All.Count(d => new[] { "a", "b", "c" }.Any(k => KeyDesks.Of(k) == d)); i++)
            asked.Add(await NextAsync());
        Assert.Equal(["a", "b", "c"], asked.SelectMany(m => m.Wishes).Select(w => w.Key).Order());
        Assert.All(asked, m => Assert.All(m.Wishes, w => Assert.Equal(("north", 0), (w.Cell, w.NotGeneration))));

        // Nobody answers; then all but one do, and the last one says that the key is another cell's.
        Pass(cell, TimeSpan.FromSeconds(3));
        foreach (var _ in asked) await NextAsync();
        foreach (var m in asked.SkipLast(1)) cell.OnBound(Reply(m, "north"));
        Pass(cell, TimeSpan.FromSeconds(3));
        Assert.False(cell.State.HasKeysAtDesks);
        var last = await NextAsync();
        cell.OnBound(Reply(last, "south"));
        Assert.True(cell.State.HasKeysAtDesks);
        var rows = _rows.Count;
        cell.OnBound(Reply(last, "south"));
        Pass(cell, TimeSpan.FromSeconds(3));
        Assert.Equal(rows, _rows.Count);
        Assert.True(_digest!.KeysAtDesks);
        await ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50), Cancel);
    }

    [Fact]
    public async Task Many_keys_go_to_a_desk_in_parts()
    {
        var keys = Enumerable.Range(0, int.MaxValue).Select(i => $"k{i}")
            .Where(k => KeyDesks.Of(k) == "desk-03").Take(SchedulerLimits.KeysPerMessageMax + 1).ToArray();
        var cell = OldCell(keys);
        var first = await NextAsync();
        Assert.Equal(SchedulerLimits.KeysPerMessageMax, first.Wishes.Count);
        cell.OnBound(Reply(first, "north"));
        var second = await NextAsync();
        Assert.Equal(keys.Order(StringComparer.Ordinal).Last(), Assert.Single(second.Wishes).Key);
        cell.OnBound(Reply(second, "north"));
        Assert.True(cell.State.HasKeysAtDesks);
    }

    /// <summary>The kept journal of the release before there were desks.</summary>
    [Fact]
    public async Task The_keys_of_release_0_1_0_are_moved()
    {
        var cell = Cell();
        foreach (var row in JournalFile.Read(JournalFile.PathOf("0.1.0")).Rows)
            cell.Replay(RoundCommitted.Parser.ParseFrom(row.Bytes));
        _clock.SetUtcNow(cell.State.At);
        var keys = cell.State.Keys.Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(keys);
        cell.Begin();
        Assert.False(cell.State.HasKeysAtDesks);
        var told = new List<string>();
        while (!cell.State.HasKeysAtDesks)
        {
            var message = await NextAsync();
            told.AddRange(message.Wishes.Select(w => w.Key));
            cell.OnBound(Reply(message, "north"));
        }

        Assert.Equal(keys, told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_refusal_for_good_closes_the_binding_that_it_came_by()
    {
        var cell = Cell();
        cell.Begin();
        Submit(cell, "dry", binding: 1, dryRun: true);
        Submit(cell, "none", binding: 0);
        Assert.Single(_rows);
        Submit(cell, "k", binding: 2);
        Submit(cell, "k", binding: 2);
        Submit(cell, "k", binding: 1);
        var closed = Assert.Single(_rows[1..]).Events.Single().KeyClosed;
        Assert.Equal(("k", 2), (closed.Key, closed.Generation));
        Assert.Equal(0, cell.State.Counters.Submitted);

        Admit(cell);
        Submit(cell, "k", binding: 2);
        Assert.Equal(0, cell.State.Counters.Submitted);
        Submit(cell, "k", binding: 3);
        Assert.Equal(1, cell.State.Counters.Submitted);
    }

    private CellEngine Cell()
    {
        var policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);
        return new CellEngine("north", new CellOptions(Catalog, policy, _clock, _clock), NoLogger.Instance, this);
    }

    /// <summary>A cell whose journal has jobs with these keys, one that the router named, and no word of desks.
    /// </summary>
    private CellEngine OldCell(params string[] keys)
    {
        var before = Cell();
        before.Begin();
        Admit(before);
        foreach (var key in keys) Submit(before, key, binding: 0);
        Submit(before, $"{RouterEngine.OwnKeyPrefix}1", binding: 0);
        var old = Cell();
        foreach (var row in _rows)
        {
            foreach (var settled in row.Events.Where(e => e.HasKeysAtDesks).ToList()) row.Events.Remove(settled);
            old.Replay(row);
        }

        Assert.Equal(keys.Length + 1, old.State.Keys.Count);
        _digest = null;
        old.Begin();
        return old;
    }

    private static void Admit(CellEngine cell) => cell.Receive(new AdvertiseNodes
    {
        Cell = "north", Host = "h1",
        Nodes = { new NodeAdvert { Node = "n1", Incarnation = 1, Model = "H800", Devices = 8, CpuMilli = 64_000 } },
    }, ActorRefs.Nobody);

    private static void Submit(CellEngine cell, string key, int binding, bool dryRun = false) => cell.Receive(
        new SubmitJobs
        {
            Cell = "north",
            DryRun = dryRun,
            Jobs =
            {
                new Submission
                {
                    Key = key,
                    Binding = binding,
                    Spec = new JobSpec
                    {
                        Name = "gang", Kind = JobKind.Training, Devices = 8, WorkHours = 8,
                    }.ToWire(),
                },
            },
        }, ActorRefs.Nobody);

    private void Pass(CellEngine cell, TimeSpan time)
    {
        _clock.Advance(time);
        cell.Tick();
    }

    private async Task<BindKeys> NextAsync() => await ExpectMsgAsync<BindKeys>(cancellationToken: Cancel);

    private static BindKeysReply Reply(BindKeys asked, string cell) => new()
    {
        Desk = asked.Desk,
        Bindings = { asked.Wishes.Select(w => new KeyBinding { Key = w.Key, Cell = cell, Generation = 1 }) },
    };
}
