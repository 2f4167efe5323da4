using Stockpile.Core.Desks;

namespace Stockpile.Core.Tests.Desks;

public sealed class KeyDeskStateTests
{
    private readonly KeyDeskState _desk = new("desk-07", keysMax: 3);

    [Fact]
    public void An_unknown_key_is_bound_to_the_cell_that_was_wished()
    {
        Assert.Equal(new KeyBound("k", "north", 1), Bind(new KeyWish("k", "north")));
        Assert.Equal(new KeyBound("k", "north", 1), _desk.Find("k"));
    }

    [Fact]
    public void A_known_key_keeps_its_cell_whatever_is_wished()
    {
        Bind(new KeyWish("k", "north"));
        Assert.Null(Bind(new KeyWish("k", "north")));
        Assert.Null(Bind(new KeyWish("k", "south")));
        Assert.Equal(new KeyBound("k", "north", 1), _desk.Find("k"));
    }

    [Fact]
    public void A_look_up_binds_nothing()
    {
        Assert.Null(Bind(new KeyWish("k", "")));
        Assert.Null(_desk.Find("k"));
        Bind(new KeyWish("k", "north"));
        Assert.Null(Bind(new KeyWish("k", "", "north", 1)));
        Assert.Equal("north", _desk.Find("k")!.Cell);
    }

    [Fact]
    public void Only_the_binding_that_was_refused_is_replaced_and_by_the_next_generation()
    {
        Bind(new KeyWish("k", "north"));
        Assert.Null(Bind(new KeyWish("k", "south", "west", 1)));
        Assert.Null(Bind(new KeyWish("k", "south", "north", 2)));
        Assert.Equal(new KeyBound("k", "south", 2), Bind(new KeyWish("k", "south", "north", 1)));
        // The same again, and an older word: what stands, stands.
        Assert.Null(Bind(new KeyWish("k", "west", "north", 1)));
        Assert.Equal(new KeyBound("k", "west", 3), Bind(new KeyWish("k", "west", "south", 2)));
        Assert.Equal(new KeyBound("k", "west", 3), _desk.Find("k"));
    }

    [Fact]
    public void The_keys_that_were_bound_first_are_forgotten_first_also_where_they_were_bound_again()
    {
        foreach (var key in new[] { "a", "b", "c" }) Bind(new KeyWish(key, "north"));
        Bind(new KeyWish("a", "south", "north", 1));
        Bind(new KeyWish("d", "north"));
        Assert.Equal(["b", "c", "d"], _desk.Capture().Keys.Select(k => k.Key));
        Assert.Equal(3, _desk.Count);
        Assert.Equal(new KeyBound("a", "west", 1), Bind(new KeyWish("a", "west")));
    }

    [Fact]
    public void Rows_alone_and_a_snapshot_with_the_rest_give_the_same_state()
    {
        KeyRow[] rows =
        [
            new("desk-07", 1, 1, []),
            new("desk-07", 1, 2, [new("a", "north", 1), new("b", "south", 1)]),
            new("desk-07", 2, 3, []),
            new("desk-07", 2, 4, [new("a", "south", 2), new("c", "north", 1), new("d", "north", 1)]),
        ];
        foreach (var row in rows) _desk.Replay(row);
        for (var at = 0; at < rows.Length; at++)
        {
            var before = new KeyDeskState("desk-07", keysMax: 3);
            foreach (var row in rows.Take(at)) before.Replay(row);
            var other = KeyDeskState.Restore(before.Capture(), keysMax: 3);
            foreach (var row in rows.Skip(at)) other.Replay(row);
            Assert.Equivalent(_desk.Capture(), other.Capture(), strict: true);
        }

        Assert.Equal((2, 4), (_desk.Epoch, _desk.Row));
    }

    [Theory]
    [InlineData("desk-08", 1, 2, "k", 1)]
    [InlineData("desk-07", 1, 3, "k", 1)]
    [InlineData("desk-07", 0, 2, "k", 1)]
    [InlineData("desk-07", 3, 2, "k", 1)]
    [InlineData("desk-07", 1, 2, "k", 2)]
    [InlineData("desk-07", 1, 2, "known", 1)]
    [InlineData("desk-07", 1, 2, "", 1)]
    public void A_row_that_no_desk_could_have_written_is_refused(
        string desk, long epoch, long number, string key, int generation)
    {
        _desk.Replay(new KeyRow("desk-07", 1, 1, [new KeyBound("known", "north", 1)]));
        Assert.Throws<InvariantBrokenException>(
            () => _desk.Replay(new KeyRow(desk, epoch, number, [new KeyBound(key, "north", generation)])));
    }

    [Fact]
    public void A_snapshot_that_contradicts_itself_is_refused()
    {
        Assert.Throws<InvariantBrokenException>(() => KeyDeskState.Restore(
            new KeyDeskImage("desk-07", 1, 1, [new("k", "north", 1), new("k", "south", 2)])));
        Assert.Throws<InvariantBrokenException>(() => KeyDeskState.Restore(
            new KeyDeskImage("desk-07", 1, 1, [new("k", "north", 0)])));
    }

    private KeyBound? Bind(KeyWish wish)
    {
        var bound = _desk.Decide(wish);
        if (bound is not null) _desk.Apply(bound);
        return bound;
    }
}
