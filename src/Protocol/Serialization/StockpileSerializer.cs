using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Google.Protobuf;

namespace Stockpile.Protocol.Serialization;

/// <summary>Writes and reads the messages of <see cref="WireTypes"/>, and nothing else.</summary>
public sealed class StockpileSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Stands in every journal row; never change it.</summary>
    public override int Identifier => 7401;

    public override string Manifest(object o) =>
        WireTypes.ManifestOf(o.GetType())
        ?? throw new SerializationException($"{o.GetType().FullName} is not in the table of wire types");

    public override byte[] ToBinary(object obj) =>
        WireTypes.ManifestOf(obj.GetType()) is not null && obj is IMessage message
            ? message.ToByteArray()
            : throw new SerializationException($"{obj.GetType().FullName} is not in the table of wire types");

    /// <exception cref="SerializationException">The manifest is unknown, or the bytes are damaged.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        var parser = WireTypes.ParserOf(manifest)
            ?? throw new SerializationException(
                $"the manifest '{manifest}' is unknown to this release; it was written by a newer one, or is damaged");
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new SerializationException($"{bytes.Length} bytes are not a {manifest}: {fault.Message}", fault);
        }
    }
}

/// <summary>
/// Bound to <see cref="object"/> in place of Akka's default JSON serializer: what nobody registered is refused, with
/// the name of the type, when it is written and when it is read.
/// </summary>
public sealed class RefusingSerializer(ExtendedActorSystem system) : Serializer(system)
{
    /// <summary>Akka takes this one where it has settings under the serializer's name, as it has for `json`.</summary>
    public RefusingSerializer(ExtendedActorSystem system, Config _) : this(system)
    {
    }

    public override int Identifier => 7402;

    public override bool IncludeManifest => true;

    public override byte[] ToBinary(object obj) =>
        throw new SerializationException($"no serializer is bound to {obj.GetType().FullName}; JSON is refused here");

    public override object FromBinary(byte[] bytes, Type type) =>
        throw new SerializationException($"no serializer is bound to {type.FullName}; JSON is refused here");
}
