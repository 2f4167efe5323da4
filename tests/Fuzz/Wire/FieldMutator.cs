using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Stockpile.Fuzz.Tests.Wire;

/// <summary>Changes fields of a message that stays well formed: extreme numbers, no parts, many parts.</summary>
internal static class FieldMutator
{
    private static readonly long[] Longs =
    [
        0, 1, -1, 2, 7, 1000, int.MaxValue, int.MinValue, (long)int.MaxValue + 1, long.MaxValue, long.MinValue,
        253_402_300_799_999, 253_402_300_800_000, -62_135_596_800_001, 1_767_225_600_000,
    ];

    private static readonly double[] Doubles =
        [0, -0.0, 1, -1, 0.5, 1e300, -1e300, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e-310];

    private static readonly string[] Texts =
        ["", "x", "north", "n0", "H800", "T4", "frontier", "a b", "\u0000", "é", "north-1", new('x', 5_000)];

    public static void Change(Random random, IMessage message)
    {
        var descriptor = message.Descriptor;
        var fields = descriptor.Fields.InFieldNumberOrder();
        if (fields.Count == 0) return;
        var field = fields[random.Next(fields.Count)];
        var value = field.Accessor.GetValue(message);
        if (field.IsMap)
        {
            if (random.Next(2) == 0) ((IDictionary)value).Clear();
        }
        else if (field.IsRepeated)
        {
            ChangeList(random, field, (IList)value);
        }
        else if (field.FieldType == FieldType.Message)
        {
            // Absent now and then; else somewhere inside.
            if (value is null || random.Next(5) == 0) field.Accessor.Clear(message);
            else Change(random, (IMessage)value);
        }
        else
        {
            field.Accessor.SetValue(message, Scalar(random, field));
        }
    }

    private static void ChangeList(Random random, FieldDescriptor field, IList list)
    {
        if (list.Count == 0)
        {
            if (field.FieldType != FieldType.Message) list.Add(Scalar(random, field));
            return;
        }

        var at = random.Next(list.Count);
        switch (random.Next(6))
        {
            case 0:
                list.RemoveAt(at);
                break;
            case 1:
                for (var copies = random.Next(20) == 0 ? 500 : 1; copies > 0; copies--) list.Add(list[at]);
                break;
            default:
                if (list[at] is IMessage part) Change(random, part);
                else list[at] = Scalar(random, field);
                break;
        }
    }

    private static object Scalar(Random random, FieldDescriptor field)
    {
        var number = Longs[random.Next(Longs.Length)];
        return field.FieldType switch
        {
            FieldType.Bool => random.Next(2) == 0,
            FieldType.String => Texts[random.Next(Texts.Length)],
            FieldType.Bytes => ByteString.CopyFrom(new byte[random.Next(100)]),
            FieldType.Double => Doubles[random.Next(Doubles.Length)],
            FieldType.Float => (float)Doubles[random.Next(Doubles.Length)],
            FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => number,
            FieldType.UInt64 or FieldType.Fixed64 => unchecked((ulong)number),
            FieldType.UInt32 or FieldType.Fixed32 => unchecked((uint)number),
            FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, unchecked((int)number)),
            _ => unchecked((int)number),
        };
    }
}
