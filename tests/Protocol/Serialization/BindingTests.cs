using Akka.Actor;
using Akka.Configuration;
using Google.Protobuf;
using Stockpile.Protocol.Serialization;

namespace Stockpile.Protocol.Tests.Serialization;

/// <summary>
/// Who writes our messages in a system that speaks with others. Akka.Remote binds every Protobuf message to its own
/// serializer, which writes CLR type names, and which of two fitting bindings is found first differs by process.
/// </summary>
public sealed class BindingTests
{
    [Fact]
    public async Task With_remoting_every_binding_that_fits_our_messages_names_our_serializer()
    {
        using var system = ActorSystem.Create("bindings", TestSystem.AkkaConf.WithFallback(WireTypes.Bindings)
            .WithFallback(ConfigurationFactory.ParseString(
                """
                akka { loglevel = OFF, actor.provider = remote }
                akka.remote.dot-netty.tcp { hostname = localhost, port = 0 }
                """)));
        Assert.IsNotType<StockpileSerializer>(system.Serialization.FindSerializerForType(typeof(IMessage)));
        Assert.All(WireTypes.All,
            row => Assert.IsType<StockpileSerializer>(system.Serialization.FindSerializerForType(row.Type)));
        // Chance could have found ours without them, so see that each type is bound by its own name.
        var bound = system.Settings.Config.GetConfig("akka.actor.serialization-bindings").AsEnumerable()
            .Select(b => b.Key.Trim('"')).ToHashSet(StringComparer.Ordinal);
        Assert.All(WireTypes.All, row => Assert.Contains($"{row.Type.FullName}, Stockpile.Protocol", bound));
        await system.Terminate();
    }
}
