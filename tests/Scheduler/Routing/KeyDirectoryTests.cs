using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using Stockpile.Scheduler.Tests.Desks;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>How keys are asked of their desks.</summary>
public sealed class KeyDirectoryTests
{
    private readonly MemoryDesks _desks = new();
    private readonly KeyDirectory _directory;

    public KeyDirectoryTests() => _directory = new KeyDirectory(_desks.AskAsync);

    [Fact]
    public async Task Keys_are_asked_of_their_desks_once_each_and_in_parts()
    {
        var keys = Enumerable.Range(0, 40_000).Select(i => $"key-{i}").ToList();
        var bound = await _directory.BindAsync(keys.Concat(keys).Select(key => Wish(key, "north")));
        Assert.Equal(keys.Order(StringComparer.Ordinal), bound.Keys.Order(StringComparer.Ordinal));
        Assert.All(_desks.Asked.Cast<BindKeys>(), m =>
        {
            Assert.InRange(m.Wishes.Count, 1, SchedulerLimits.KeysPerMessageMax);
            Assert.All(m.Wishes, w => Assert.Equal(m.Desk, KeyDesks.Of(w.Key)));
        });
        Assert.Equal(keys.Count, _desks.Asked.Cast<BindKeys>().Sum(m => m.Wishes.Count));
        Assert.Equal(64, _desks.Asked.Select(m => m.Desk).Distinct().Count());
    }

    [Fact]
    public async Task A_repeated_key_is_one_question()
    {
        await _directory.BindAsync([Wish("k", "north")]);
        _desks.Asked.Clear();
        var again = (await _directory.BindAsync([Wish("k", "south")]))["k"];
        Assert.Equal(("north", 1, false), (again.Cell, again.Generation, again.IsNew));
        Assert.Single(_desks.Asked);
    }

    [Fact]
    public async Task Of_two_wishes_for_one_key_the_first_counts()
    {
        var bound = await _directory.BindAsync([Wish("k", "north"), Wish("k", "south")]);
        Assert.Equal("north", Assert.Single(bound).Value.Cell);
    }

    [Fact]
    public async Task A_look_up_binds_nothing_and_leaves_out_what_is_unknown()
    {
        await _directory.BindAsync([Wish("known", "north")]);
        Assert.Equal(["known"], (await _directory.LookUpAsync(["unknown", "known"])).Keys);
        Assert.Equal("south", (await _directory.BindAsync([Wish("unknown", "south")]))["unknown"].Cell);
    }

    private static KeyWish Wish(string key, string cell) => new() { Key = key, Cell = cell };
}
