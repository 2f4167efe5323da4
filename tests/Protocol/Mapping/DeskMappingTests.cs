using Google.Protobuf;
using Stockpile.Core.Desks;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Tests.Mapping;

/// <summary>What key desks and cells keep of keys comes back from the wire as it was.</summary>
public sealed class DeskMappingTests
{
    [Fact]
    public void A_row_of_a_desk_comes_back()
    {
        var row = RecordSamples.Of<KeyRow>();
        RecordSamples.AssertSame(row, KeysBound.Parser.ParseFrom(row.ToWire().ToByteArray()).FromWire(), "KeyRow");
    }

    [Fact]
    public void A_snapshot_of_a_desk_comes_back()
    {
        var image = RecordSamples.Of<KeyDeskImage>();
        RecordSamples.AssertSame(
            image, KeyDeskSnapshot.Parser.ParseFrom(image.ToWire().ToByteArray()).FromWire(), "KeyDeskImage");
    }

    [Fact]
    public void A_wish_comes_back()
    {
        var wish = RecordSamples.Of<Core.Desks.KeyWish>();
        RecordSamples.AssertSame(wish, wish.ToWire().FromWire(), "KeyWish");
    }

    [Fact]
    public void The_snapshot_of_a_cell_keeps_closed_keys_and_where_the_others_are()
    {
        var image = new CellImage(
            "north", 1, 1, DateTimeOffset.UnixEpoch, 1, 1, [], [], [], [], 0, 0, new CellCounters(),
            new Dictionary<int, long>())
        {
            ClosedKeys = [new KeyClosed("a", 2), new KeyClosed("b", 1)],
            KeysAtDesks = true,
        };
        var read = CellSnapshot.Parser.ParseFrom(image.ToWire().ToByteArray()).FromWire();
        Assert.Equal(image.ClosedKeys, read.ClosedKeys);
        Assert.True(read.KeysAtDesks);
        Assert.False((image with { KeysAtDesks = false }).ToWire().FromWire().KeysAtDesks);
    }
}
