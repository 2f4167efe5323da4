using Google.Protobuf;
using Stockpile.Protocol;
using Stockpile.Protocol.Serialization;

namespace Stockpile.Simulation.Tests.World;

/// <summary>The bytes of a message, as the serializer writes and reads them.</summary>
public static class Wire
{
    private static readonly Dictionary<Type, MessageParser> Parsers = AppDomain.CurrentDomain.GetAssemblies()
        .Where(a => a == typeof(IWireMessage).Assembly).SelectMany(a => a.GetTypes())
        .Where(t => WireTypes.ManifestOf(t) is not null)
        .ToDictionary(t => t, t => WireTypes.ParserOf(WireTypes.ManifestOf(t)!)!);

    /// <summary>What is not a message of the wire comes back as it is: between a client and its process.</summary>
    public static object RoundTrip(object message) =>
        message is IMessage wire && Parsers.TryGetValue(message.GetType(), out var parser)
            ? parser.ParseFrom(wire.ToByteArray())
            : message;
}
