using Stockpile.Core.Commands;
using Stockpile.Core.State;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Cells;

/// <summary>Keys whose jobs a cell has refused for good.</summary>
public sealed class ClosedKeyTests
{
    private readonly TestCell _cell = new TestCell().Node("a", "H800", 4);

    [Fact]
    public void A_closed_key_is_refused_by_this_binding_and_older_ones_also_when_a_node_has_come()
    {
        Assert.Equal(Refusal.Unplaceable, Refused(binding: 2).Code);
        _cell.Accept(new CloseKey("k", 2));
        _cell.Node("b", "H800", 8);
        foreach (var binding in new[] { 1, 2 })
        {
            var refusal = Refused(binding);
            Assert.Equal((Refusal.Unplaceable, "key"), (refusal.Code, refusal.Field));
        }

        Assert.IsType<JobSubmitted>(Assert.Single(_cell.Accept(Submission(3))));
        // What it took it knows by any binding.
        Assert.Equal(new AlreadyDone(1), _cell.Run(Submission(1)));
    }

    [Fact]
    public void A_key_without_a_binding_is_never_closed()
    {
        _cell.Accept(new CloseKey("k", 1));
        _cell.Node("b", "H800", 8);
        Assert.IsType<Accepted>(_cell.Run(Submission(0)));
    }

    [Fact]
    public void A_key_is_closed_once_for_each_binding_and_not_when_its_job_is_there()
    {
        _cell.Accept(new CloseKey("k", 2));
        Assert.IsType<AlreadyDone>(_cell.Run(new CloseKey("k", 2)));
        Assert.IsType<AlreadyDone>(_cell.Run(new CloseKey("k", 1)));
        _cell.Accept(new CloseKey("k", 3));
        _cell.Submit(Gang(4), "taken");
        Assert.IsType<AlreadyDone>(_cell.Run(new CloseKey("taken", 1)));
        Assert.Throws<InvariantBrokenException>(() => _cell.Force(new KeyClosed("k", 3)));
    }

    [Fact]
    public void The_keys_that_were_closed_first_are_forgotten_first()
    {
        var closed = Enumerable.Range(0, Limits.ClosedKeysKeptPerCell + 1)
            .Select(i => new KeyClosed($"k{i}", 1)).ToArray<CellEvent>();
        _cell.Force(closed);
        Assert.Equal((0, 1), (_cell.State.ClosedAt("k0"), _cell.State.ClosedAt("k1")));
        Assert.Equal(Limits.ClosedKeysKeptPerCell, _cell.State.Capture().ClosedKeys.Count);
    }

    [Fact]
    public void A_snapshot_keeps_closed_keys_and_that_the_desks_know_the_rest()
    {
        Assert.False(Restored().HasKeysAtDesks);
        _cell.Accept(new CloseKey("k", 2));
        _cell.Accept(new SettleKeys());
        Assert.IsType<AlreadyDone>(_cell.Run(new SettleKeys()));
        Assert.True(Restored().HasKeysAtDesks);
        Assert.Equal((2, 0), (Restored().ClosedAt("k"), Restored().ClosedAt("other")));
    }

    private CellState Restored() =>
        CellState.Restore(_cell.State.Capture(), _cell.State.Catalog, _cell.State.Policy);

    private static SubmitJob Submission(int binding) => new("k", Gang(8)) { Binding = binding };

    private Refusal Refused(int binding) => Assert.IsType<Rejected>(_cell.Run(Submission(binding))).Refusal;
}
