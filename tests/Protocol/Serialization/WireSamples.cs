using Google.Protobuf;
using Google.Protobuf.Reflection;
using Stockpile.Protocol.Serialization;

namespace Stockpile.Protocol.Tests.Serialization;

/// <summary>
/// Messages with every field filled, made from their descriptors, so that a new message or field is covered without
/// anybody writing a sample. The values depend only on the field numbers on the way to them: adding a field changes
/// no other value.
/// </summary>
internal static class WireSamples
{
    private const int DepthMax = 8;

    /// <summary>All samples of a wire type: one for each case of the oneofs in it, at least one.</summary>
    public static IReadOnlyList<IMessage> Of(string manifest)
    {
        var type = WireTypes.All.Single(row => row.Manifest == manifest).Type;
        var descriptor = ((IMessage)Activator.CreateInstance(type)!).Descriptor;
        return Enumerable.Range(0, Variants(descriptor, 0)).Select(i => Build(descriptor, i, 1)).ToArray();
    }

    /// <summary>How many samples show every oneof case at least once.</summary>
    private static int Variants(MessageDescriptor message, int depth)
    {
        Assert.True(depth < DepthMax, $"{message.FullName} nests too deeply for a sample");
        var most = 1;
        foreach (var oneof in message.Oneofs.Where(o => !o.IsSynthetic)) most = Math.Max(most, oneof.Fields.Count);
        foreach (var field in message.Fields.InDeclarationOrder())
            if (field.FieldType == FieldType.Message && !field.IsMap)
                most = Math.Max(most, Variants(field.MessageType, depth + 1));
        return most;
    }

    private static IMessage Build(MessageDescriptor descriptor, int variant, int seed)
    {
        var message = (IMessage)Activator.CreateInstance(descriptor.ClrType)!;
        foreach (var field in descriptor.Fields.InFieldNumberOrder())
        {
            if (field.RealContainingOneof is { } oneof && oneof.Fields[variant % oneof.Fields.Count] != field) continue;
            var fieldSeed = Mix(seed, field.FieldNumber);
            if (field.IsMap) AddEntry(message, field, fieldSeed);
            else if (field.IsRepeated) AddElements(message, field, variant, fieldSeed);
            else field.Accessor.SetValue(message, Value(field, variant, fieldSeed));
        }

        return message;
    }

    /// <summary>One entry only: the order of several is not fixed, so neither would be the bytes.</summary>
    private static void AddEntry(IMessage message, FieldDescriptor field, int seed)
    {
        var key = Value(field.MessageType.FindFieldByNumber(1), 0, Mix(seed, 1));
        var value = Value(field.MessageType.FindFieldByNumber(2), 0, Mix(seed, 2));
        ((System.Collections.IDictionary)field.Accessor.GetValue(message)).Add(key, value);
    }

    /// <summary>Two elements; those with a oneof show the variant and the one after it.</summary>
    private static void AddElements(IMessage message, FieldDescriptor field, int variant, int seed)
    {
        var list = (System.Collections.IList)field.Accessor.GetValue(message);
        for (var i = 0; i < 2; i++) list.Add(Value(field, variant + i, Mix(seed, i + 1)));
    }

    private static object Value(FieldDescriptor field, int variant, int seed) => field.FieldType switch
    {
        FieldType.Message => Build(field.MessageType, variant, seed),
        FieldType.String => $"{field.Name}-{seed}",
        FieldType.Bool => true,
        FieldType.Int32 => seed,
        FieldType.Int64 => seed * 10_000_000_000L,
        FieldType.UInt32 => (uint)seed,
        FieldType.Double => seed + 0.25,
        FieldType.Enum => field.EnumType.Values[1 + seed % (field.EnumType.Values.Count - 1)].Number,
        _ => throw new NotSupportedException($"{field.FullName}: no sample value for {field.FieldType}"),
    };

    /// <summary>Spreads seeds over 1 to 9,973, so that neighbours differ and no value is a default.</summary>
    private static int Mix(int seed, int number) => (seed * 131 + number * 17) % 9_973 + 1;
}
