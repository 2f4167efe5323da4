using Stockpile.Core.Desks;
using Stockpile.Protocol.V1;
using KeyWish = Stockpile.Core.Desks.KeyWish;

namespace Stockpile.Protocol.Mapping;

/// <summary>A key desk's records between the core and the wire.</summary>
public static class DeskMapping
{
    public static KeyWish FromWire(this V1.KeyWish msg) => new(msg.Key, msg.Cell, msg.NotCell, msg.NotGeneration);

    public static V1.KeyWish ToWire(this KeyWish wish) => new()
    {
        Key = wish.Key,
        Cell = wish.Cell,
        NotCell = wish.NotCell,
        NotGeneration = wish.NotGeneration,
    };

    public static KeysBound ToWire(this KeyRow row) => new()
    {
        Desk = row.Desk,
        Epoch = row.Epoch,
        Number = row.Number,
        Keys = { row.Keys.Select(ToWire) },
    };

    public static KeyRow FromWire(this KeysBound msg) =>
        new(msg.Desk, msg.Epoch, msg.Number, [.. msg.Keys.Select(FromWire)]);

    public static KeyDeskSnapshot ToWire(this KeyDeskImage image) => new()
    {
        Desk = image.Desk,
        Epoch = image.Epoch,
        Row = image.Row,
        Keys = { image.Keys.Select(ToWire) },
    };

    public static KeyDeskImage FromWire(this KeyDeskSnapshot msg) =>
        new(msg.Desk, msg.Epoch, msg.Row, [.. msg.Keys.Select(FromWire)]);

    private static KeyBoundMsg ToWire(KeyBound bound) =>
        new() { Key = bound.Key, Cell = bound.Cell, Generation = bound.Generation };

    private static KeyBound FromWire(KeyBoundMsg msg) => new(msg.Key, msg.Cell, msg.Generation);
}
